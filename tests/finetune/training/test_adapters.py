"""LoRA and QLoRA: only the adapter is trained and saved; reloaded and merged it answers the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import tiny_models
from tests.conftest import Imhi, Said

pytest.importorskip("trl", reason="finetune needs the extra [finetune]")

RECIPE = """
name: adapter
summary: An adapter on a small model
kind: causal
base: {{model: "{base}"}}
data: {{datasets: [DR, dreaddit], window: 400}}
method: {{name: {method}, rank: 4, alpha: 8, dropout: 0.0, targets: {targets}}}
training: {{epochs: 8, learning_rate: 2e-2, batch_size: 8, log_every: 4}}
validation: {{metric: null}}
evaluation: {{max_new_tokens: 24}}
"""


def trained(imhi_here: Imhi, folder: Path, base: Path, method: str = "lora", **more: str) -> Said:
    text = RECIPE.format(base=base, method=method, targets=more.get("targets", "all-linear"))
    (folder / "adapter.yaml").write_text(text, encoding="utf-8")
    return imhi_here("finetune", "adapter.yaml")


def answers(run: Said) -> dict[str, str]:
    folder = Path(run.json["run"])
    return {
        row["id"] + row["dataset"]: row.get("text", "")
        for path in (folder / "responses").glob("*.jsonl")
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    }


@pytest.mark.slow
def test_an_adapter_is_trained_reloaded_and_merged(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    from safetensors import safe_open

    before = (causal_base / "model.safetensors").read_bytes()
    said = trained(imhi_here, tmp_path, causal_base)
    assert said.code == 0, said.err
    place = tmp_path / "trained" / "adapter" / "model"

    # Nothing but the adapter is in the file, and the base is as it was.
    with safe_open(place / "adapter_model.safetensors", "pt") as tensors:
        names = list(tensors.keys())
        saved = sum(tensors.get_tensor(name).numel() for name in names)
    assert names and all(".lora_A." in name or ".lora_B." in name for name in names)
    assert not (place / "model.safetensors").exists()
    manifest = json.loads((tmp_path / "trained" / "adapter" / "training.json").read_text())
    (member,) = manifest["members"].values()
    assert member["trainable_parameters"] == saved < member["parameters"] / 10
    assert (causal_base / "model.safetensors").read_bytes() == before

    # It says which base it belongs to.
    record = json.loads((place / "trained_on.json").read_text())
    assert record["base"] == manifest["depends_on"]["base"]
    assert record["weights"].startswith("sha256:") and record["weights"] != record["base"]

    assert imhi_here("finetune", "merge", "adapter").code == 0
    common = ["-d", "DR", "-d", "dreaddit", "--json", "--max-new-tokens", "24"]

    def greedy(model: str) -> dict[str, str]:
        # An untrained label has no place here: what is compared is what is written.
        run = imhi_here("run", "--model", model, *common)
        assert run.code == 0, run.err
        return answers(run)

    by_name = greedy("trained:adapter")
    merged = greedy(f"hf:{tmp_path / 'trained' / 'adapter-merged'}")
    by_hand = greedy(f"hf:{causal_base},peft={place}")
    untrained = greedy(f"hf:{causal_base}")
    assert by_name == merged == by_hand
    assert by_name != untrained


@pytest.mark.slow
def test_qlora_trains_an_adapter_on_a_base_of_four_bits(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    pytest.importorskip("bitsandbytes", reason="QLoRA needs the extra [qlora]")
    said = trained(imhi_here, tmp_path, causal_base, "qlora")
    assert said.code == 0, said.err
    manifest = json.loads((tmp_path / "trained" / "adapter" / "training.json").read_text())
    (member,) = manifest["members"].values()
    losses = [row["loss"] for row in member["history"] if "loss" in row]
    assert losses[-1] < losses[0]
    assert (tmp_path / "trained" / "adapter" / "model" / "adapter_model.safetensors").is_file()
    assert imhi_here("finetune", "merge", "adapter").code == 0


def test_layers_the_base_does_not_have_are_named_with_those_it_has(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    said = trained(imhi_here, tmp_path, causal_base, targets="[query]")
    assert said.code == 2
    assert "method.targets: found ['query'], expected names of layers" in said.complaint
    assert "q_proj" in said.complaint


def test_an_adapter_on_the_head_is_refused(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    said = trained(imhi_here, tmp_path, causal_base, targets="[q_proj, lm_head]")
    assert said.code == 2
    assert "method.targets: found the head of LlamaForCausalLM" in said.complaint
    assert not (tmp_path / "trained" / "adapter" / "model").exists()


def test_an_adapter_past_which_encoder_and_decoder_read_is_refused(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    base = tiny_models.save_seq2seq(tmp_path / "t5", window=512)
    text = RECIPE.format(base=base, method="lora", targets="[shared]")
    (tmp_path / "adapter.yaml").write_text(text.replace("causal", "seq2seq"), encoding="utf-8")
    said = imhi_here("finetune", "adapter.yaml")
    assert said.code == 2
    assert "method.targets: found the shared embeddings of T5" in said.complaint


@pytest.mark.slow
def test_whole_models_cannot_be_merged(imhi_here: Imhi) -> None:
    few = ["--set", "base.scratch.hidden_size=32", "--set", "evaluation.split=null", "-d", "DR"]
    assert imhi_here("finetune", "tiny-classifier", *few).code == 0
    refused = imhi_here("finetune", "merge", "tiny-classifier")
    assert refused.code == 2
    assert "found whole models (method.name full), expected adapters" in refused.complaint
