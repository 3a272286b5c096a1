"""A merged model answers as base and adapter do, or is not written: adapters of peft on small models,
in folders as trainings leave them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from imhi import HarnessError, PluginManager
from imhi.finetune.trained import merging
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.trained.merge_check import bound_for, difference
from imhi.finetune.trained.merging import merge
from tests import tiny_models
from tests.adapter_variants import logits, save_lora
from tests.finetune.trained.manifests import a_manifest, a_member, a_recipe

pytest.importorskip("peft", reason="adapters need the extra [finetune]")


@pytest.fixture(scope="module")
def tied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.save_causal(tmp_path_factory.mktemp("bases") / "tied", tied=True)


def trained(folder: Path, base: Path, kind: str = "causal", **lora: Any) -> TrainedFolder:
    """Return a folder as a training leaves it, whose adapter is of random weights."""
    from transformers import AutoTokenizer

    recipe = a_recipe(kind=kind, base={"model": str(base)}, method={"name": "lora"})
    made = TrainedFolder(folder)
    save_lora(base, folder / "model", **lora)
    AutoTokenizer.from_pretrained(base).save_pretrained(folder / "model")
    made.write_manifest(a_manifest(recipe, {"model": a_member(("DR",))}))
    return made


@pytest.mark.parametrize(
    "lora",
    [
        {"target_modules": ["embed_tokens"]},
        {"target_modules": ["lm_head"]},
        {"target_modules": ["q_proj", "embed_tokens", "lm_head"]},
        {"modules_to_save": ["embed_tokens"], "shift": 0.3},
        {"modules_to_save": ["lm_head"], "shift": 0.3},
        {"target_modules": ["embed_tokens"], "ensure_weight_tying": True},
    ],
    ids=["embeddings", "head", "both", "whole-embeddings", "whole-head", "adapted-together"],
)
def test_embeddings_that_the_head_shares_are_merged_right(
    lora: dict[str, Any], tied: Path, tmp_path: Path, manager: PluginManager
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    made = trained(tmp_path / "made", tied, **lora)
    (place,) = merge(made, tmp_path / "merged", manager)
    assert os.name == "nt" or not place.stat().st_mode & 0o077  # weights may tell of posts
    ids = AutoTokenizer.from_pretrained(place).encode(tiny_models.demo_posts()[0])
    merged, info = AutoModelForCausalLM.from_pretrained(place, output_loading_info=True)
    assert not info["missing_keys"]
    with torch.no_grad():
        found = merged.eval()(torch.tensor([ids])).logits
    expected = logits(tied, made.path / "model", [ids])
    assert torch.allclose(found, expected, atol=1e-4 * float(expected.abs().max()))
    assert not torch.allclose(
        found,
        AutoModelForCausalLM.from_pretrained(tied).eval()(torch.tensor([ids])).logits,
        atol=0.1,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "merged"]


def test_a_head_that_nothing_was_done_to_stays_shared(
    tied: Path, tmp_path: Path, manager: PluginManager
) -> None:
    made = trained(tmp_path / "made", tied)
    (place,) = merge(made, tmp_path / "merged", manager)
    assert json.loads((place / "config.json").read_text())["tie_word_embeddings"] is True


@pytest.mark.parametrize("whole", [False, True], ids=["target_modules", "modules_to_save"])
def test_an_adapter_that_changes_nothing_is_not_merged(
    tmp_path: Path, manager: PluginManager, whole: bool
) -> None:
    # T5's embeddings are shared three ways: peft changes the shared layer, which nobody calls.
    base = tiny_models.save_seq2seq(tmp_path / "t5")
    made = trained(
        tmp_path / "made",
        base,
        "seq2seq",
        auto="AutoModelForSeq2SeqLM",
        task="SEQ_2_SEQ_LM",
        **(
            {"target_modules": ["q"], "modules_to_save": ["shared"]}
            if whole
            else {"target_modules": ["shared"]}
        ),
    )
    with pytest.raises(HarnessError, match="changes the shared embeddings, past which") as refused:
        merge(made, tmp_path / "merged", manager)
    assert "\n" not in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "t5"]


def test_a_merge_beyond_the_bound_is_refused_and_leaves_nothing(
    tmp_path: Path, manager: PluginManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "bound_for", lambda dtype, effect: -1.0)
    base = tiny_models.save_causal(tmp_path / "base")
    made = trained(tmp_path / "made", base, "causal")
    with pytest.raises(HarnessError, match="merged it would be another model") as refused:
        merge(made, tmp_path / "merged", manager)
    said = str(refused.value)
    assert "\n" not in said
    assert "use the adapter as it is" in said and "expected at most -1 (float32)" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base", "made"]


def test_a_merge_that_loses_the_adapter_is_beyond_the_bound() -> None:
    assert bound_for("float32", 0.4) == 1e-4
    assert bound_for("bfloat16", 0.4) == 0.1
    assert bound_for("bfloat16", 0.12) == 0.06  # half of what the adapter does
    assert bound_for("bfloat16", 0.0) == 0.05  # noise alone
    import torch

    logits = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]])
    assert difference(logits + 5, logits) == pytest.approx(0, abs=1e-6)  # the same probabilities
    assert difference(logits * 1.5, logits) == pytest.approx(0.5)
    assert not difference(logits * float("nan"), logits) <= 1  # no number is not the same


def test_an_adapter_is_merged_into_no_other_base(
    tied: Path, tmp_path: Path, manager: PluginManager
) -> None:
    import shutil

    base = shutil.copytree(tied, tmp_path / "base")
    made = trained(tmp_path / "made", base)
    # Trainings of earlier versions have the hash of their base in training.json alone.
    manifest = made.manifest()
    earlier = manifest.depends_on.model_copy(update={"base": f"sha256:{'0' * 64}"})
    made.write_manifest(manifest.model_copy(update={"depends_on": earlier}))
    with pytest.raises(HarnessError, match="was sha256:000000000000 when it was trained"):
        merge(made, tmp_path / "merged", manager)
    record = {"base": "sha256:0", "weights": "sha256:another"}
    (made.path / "model" / "trained_on.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(HarnessError, match="was trained on another base"):
        merge(made, tmp_path / "merged", manager)
