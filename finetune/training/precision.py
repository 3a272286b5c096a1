"""In which numbers a training computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

Precision = Literal["bfloat16", "float16", "float32"]
# What torch calls them on x86 (Cooper Lake and Zen 4 on, Sapphire Rapids on).
_BFLOAT16_UNITS = ("avx512_bf16", "amx_bf16")


def precision_of(recipe: Recipe, device: Literal["cpu"] | None = None) -> Precision:
    """Return what a recipe computes in: what it says, or bfloat16 on devices that have units for it;
    on the best ``device`` here, or on the CPU.

    Of CPUs that is asked for causal models alone: the smaller ones of other kinds gain nothing.
    """
    if recipe.training.precision != "auto":
        return recipe.training.precision
    small = recipe.base.scratch is not None or recipe.kind != "causal"
    if small and device == "cpu":
        return "float32"
    import torch

    if device is None and torch.cuda.is_available():
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if small or (device is None and torch.backends.mps.is_available()):
        return "float32"
    units: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # torch 2.12 on
    return "bfloat16" if any(units.get(name) for name in _BFLOAT16_UNITS) else "float32"
