"""``accelerate launch``: several processes train one model, and one of them writes and speaks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Imhi
from tests.finetune.training.test_trainings import SMALL, manifest

pytest.importorskip("trl", reason="finetune needs the extra [finetune]")


@pytest.mark.slow
def test_two_processes_train_one_model(imhi_here: Imhi, tmp_path: Path) -> None:
    recipe = ["finetune", "tiny-causal", *SMALL, "--set", "training.log_every=1"]
    launch = "accelerate.commands.launch --cpu --num_processes 2 --num_machines 1"
    launch += " --mixed_precision no --dynamo_backend no -m imhi"
    done = subprocess.run(
        [sys.executable, "-m", *launch.split(), *recipe, "--name", "two"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = imhi_here(*recipe, "--name", "one")
    assert said.code == 0, said.err
    assert done.stdout.count("parameters") == 1, "both processes showed their table"
    two, one = (manifest(tmp_path / "trained" / name) for name in ("two", "one"))
    assert two["status"] == "scored"
    member, alone = two["members"]["model"], one["members"]["model"]
    # The batch size is that of all processes together, and so are the updates.
    assert member["updates"] == alone["updates"]
    first, expected = (
        next(row["loss"] for row in found["history"] if "loss" in row) for found in (member, alone)
    )
    # Other rows are drawn into the first batch; before anything is learnt they are alike.
    assert first == pytest.approx(expected, rel=0.05)
    assert member["history"][-2]["eval_unparsed"] >= 0
