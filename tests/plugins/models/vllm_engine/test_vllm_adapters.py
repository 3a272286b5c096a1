"""Which adapters ``vllm:`` takes: told by the header of the adapter's file and the configuration of its
base, before an engine is started (and so without one)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imhi import HarnessError
from imhi._core.checkpoints.adapter_files import open_adapter
from imhi._core.checkpoints.adapter_shapes import check_lora
from imhi._core.checkpoints.finding import find_checkpoint
from tests.adapter_variants import changed, save_lora, with_another_layer
from tests.tiny_models import save_adapter, save_causal

pytest.importorskip("peft", reason="adapters are made by peft")

Tensors = dict[str, Any]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_causal(tmp_path_factory.mktemp("vllm-adapters") / "base")


@pytest.fixture(scope="module")
def adapter(base: Path) -> Path:
    return save_adapter(base, base.parent / "adapter")


def check(base: Path, adapter: Path, **more: bool) -> list[str]:
    from transformers import AutoConfig

    found = find_checkpoint(str(adapter), None, "adapter", "vllm")
    model = find_checkpoint(str(base), None, user="vllm")
    return check_lora(AutoConfig.from_pretrained(base), open_adapter(found), model, **more)


def test_an_adapter_that_fits_is_taken(base: Path, adapter: Path) -> None:
    assert check(base, adapter) == []


def _without(part: str) -> Callable[[Tensors], Tensors]:
    return lambda held: {name: tensor for name, tensor in held.items() if part not in name}


def _narrower(held: Tensors) -> Tensors:
    return {name: tensor[:, :32] if "lora_A" in name else tensor for name, tensor in held.items()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tensors": with_another_layer}, r"4 of its 12 weights match nothing"),
        ({"tensors": _without("layers.1.")}, r"4 weights it should have are not in its file"),
        ({"tensors": _without("lora_B")}, r"4 weights it should have are not in its file"),
        ({"tensors": _narrower}, r"4 of its weights have another shape"),
        ({"target_modules": ["q_proj", "v_proj", "c_attn"]}, r"does not have \(c_attn\)"),
        ({"tensors": lambda held: {}}, r"there are no weights in it"),
        # What peft would not load, as its configuration does not speak of it.
        ({"target_modules": ["q_proj"]}, r"4 of its 8 weights match nothing"),
        ({"target_modules": r".*\.q_proj"}, r"4 of its 8 weights match nothing"),
        ({"exclude_modules": ["v_proj"]}, r"4 of its 8 weights match nothing"),
        ({"layers_to_transform": [0]}, r"4 of its 8 weights match nothing"),
        ({"layers_to_transform": 1, "layers_pattern": "layers"}, r"4 of its 8 weights match"),
        ({"r": 8}, r"8 of its weights have another shape \(.* is 4 x 64, expected 8 x 64\)"),
        ({"rank_pattern": {"q_proj": 2}}, r"4 of its weights have another shape"),
    ],
    ids=[
        *("layers", "lacking", "half", "shape", "target", "empty"),
        *("untargeted", "expression", "excluded", "layer", "pattern", "rank", "rank-pattern"),
    ],
)
def test_one_that_does_not_fit_is_refused(
    change: dict[str, Any], said: str, base: Path, adapter: Path, tmp_path: Path
) -> None:
    with pytest.raises(HarnessError, match=rf"^vllm:\S+: the adapter \S+ does not fit: .*{said}"):
        check(base, changed(adapter, tmp_path / "broken", **change))


def test_the_layers_that_are_picked_are_those_of_peft(base: Path, tmp_path: Path) -> None:
    picked = {"layers_to_transform": [1], "rank_pattern": {r"layers\.1\.self_attn\.q_proj": 2}}
    assert check(base, save_lora(base, tmp_path / "picked", **picked)) == []


@pytest.mark.parametrize(
    "lora",
    [
        {"modules_to_save": ["lm_head"]},
        {"target_modules": ["q_proj", "embed_tokens"]},
        {"target_modules": ["q_proj", "lm_head"]},
        {"added_tokens": 3},
        {"use_dora": True},
    ],
    ids=["whole-head", "embeddings", "head", "added-tokens", "dora"],
)
def test_what_vllm_would_pass_over_is_refused_with_the_way_out(
    lora: dict[str, Any], base: Path, tmp_path: Path
) -> None:
    place = save_lora(base, tmp_path / "more", **lora)
    with pytest.raises(HarnessError, match="would pass over; write hf:") as refused:
        check(base, place)
    assert f"peft={place}" in str(refused.value)
