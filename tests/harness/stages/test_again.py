"""Labelling and scoring a run again, wherever its source has gone since."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import HarnessError
from harness.evaluation import evaluate
from harness.plugin_manager import PluginManager
from harness.run_store import RunFolder
from harness.settings import RunSettings
from harness.stages.pipeline import rescore
from tests.checkouts import depression_checkout


def test_a_run_whose_source_moved_says_so_and_is_scored_again_with_its_new_place(
    manager: PluginManager, tmp_path: Path
) -> None:
    there = depression_checkout(tmp_path / "there")
    done = evaluate("baseline:majority", source=f"official:{there}", out=tmp_path, manager=manager)
    folder = RunFolder(Path(done.runs[0].run))
    moved = tmp_path / "moved"
    shutil.move(there, moved)
    with pytest.raises(HarnessError, match=r"its source cannot be opened .* with --source"):
        rescore(folder, manager, RunSettings())
    again = rescore(folder, manager, RunSettings(), f"official:{moved}")
    assert list(again.scores) == list(done.runs[0].scores)
