"""A prepared run takes its place whole, and never takes the place of another's work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store.leftovers import held_folder
from imhi._core.settings import RunSettings
from tests.harness.preparing import prepared_run


def settings(out: Path) -> RunSettings:
    return RunSettings(model=("baseline:majority",), dataset=("DR",), limit=2, out=out)


def test_a_folder_without_manifest_in_its_place_is_left_alone_and_named(
    manager: PluginManager, tmp_path: Path
) -> None:
    place = prepared_run(settings(tmp_path), manager).folder.path
    (place / "manifest.json").unlink()
    (place / "rest.txt").write_text("")
    with pytest.raises(HarnessError, match=r"without manifest\.json, expected a run or nothing"):
        prepared_run(settings(tmp_path), manager)
    assert (place / "rest.txt").exists()


def test_preparing_again_leaves_what_is_there_untouched(
    manager: PluginManager, tmp_path: Path
) -> None:
    place = prepared_run(settings(tmp_path), manager).folder.path
    (place / "responses").mkdir()
    (place / "responses" / "DR.jsonl").write_text("")
    manifest = (place / "manifest.json").read_bytes()
    prepared_run(settings(tmp_path), manager)
    assert (place / "manifest.json").read_bytes() == manifest
    assert (place / "responses" / "DR.jsonl").exists()
    assert [path.name for path in tmp_path.iterdir()] == [place.name], "nothing else is left"


def test_what_a_dead_process_was_preparing_is_cleared_and_a_living_one_s_is_not(
    manager: PluginManager, tmp_path: Path
) -> None:
    # Numbers of processes say nothing: those of another machine are not ours. The lock tells.
    dead, living = tmp_path / ".prepare-1-1", tmp_path / ".prepare-999999999-1"
    with held_folder(dead):
        shutil.copytree(dead, tmp_path / "copy")
    (tmp_path / "copy").rename(dead)
    with held_folder(living):
        (living / "run").mkdir()
        prepared_run(settings(tmp_path), manager)
        assert not dead.exists() and (living / "run").exists()
    assert not living.exists()


def test_a_killed_preparation_goes_also_where_the_run_is_there_already(
    manager: PluginManager, tmp_path: Path
) -> None:
    prepared_run(settings(tmp_path), manager)
    with held_folder(tmp_path / ".prepare-1-1"):
        shutil.copytree(tmp_path / ".prepare-1-1", tmp_path / "copy")
    (tmp_path / "copy").rename(tmp_path / ".prepare-1-1")
    prepared_run(settings(tmp_path), manager)
    assert not (tmp_path / ".prepare-1-1").exists()


def test_a_folder_without_a_lock_is_cleared_when_its_process_ended_a_while_ago(
    manager: PluginManager, tmp_path: Path
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    before, now = tmp_path / f".prepare-{ended.pid}-1", tmp_path / f".prepare-{ended.pid}-2"
    living = tmp_path / f".prepare-{os.getppid()}-1"
    for folder in (before, now, living):
        folder.mkdir()
    for folder in (before, living):
        os.utime(folder, (1, 1))
    prepared_run(settings(tmp_path), manager)
    assert [one.exists() for one in (before, now, living)] == [False, True, True]
