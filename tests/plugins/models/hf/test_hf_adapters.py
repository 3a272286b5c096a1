"""Adapters: one that does not fit is refused in a line, whatever peft makes of it; the base it was
trained on is compared with the one it is put on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imhi import HarnessError
from imhi._core.checkpoints.adapter_base import write_trained_on
from imhi._core.checkpoints.finding import find_checkpoint
from tests import tiny_models
from tests.adapter_variants import changed, save_lora, with_another_layer
from tests.conftest import Imhi
from tests.plugins.models.hf.asking import Asker, requests, texts


def _moved(old: str, new: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda held: {name.replace(old, new): tensor for name, tensor in held.items()}


def _without_layer(held: dict[str, Any]) -> dict[str, Any]:
    return {name: tensor for name, tensor in held.items() if "layers.1" not in name}


def _narrower(held: dict[str, Any]) -> dict[str, Any]:
    return {name: tensor[:, :32] if "lora_A" in name else tensor for name, tensor in held.items()}


# What is done to a fitting adapter, and what is said of it.
MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "keys-that-match-nothing": (
        {"tensors": _moved("base_model.model.", "base_model.")},
        r"8 of its 8 weights match nothing \(base_model\.model\.layers\.0\.self_attn\.q_proj\.lora_A",
    ),
    "four-layers-on-two": (
        {"tensors": with_another_layer},
        r"4 of its 12 weights match nothing \(base_model\.model\.model\.layers\.3",
    ),
    "a-layer-left-at-random": (
        {"tensors": _without_layer},
        r"4 weights it should have are not in its file \(base_model\.model\.model\.layers\.1",
    ),
    "another-shape": (
        {"tensors": _narrower},
        r"4 of its weights have another shape \(.*lora_A\.weight is 4 x 32, expected 4 x 64\)",
    ),
    "a-target-that-is-not-there": (
        {"target_modules": ["q_proj", "v_proj", "query_key_value"]},
        r"names layers that the model does not have \(query_key_value\)",
    ),
    "a-module-to-save-that-is-not-there": (
        {"modules_to_save": ["pooler"]},
        r"names layers that the model does not have \(pooler\)",
    ),
    "a-module-to-save-without-weights": (
        {"modules_to_save": ["lm_head"]},
        r"its file lacks base_model\.model\.lm_head\.weight",
    ),
    "no-weights": ({"tensors": lambda held: {}}, r"there are no weights in it"),
}


@pytest.mark.parametrize("wrong", MISFITS)
def test_an_adapter_that_does_not_fit_is_refused(
    wrong: str, causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    change, said = MISFITS[wrong]
    broken = changed(adapter, tmp_path / "broken", **change)
    with pytest.raises(
        HarnessError, match=rf"^hf:\S+: the adapter \S+ does not fit: .*{said}"
    ) as no:
        ask.open(f"hf:{causal},peft={broken}")
    assert "\n" not in str(no.value)
    assert f"its configuration names {causal}" in str(no.value)


def save_classifying(base: Path, place: Path, **config: Any) -> Path:
    """Save an adapter of a classifier, which brings a head."""
    return save_lora(
        base,
        place,
        task="SEQ_CLS",
        auto="AutoModelForSequenceClassification",
        target_modules=["query", "value"],
        **config,
    )


def _with_a_nan(held: dict[str, Any]) -> dict[str, Any]:
    first = min(held)
    return {**held, first: held[first].fill_diagonal_(float("nan"))}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"tensors": _with_a_nan},
            r"is broken: found NaN or infinity in base_model\.\S+ \(1 in all\)",
        ),
        ({"lora_alpha": float("nan")}, r"is broken: found NaN or infinity in lora_alpha"),
        ({"peft_type": "NOPE"}, r"adapter_config\.json: found peft_type 'NOPE', expected"),
        ({"peft_type": None}, r"adapter_config\.json: found peft_type None, expected"),
    ],
    ids=["weight", "scale", "method", "no-method"],
)
def test_an_adapter_that_could_answer_nothing_is_refused(
    change: dict[str, Any], said: str, causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    broken = changed(adapter, tmp_path / "broken", **change)
    with pytest.raises(HarnessError, match=said):
        ask.open(f"hf:{causal},peft={broken}")


def test_biases_that_were_trained_are_needed(classifier: Path, tmp_path: Path, ask: Asker) -> None:
    place = save_classifying(classifier, tmp_path / "biases", bias="all")
    ask.open(f"hf:{classifier},peft={place}")

    def without(held: dict[str, Any]) -> dict[str, Any]:
        return {name: t for name, t in held.items() if not name.endswith("query.base_layer.bias")}

    lacking = changed(place, tmp_path / "lacking", tensors=without)
    with pytest.raises(HarnessError, match=r"2 weights it should have are not in its file"):
        ask.open(f"hf:{classifier},peft={lacking}")


@pytest.fixture(scope="module")
def other(folder: Path) -> Path:
    """A base of the same shape, of other weights."""
    return tiny_models.save_causal(folder / "other", seed=1)


def test_an_adapter_of_another_base_of_the_same_shape_is_refused(
    causal: Path, adapter: Path, other: Path, tmp_path: Path, ask: Asker
) -> None:
    said = "was trained on another base: its configuration names .*, whose weights are others"
    with pytest.raises(HarnessError, match=said) as no:
        ask.open(f"hf:{other},peft={adapter}")
    assert "any_base=true" in str(no.value)
    # As one may mean it.
    ask.open(f"hf:{other},peft={adapter},any_base=true")
    assert any("another base" in note for note in ask.context.notes)

    # The same weights at another place are the same base; nothing is to be said of it.
    elsewhere = shutil.copytree(causal, tmp_path / "elsewhere")
    ask.open(f"hf:{elsewhere},peft={adapter}")
    assert ask.context.notes == []


def test_weights_are_the_same_however_they_are_cut_into_files(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    cut = tmp_path / "cut"
    AutoModelForCausalLM.from_pretrained(causal).save_pretrained(cut, max_shard_size="200KB")
    AutoTokenizer.from_pretrained(causal).save_pretrained(cut)
    assert len(list(cut.glob("*.safetensors"))) > 1
    ask.open(f"hf:{cut},peft={adapter}")
    assert ask.context.notes == []


def test_a_base_that_is_not_here_is_compared_by_name(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    named = changed(adapter, tmp_path / "named", base_model_name_or_path="lmsys/vicuna-33b-v1.3")
    ask.open(f"hf:{causal},peft={named}")
    (note,) = ask.context.notes
    assert "names lmsys/vicuna-33b-v1.3, whose weights are not on this machine" in note

    nameless = changed(adapter, tmp_path / "nameless", base_model_name_or_path=None)
    ask.open(f"hf:{causal},peft={nameless}")
    (note,) = ask.context.notes
    assert "its configuration names no base" in note


def test_what_a_training_wrote_down_of_its_base_decides(
    causal: Path, adapter: Path, other: Path, tmp_path: Path, ask: Asker
) -> None:
    # Overwritten since: the path in adapter_config.json is still the same.
    base = shutil.copytree(causal, tmp_path / "base")
    ours = changed(adapter, tmp_path / "ours", base_model_name_or_path=str(base))
    write_trained_on(ours, find_checkpoint(str(base), None))
    ask.open(f"hf:{base},peft={ours}")
    assert ask.context.notes == []
    # A file beside the weights changes the folder, not the base.
    (base / "generation_config.json").write_text('{"eos_token_id": 2}', encoding="utf-8")
    ask.open(f"hf:{base},peft={ours}")
    assert ask.context.notes == []
    shutil.copy(other / "model.safetensors", base / "model.safetensors")
    with pytest.raises(HarnessError, match="another base: its weights were sha256:"):
        ask.open(f"hf:{base},peft={ours}")
    for broken in ("{}", '{"base": null, "weights": null}'):
        (ours / "trained_on.json").write_text(broken, encoding="utf-8")
        with pytest.raises(HarnessError, match=r"trained_on\.json cannot be read"):
            ask.open(f"hf:{base},peft={ours}")


def test_two_ids_of_the_hub_are_two_models_unless_one_mirrors_the_other(tmp_path: Path) -> None:
    from imhi._core.checkpoints.adapter_base import check_adapter_base
    from imhi._core.checkpoints.adapter_files import AdapterFiles
    from imhi._core.checkpoints.checkpoint import Checkpoint

    def notes(named: str, given: str, **config: str) -> list[str]:
        said = {"base_model_name_or_path": named, **config}
        found = AdapterFiles(Checkpoint("a/lora", commit="b" * 40), tmp_path, said)
        return check_adapter_base(found, Checkpoint(given, commit="a" * 40))

    assert notes("owner/model", "Owner/Model") == []
    assert notes("owner/model", "owner/model", revision="a" * 40) == []
    assert (
        "names revision cccccccccccc" in notes("owner/model", "owner/model", revision="c" * 40)[0]
    )
    assert "not on this machine" in notes("owner/model", "mirror/model")[0]
    assert "not on this machine" in notes("/data/vicuna", "lmsys/vicuna-33b-v1.3")[0]
    with pytest.raises(HarnessError, match="another base: its configuration names owner/model"):
        notes("owner/model", "owner/another")


def test_a_classifiers_adapter_brings_its_head(
    classifier: Path, tmp_path: Path, ask: Asker
) -> None:
    place = save_classifying(classifier, tmp_path / "head")
    said = json.loads((place / "adapter_config.json").read_text())
    assert {*said["modules_to_save"]} == {"classifier", "score"}  # one of which there is
    answered = ask(f"hf:{classifier},peft={place}", requests(2))
    assert all(response.label in ("no", "yes") for response in answered.values()), answered


def test_an_adapter_in_pickle_form_is_read_where_it_is_trusted(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    import torch
    from safetensors.torch import load_file

    place = changed(adapter, tmp_path / "pickled")
    torch.save(load_file(place / "adapter_model.safetensors"), place / "adapter_model.bin")
    (place / "adapter_model.safetensors").unlink()
    with pytest.raises(HarnessError, match="weights in pickle form only"):
        ask.open(f"hf:{causal},peft={place}")
    asked = requests(2)
    assert texts(ask(f"hf:{causal},peft={place},safetensors=false", asked)) == texts(
        ask(f"hf:{causal},peft={adapter}", asked)
    )


def test_another_kind_of_adapter_is_asked_too(causal: Path, tmp_path: Path, ask: Asker) -> None:
    import peft
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(causal)
    config = peft.PromptTuningConfig(num_virtual_tokens=4, task_type="CAUSAL_LM")
    peft.get_peft_model(model, config).save_pretrained(str(tmp_path / "prompt"))
    ask.open(f"hf:{causal},peft={tmp_path / 'prompt'}")
    model = AutoModelForCausalLM.from_pretrained(causal)
    scaled = peft.IA3Config(
        target_modules=["k_proj"], feedforward_modules=[], task_type="CAUSAL_LM"
    )
    peft.get_peft_model(model, scaled).save_pretrained(str(tmp_path / "ia3"))
    ask.open(f"hf:{causal},peft={tmp_path / 'ia3'}")


@pytest.mark.slow
def test_what_libraries_recommend_is_not_shown(
    causal: Path, adapter: Path, imhi_here: Imhi
) -> None:
    model = f"hf:{causal},peft={adapter}"
    done = imhi_here("run", "-m", model, "-d", "DR", "--limit", "1", "--max-new-tokens", "2")
    assert done.code == 0, done.err
    told = [line for line in done.err.splitlines() if line.strip()]
    assert [line for line in told if not line.startswith(("run folder:", "note:"))] == []
