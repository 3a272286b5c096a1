"""A recipe trained through the command line: what it leaves, that the harness can use it, that it goes
on where it was killed, and what is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Imhi

pytest.importorskip("trl", reason="finetune needs the extra [finetune]")

FEW = "--set training.epochs=1 --set base.scratch.hidden_size=32 --set base.scratch.heads=2"
SMALL = [*FEW.split(), "--set", "base.scratch.vocabulary=600", "-d", "DR", "-d", "dreaddit"]


def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "training.json").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "names"),
    [
        ("tiny-causal", ["model"]),
        ("tiny-seq2seq", ["model"]),
        ("tiny-classifier", ["DR", "dreaddit"]),
    ],
)
def test_a_recipe_is_trained_scored_and_asked_by_name(
    recipe: str, names: list[str], imhi_here: Imhi, tmp_path: Path
) -> None:
    said = imhi_here("finetune", recipe, *SMALL)
    assert said.code == 0, said.err
    folder = tmp_path / "trained" / recipe
    found = manifest(folder)
    assert found["status"] == "scored"
    assert os.name == "nt" or not folder.stat().st_mode & 0o077
    assert list(found["members"]) == names
    for name in names:
        assert (folder / name / "model.safetensors").is_file()
        assert (folder / name / "tokenizer.json").is_file()
    assert {row["dataset"] for row in found["scores"]} == {"DR", "dreaddit"}
    assert "non-clinical" in (folder / "README.md").read_text(encoding="utf-8")
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    # The run that scored it is found again: nothing is asked, and the scores are the same.
    again = imhi_here(
        "run", "--model", f"trained:{recipe}", "-d", "DR", "-d", "dreaddit", "--json",
        "--labeler", found["recipe"]["evaluation"]["labeler"],
        "--max-new-tokens", str(found["recipe"]["evaluation"]["max_new_tokens"] or 512),
    )  # fmt: skip
    assert again.code == 0, again.err
    scores = {
        r["dataset"]: r["value"] for r in again.json["scores"] if r["metric"] == "weighted_f1"
    }
    kept = {r["dataset"]: r["value"] for r in found["scores"] if r["metric"] == "weighted_f1"}
    assert scores == kept
    # With a cache it is not asked again under another --out either, nor where it is told by a path.
    few = ["-d", "DR", "-d", "dreaddit", "--limit", "2", "--max-new-tokens", "4"]
    few += ["--cache", "cache"]
    assert imhi_here("run", "-m", f"trained:{recipe}", *few, "--out", "one").code == 0
    cached = imhi_here("run", "-m", f"trained:{folder}", *few, "--out", "two")
    assert cached.code == 0 and "4 of 4 answers come from the cache" in cached.err


OBSERVER = """
from imhi import hookimpl

@hookimpl
def imhi_event(event):
    if type(event).__name__.startswith("Training"):
        print("seen", type(event).__name__, getattr(event, "step", None))
"""


@pytest.mark.slow
def test_observers_see_a_training_begin_learn_save_and_end(imhi_here: Imhi, tmp_path: Path) -> None:
    (tmp_path / "observer.py").write_text(OBSERVER, encoding="utf-8")
    few = ["--set", "evaluation.split=null", "--set", "training.log_every=2", "--name", "seen"]
    said = imhi_here("--plugin", "observer.py", "finetune", "tiny-causal", *SMALL, *few)
    assert said.code == 0, said.err
    seen = [line.split()[1] for line in said.out.splitlines() if line.startswith("seen ")]
    assert (seen[0], seen[-1]) == ("TrainingStarted", "TrainingFinished")
    assert {"TrainingLogged", "TrainingSaved"} < set(seen)
    # Card and curves can be written anew, from what is known.
    card = tmp_path / "trained" / "seen" / "README.md"
    before = card.read_text(encoding="utf-8")
    card.unlink()
    assert imhi_here("finetune", "card", "seen").code == 0
    assert card.read_text(encoding="utf-8") == before


@pytest.mark.slow
def test_what_is_trained_already_is_not_trained_again_and_another_recipe_is_refused(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    words = ["finetune", "tiny-classifier", *SMALL, "--name", "mine"]
    assert imhi_here(*words).code == 0
    weights = tmp_path / "trained" / "mine" / "DR" / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert imhi_here(*words).code == 0
    assert weights.stat().st_mtime_ns == before
    refused = imhi_here(*words, "--set", "training.learning_rate=0.5")
    assert refused.code == 2
    assert "training.learning_rate was 0.001, is 0.5" in refused.complaint
    assert "--name" in refused.complaint
    assert weights.stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_classifier_is_not_asked_about_a_dataset_it_was_not_trained_for(imhi_here: Imhi) -> None:
    assert imhi_here("finetune", "tiny-classifier", *SMALL).code == 0
    refused = imhi_here("run", "--model", "trained:tiny-classifier", "-d", "SAD")
    assert refused.code == 2
    assert "found SAD to be asked about, it was made for DR, dreaddit" in refused.complaint


def test_a_name_that_was_not_trained_is_refused_with_those_that_were(imhi_here: Imhi) -> None:
    refused = imhi_here("run", "--model", "trained:nothing")
    assert refused.code == 2
    assert "trained:nothing: found no training.json" in refused.complaint
    assert "there are: none" in refused.complaint


def start(words: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "imhi", "finetune", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _within_a_later_epoch(state: Path) -> bool:
    try:
        epoch: float = json.loads(state.read_text())["epoch"]
    except (OSError, ValueError):  # being written, or removed
        return False
    return epoch > 1 and epoch % 1 > 0


@pytest.mark.slow
def test_a_training_that_was_killed_goes_on_and_ends_with_the_same_loss(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    words = [
        *("tiny-causal", *SMALL, "--set", "training.epochs=6", "--set", "training.log_every=1"),
        *("--set", "training.save_every=0.3", "--set", "evaluation.split=null"),
        *("--set", "validation.metric=null"),
    ]
    whole = imhi_here("finetune", *words, "--name", "whole")
    assert whole.code == 0, whole.err
    killed = start([*words, "--name", "killed"], tmp_path)
    checkpoints = tmp_path / "trained" / "killed" / "checkpoints" / "model"
    deadline = time.monotonic() + 200
    while not any(map(_within_a_later_epoch, checkpoints.glob("checkpoint-*/trainer_state.json"))):
        assert killed.poll() is None and time.monotonic() < deadline, (
            "it ended before it was killed"
        )
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert manifest(tmp_path / "trained" / "killed")["status"] == "training"
    again = imhi_here("finetune", *words, "--name", "killed")
    assert again.code == 0, again.err
    assert "goes on from update" in again.err
    one, other = (
        manifest(tmp_path / "trained" / name)["members"]["model"] for name in ("whole", "killed")
    )
    assert other["resumed_from"] is not None and one["resumed_from"] is None
    assert one["updates"] == other["updates"]
    assert one["final_loss"] == pytest.approx(other["final_loss"], abs=1e-6)
    losses = [[r["loss"] for r in m["history"] if "loss" in r] for m in (one, other)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    assert not checkpoints.exists()
