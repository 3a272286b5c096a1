"""What may not stand together in a recipe, and that what is quoted exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

ONE_SET_OF_LABELS = (
    "data.per: found all for a classifier of several datasets, expected dataset or question: each "
    "dataset has labels of its own"
)
# Kinds that plugins add may make something of every field; these three do not.
_SCRATCH = {"causal": ("llama",), "seq2seq": ("t5", "bart"), "classifier": ("bert",)}


def contradictions(recipe: Recipe) -> Iterator[str]:
    """Yield a sentence for each: field, what was found, what was expected."""
    yield from _of_base(recipe)
    kind, data, training, validation = recipe.kind, recipe.data, recipe.training, recipe.validation
    classifier, writes = kind == "classifier", kind in ("causal", "seq2seq")
    not_causal = kind in ("seq2seq", "classifier")
    if not_causal and training.packing:
        yield f"training.packing: found true for kind {kind}, expected kind causal"
    if not_causal and training.loss_on == "all":
        yield f"training.loss_on: found all for kind {kind}, expected answer (all: kind causal only)"
    if classifier and training.label_weight != 1:
        yield "training.label_weight: found a weight for a classifier, which writes no sentence; leave it out"
    if training.label_smoothing and training.label_weight != 1:
        yield "training.label_smoothing: found beside training.label_weight, expected one of the two"
    if training.packing and training.label_weight != 1:
        yield "training.label_weight: found a weight beside training.packing, expected one of the two"
    for field, value, expected in (
        ("training.class_weights", training.class_weights, "none"),
        ("data.reads", data.reads, "post"),
    ):
        if writes and value != expected:
            yield f"{field}: found {value} for kind {kind}, expected {expected} (classifiers only)"
    if classifier and data.per == "all" and len(data.datasets) != 1:
        yield ONE_SET_OF_LABELS
    if classifier and recipe.leave_out:
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
    if not_causal and data.chat_template == "on":
        yield f"data.chat_template: found on for kind {kind}, expected kind causal"
    if validation.patience is not None and validation.metric is None:
        yield "validation.patience: found without validation.metric, expected a metric to wait for"
    if validation.every > training.epochs and training.max_steps is None:
        yield (
            f"validation.every: found {validation.every:g} epochs, expected at most "
            f"training.epochs ({training.epochs:g})"
        )
    for name in sorted({*recipe.quoted} - {name for name, _ in recipe.fields()}):
        yield f"quoted.{name}: there is no field of that name, expected one such as training.epochs"


def _of_base(recipe: Recipe) -> Iterator[str]:
    base, scratch = recipe.base, recipe.base.scratch
    if (base.model is None) == (scratch is None):
        yield (
            "base: found "
            + ("both model and scratch" if base.model else "neither model nor scratch")
            + ", expected one: base.model (a hub id or folder), or base.scratch (a model made from "
            "nothing)"
        )
    if scratch is None:
        return
    allowed = _SCRATCH.get(recipe.kind, (scratch.type,))
    if scratch.type not in allowed:
        expected = " or ".join(allowed)
        yield f"base.scratch.type: found {scratch.type} for kind {recipe.kind}, expected {expected}"
    if scratch.hidden_size % scratch.heads:
        yield (
            f"base.scratch.hidden_size: found {scratch.hidden_size}, expected a multiple of "
            f"base.scratch.heads ({scratch.heads})"
        )
    if scratch.window < recipe.data.window:
        yield (
            f"data.window: found {recipe.data.window}, expected at most base.scratch.window "
            f"({scratch.window})"
        )
    method = recipe.method.name
    if method != "full":
        yield f"method.name: found {method} for a model made from nothing, expected full"
