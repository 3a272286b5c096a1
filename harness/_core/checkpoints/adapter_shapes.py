"""Whether a LoRA adapter fits a model that is not loaded: by the header of its weights file and the
layers that the model's configuration makes. For engines that load weights themselves and do not say
which of the adapter's they used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from imhi._core.checkpoints.adapter_files import AdapterFiles
from imhi._core.checkpoints.adapter_fit import (
    PREFIX,
    check_used,
    misfit,
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
    sizes = dict(_linear(model))
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
        read, written = sizes[_layer(name)]
        side = _SIDES.search(name)
        inner = side is not None and side[1] == "A"
        found = shape[1] if inner else shape[0]
        if found != (read if inner else written):
            wrong.append((name, " x ".join(map(str, shape)), read if inner else written))
    if wrong:
        first, said, expected = wrong[0]
        raise misfit(
            adapter,
            base,
            f"{len(wrong)} of its weights have another shape ({first} is {said}, expected a side of "
            f"{expected})",
        )


def _lacking(
    adapter: AdapterFiles, sizes: Mapping[str, object], shapes: Mapping[str, object]
) -> list[str]:
    """Return the weights that the layers it names should have, where they are named by a list and
    none is picked out of them."""
    config = adapter.config
    targets = config.get("target_modules")
    picked = ("exclude_modules", "layers_to_transform", "layers_pattern", "layer_replication")
    if not isinstance(targets, list) or any(config.get(name) for name in picked):
        return []
    wanted = [
        f"{PREFIX}{layer}.lora_{side}.weight"
        for layer in sizes
        if _EXPERTS not in f".{layer}."
        and any(layer == target or layer.endswith(f".{target}") for target in map(str, targets))
        for side in "AB"
    ]
    return [name for name in wanted if name not in shapes]


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
