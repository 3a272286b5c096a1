"""Whether a LoRA adapter fits a model that is not loaded: by the header of its weights file and the
layers that the model's configuration makes. For engines that load weights themselves and do not say
which of the adapter's they used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi._core.checkpoints.adapter_files import AdapterFiles
from imhi._core.checkpoints.adapter_fit import (
    PREFIX,
    check_used,
    misfit,
    require_numbers,
    require_weights,
    unknown_names,
)
from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.errors import HarnessError

_SIDES = re.compile(r"\.lora_([AB])\.weight$")
# Layers of experts are named otherwise in files than in models; the engine matches them.
_EXPERTS = ".experts."


def check_lora(
    config: Any,
    adapter: AdapterFiles,
    base: Checkpoint,
    *,
    trust_remote_code: bool = False,
    any_base: bool = False,
) -> list[str]:
    """Check an adapter against the causal model that a configuration describes, made without memory
    (torch's meta device); return notes.

    Raises:
        HarnessError: its method is not LoRA on linear layers, a weight of it matches nothing or has
            another shape, a layer that it names has none.
    """
    import torch
    import transformers

    kind = str(adapter.config.get("peft_type") or "LORA").upper()
    if kind != "LORA" or adapter.config.get("use_dora"):
        raise _elsewhere(adapter, base, f"is {'DoRA' if kind == 'LORA' else kind}, expected LoRA")
    with base.loading(), torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(
            config, trust_remote_code=trust_remote_code
        )
    notes = unknown_names(model, adapter, base, any_base=any_base)
    shapes = adapter.shapes
    require_weights(shapes, adapter, base)
    ends = _ends(model)
    others = [name for name in shapes if not _SIDES.search(name) or _layer(name) in ends]
    if others or adapter.config.get("modules_to_save"):
        what = f" ({min(others)})" if others else ""
        raise _elsewhere(adapter, base, f"changes more than linear layers inside the model{what}")
    require_numbers(adapter, base)
    sizes = {layer: size for layer, size in _linear(model) if _targeted(layer, adapter.config)}
    plain = {name: shape for name, shape in shapes.items() if _EXPERTS not in name}
    unused = [name for name in plain if _layer(name) not in sizes or not name.startswith(PREFIX)]
    check_used(shapes, unused, _lacking(adapter, sizes, shapes), adapter, base)
    _check_shapes(plain, sizes, adapter, base)
    return notes


def _check_shapes(
    shapes: Mapping[str, tuple[int, ...]],
    sizes: Mapping[str, tuple[int, int]],
    adapter: AdapterFiles,
    base: Checkpoint,
) -> None:
    wrong = []
    for name, shape in shapes.items():
        layer = _layer(name)
        read, written = sizes[layer]
        side, rank = _SIDES.search(name), _rank(layer, adapter.config)
        inner = side is not None and side[1] == "A"
        expected = (rank, read) if inner else (written, rank)
        if shape != expected:
            wrong.append((name, *(" x ".join(map(str, sides)) for sides in (shape, expected))))
    if wrong:
        first, said, wanted = wrong[0]
        raise misfit(
            adapter,
            base,
            f"{len(wrong)} of its weights have another shape ({first} is {said}, expected {wanted})",
        )


def _lacking(
    adapter: AdapterFiles, sizes: Mapping[str, object], shapes: Mapping[str, object]
) -> list[str]:
    """Return the weights that the layers it names should have and that its file has not."""
    if not adapter.config.get("target_modules") or adapter.config.get("layer_replication"):
        return []  # peft's own choice for a kind of model; layers that stand several times
    wanted = [
        f"{PREFIX}{layer}.lora_{side}.weight"
        for layer in sizes
        if _EXPERTS not in f".{layer}."
        for side in "AB"
    ]
    return [name for name in wanted if name not in shapes]


def _targeted(layer: str, config: Mapping[str, Any]) -> bool:
    """Say whether peft puts an adapter of this configuration on a linear layer (peft 0.21,
    tuners_utils.check_target_module_exists)."""
    targets = config.get("target_modules")
    if not targets or targets == "all-linear":
        return True
    if _matches(layer, config.get("exclude_modules") or []) or not _matches(layer, targets):
        return False
    chosen = config.get("layers_to_transform")
    if chosen is None or isinstance(targets, str) or layer in targets:
        return True
    patterns = config.get("layers_pattern") or [r"[^.]*"]
    patterns = [patterns] if isinstance(patterns, str) else patterns
    found = (re.match(rf".*\.{pattern}\.(\d+)\.", layer) for pattern in patterns)
    number = next((int(match[1]) for match in found if match), None)
    return number is not None and number in (chosen if isinstance(chosen, list) else [chosen])


def _matches(layer: str, said: str | Sequence[str]) -> bool:
    if isinstance(said, str):
        return re.fullmatch(said, layer) is not None
    return any(layer == name or layer.endswith(f".{name}") for name in map(str, said))


def _rank(layer: str, config: Mapping[str, Any]) -> int:
    """Return the rank of a layer's adapter: that of the pattern which names it, else of all."""
    patterns: Mapping[str, int] = config.get("rank_pattern") or {}
    for pattern, rank in patterns.items():
        if re.match(rf"(.*\.)?({pattern})$", layer):
            return int(rank)
    return int(config.get("r") or 8)


def _linear(model: Any) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the linear layers by name, each with the width of what it reads and of what it writes."""
    for name, module in model.named_modules():
        read, written = (getattr(module, side, None) for side in ("in_features", "out_features"))
        if type(module).__name__ == "Conv1D":  # GPT-2's
            read, written = module.nx, module.nf
        if isinstance(read, int) and isinstance(written, int):
            yield name, (read, written)


def _ends(model: Any) -> set[str]:
    ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    return {name for name, module in model.named_modules() if any(module is end for end in ends)}


def _layer(name: str) -> str:
    return _SIDES.sub("", name.removeprefix(PREFIX))


def _elsewhere(adapter: AdapterFiles, base: Checkpoint, what: str) -> HarnessError:
    return HarnessError(
        f"{base.user}:{base.written}: the adapter {adapter.written} {what}, which this engine would pass "
        f"over; write hf:{base.written},peft={adapter.written}, or merge it into the model"
    )
