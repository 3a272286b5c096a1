"""What goes wrong in a training: one line that says what and what to do, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests import tiny_models
from tests.checkouts import EXPERT, asked, write_queries
from tests.conftest import Imhi, ImhiCommand
from tests.finetune.training.test_trainings import SMALL, manifest

pytest.importorskip("trl", reason="finetune needs the extra [finetune]")

QUICK = [*SMALL, "--set", "evaluation.split=null", "--set", "validation.metric=null"]


def own(folder: Path, base: Path, extra: str = "") -> str:
    text = (
        f'name: own\nsummary: on a base\nkind: causal\nbase: {{model: "{base}"}}\n'
        "data: {datasets: [DR], window: 400}\ntraining: {epochs: 1}\nvalidation: {metric: null}\n"
        f"evaluation: {{split: null}}\n{extra}"
    )
    (folder / "own.yaml").write_text(text, encoding="utf-8")
    return "own.yaml"


@pytest.mark.slow
def test_a_base_without_a_pad_token_is_padded_with_another_and_it_is_said(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    base = tiny_models.save_causal(tmp_path / "no-pad", pad=False)
    said = imhi_here("finetune", own(tmp_path, base))
    assert said.code == 0, said.err
    notes = manifest(tmp_path / "trained" / "own")["notes"]
    assert any("has no pad token, so </s> fills up short rows" in note for note in notes)
    # The end token still has its loss: answers end.
    assert imhi_here("run", "--model", "trained:own", "-d", "DR", "--max-new-tokens", "8").code == 0


def test_a_base_that_is_not_there_is_refused_before_anything_is_written(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    said = imhi_here("finetune", own(tmp_path, tmp_path / "nowhere"))
    assert said.code == 2
    assert "base.model:" in said.complaint and "there is no such folder" in said.complaint
    assert not (tmp_path / "trained" / "own" / "training.json").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("training.optimizer=adam9000", "unknown training.optimizer 'adam9000'"),
        ("report_to=[nobody]", "report_to: found nobody, expected a tracker"),
        ("evaluation.labeler=guess", "unknown labeler 'guess'"),
        ("validation.labeler=guess", "unknown labeler 'guess'"),
        ("data.style=poem", "unknown prompt style 'poem'"),
    ],
)
def test_what_a_recipe_names_is_looked_up_before_anything_is_written(
    change: str, said: str, imhi_here: Imhi, tmp_path: Path
) -> None:
    refused = imhi_here("finetune", "tiny-causal", "--set", change)
    assert refused.code == 2
    assert said in refused.complaint
    assert not (tmp_path / "trained").exists()


@pytest.mark.slow
def test_a_window_larger_than_the_base_models_is_refused(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    said = imhi_here("finetune", own(tmp_path, causal_base), "--set", "data.window=4096")
    assert said.code == 2
    assert "data.window: found 4096" in said.complaint
    assert "takes 1024 tokens" in said.complaint and "--set data.window=1024" in said.complaint
    # Nothing was trained, so the name is free for what was proposed.
    again = imhi_here("finetune", "own.yaml", "--set", "data.window=1024")
    assert again.code == 0, again.err


def test_a_chat_template_that_is_not_there_is_missed(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    said = imhi_here("finetune", own(tmp_path, causal_base), "--set", "data.chat_template=on")
    assert said.code == 2
    assert "--set data.chat_template=off" in said.complaint


def test_pickled_weights_are_refused_and_how_to_allow_them_is_said(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    import torch

    base = tmp_path / "pickled"
    shutil.copytree(causal_base, base)
    (base / "model.safetensors").unlink()
    torch.save({}, base / "pytorch_model.bin")
    said = imhi_here("finetune", own(tmp_path, base))
    assert said.code == 2
    assert "found weights in pickle form only" in said.complaint
    assert "--set base.safetensors=false" in said.complaint


@pytest.mark.slow
def test_rows_that_are_too_long_are_counted_and_cut_or_left_out(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    said = imhi_here("finetune", "tiny-causal", *QUICK, "--set", "data.window=140")
    assert said.code == 0, said.err
    found = manifest(tmp_path / "trained" / "tiny-causal")
    (member,) = found["members"].values()
    assert member["truncated_rows"] > 0 and member["left_out_rows"] > 0
    assert member["longest_row"] <= 140
    assert any("their posts lost their end, their answers nothing" in n for n in found["notes"])
    assert any("their answers alone are longer" in note for note in found["notes"])
    refused = imhi_here("finetune", "tiny-causal", *QUICK, "--set", "data.window=32", "--name", "b")
    assert refused.code == 2
    assert "training rows fits data.window (32 tokens)" in refused.complaint


def test_a_dataset_without_training_rows_is_refused(imhi_here: Imhi, tmp_path: Path) -> None:
    """SWMH: only 35 expert rows are public."""
    rows = [(asked("a post", "What mental disorder symptoms does this post show?"),
             "This post shows no mental disorder symptoms. Reasoning: none.")]  # fmt: skip
    write_queries(tmp_path / "data" / EXPERT / "swmh.csv", rows)
    said = imhi_here("finetune", "tiny-causal", "-s", f"official:{tmp_path / 'data'}", "-d", "SWMH")
    assert said.code == 2
    assert "SWMH has no split train" in said.complaint


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_the_training_and_the_last_good_checkpoint_stays(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    """A learning rate that makes weights overflow after the first checkpoint was written."""
    said = imhi_here(
        "finetune", "tiny-causal", *QUICK, "--set", "training.learning_rate=1e30",
        "--set", "training.epochs=20", "--set", "training.warmup=0.9", "--set", "training.save_every=0.05",
        "--set", "training.max_grad_norm=1e9", "--set", "training.log_every=1000",
    )  # fmt: skip
    assert said.code == 2
    assert "expected a number" in said.complaint and "training.learning_rate" in said.complaint
    folder = tmp_path / "trained" / "tiny-causal"
    assert manifest(folder)["status"] == "training"
    assert not (folder / "model").exists()
    from safetensors.torch import load_file

    for checkpoint in (folder / "checkpoints" / "model").glob("checkpoint-*"):
        assert all(t.isfinite().all() for t in load_file(checkpoint / "model.safetensors").values())


@pytest.mark.slow
def test_a_full_disk_ends_the_training_in_one_line_and_more_space_lets_it_go_on(
    run_imhi: ImhiCommand, imhi_here: Imhi, tmp_path: Path
) -> None:
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> int:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        return subprocess.run(command, capture_output=True).returncode

    if not shutil.which("mount") or mount("size=2m"):
        pytest.skip("a small file system cannot be mounted here (needs root)")
    try:
        words = ["finetune", "tiny-causal", "--set", "evaluation.split=null", "-d", "DR"]
        words += ["--set", "validation.metric=null", "--set", "training.epochs=2"]
        words += ["--out", str(place / "trained"), "--set", "base.scratch.hidden_size=64"]
        full = run_imhi(*words)
        assert full.returncode == 2, full.stderr
        complaint = [line for line in full.stderr.splitlines() if line.startswith("imhi:")]
        assert len(complaint) == 1 and "no space left on the disk" in complaint[0]
        assert "Traceback" not in full.stderr
        mount("remount,size=64m")
        again = imhi_here(*words)
        assert again.code == 0, again.err
        found = json.loads((place / "trained" / "tiny-causal" / "training.json").read_text())
        assert found["status"] == "trained"
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
