"""What may not stand together in a recipe, and that what is quoted exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

_SCRATCH = {"causal": ("llama",), "seq2seq": ("t5", "bart"), "classifier": ("bert",)}


def contradictions(recipe: Recipe) -> Iterator[str]:
    """Yield a sentence for each: field, what was found, what was expected."""
    base, data, method, training = recipe.base, recipe.data, recipe.method, recipe.training
    kind = recipe.kind
    if (base.model is None) == (base.scratch is None):
        yield (
            "base: found "
            + ("both model and scratch" if base.model else "neither model nor scratch")
            + ", expected one: base.model (a hub id or folder), or base.scratch (a model made from "
            "nothing)"
        )
    if base.scratch is not None:
        if base.scratch.type not in _SCRATCH[kind]:
            allowed = " or ".join(_SCRATCH[kind])
            yield f"base.scratch.type: found {base.scratch.type} for kind {kind}, expected {allowed}"
        if base.scratch.hidden_size % base.scratch.heads:
            yield (
                f"base.scratch.hidden_size: found {base.scratch.hidden_size}, expected a multiple of "
                f"base.scratch.heads ({base.scratch.heads})"
            )
        if base.scratch.window < data.window:
            yield (
                f"data.window: found {data.window}, expected at most base.scratch.window "
                f"({base.scratch.window})"
            )
        if method.name != "full":
            yield f"method.name: found {method.name} for a model made from nothing, expected full"
    if kind != "causal" and training.packing:
        yield f"training.packing: found true for kind {kind}, expected kind causal"
    if kind == "classifier" and training.label_weight != 1:
        yield "training.label_weight: found a weight for a classifier, which writes no sentence; leave it out"
    if training.label_smoothing and training.label_weight != 1:
        yield "training.label_smoothing: found beside training.label_weight, expected one of the two"
    if training.packing and training.label_weight != 1:
        yield "training.label_weight: found a weight beside training.packing, expected one of the two"
    if kind != "classifier":
        for field, found, expected in (
            ("training.class_weights", training.class_weights, "none"),
            ("data.reads", data.reads, "post"),
        ):
            if found != expected:
                yield f"{field}: found {found} for kind {kind}, expected {expected} (classifiers only)"
    if kind == "classifier" and data.per == "all" and len(data.datasets) != 1:
        yield (
            "data.per: found all for a classifier of several datasets, expected dataset or question: "
            "each dataset has labels of its own"
        )
    if kind == "classifier" and recipe.leave_out:
        yield "leave_out: found for a classifier, whose labels are those of its own dataset; leave it out"
    if recipe.leave_out and data.drop_test_posts != "any":
        yield (
            f"data.drop_test_posts: found {data.drop_test_posts} with leave_out, expected any: posts of a "
            "dataset that is left out stand in the training rows of others"
        )
    if kind == "causal" and training.label_smoothing:
        yield (
            f"training.label_smoothing: found {training.label_smoothing:g} for kind causal, expected kind "
            "seq2seq or classifier"
        )
    if kind != "causal" and data.chat_template == "on":
        yield f"data.chat_template: found on for kind {kind}, expected kind causal"
    if recipe.validation.patience is not None and recipe.validation.metric is None:
        yield "validation.patience: found without validation.metric, expected a metric to wait for"
    if not 0 < recipe.validation.every <= training.epochs and training.max_steps is None:
        yield (
            f"validation.every: found {recipe.validation.every:g} epochs, expected at most "
            f"training.epochs ({training.epochs:g})"
        )
    yield from _unknown_quotes(recipe)


def _unknown_quotes(recipe: Recipe) -> Iterator[str]:
    from imhi.finetune.recipe.reading import fields

    known = dict(fields(recipe))
    for name in recipe.quoted:
        if name not in known:
            yield f"quoted.{name}: there is no field of that name, expected one such as training.epochs"
