"""The generated parts of finetune.md: recipes, their fields, what they need."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from docs.generator.markdown import default, markdown, table


def recipes() -> str:
    """Return a table of the recipes that come with the project."""
    from imhi.finetune.recipe.reading import read_recipe, recipe_names

    rows = []
    for recipe in map(read_recipe, recipe_names()):
        base = f"`{recipe.base.model}`" if recipe.base.model else "none: made from nothing"
        rows.append((f"`{recipe.name}`", recipe.kind, recipe.method.name, base, recipe.summary))
    return table(("recipe", "kind", "method", "base model", "what it is"), rows)


def recipe_fields() -> str:
    """Return every field with what it may be and its default, a table per part of a recipe."""
    from imhi.finetune.recipe import schema

    parts = {"": schema.Recipe}
    for name, field in schema.Recipe.model_fields.items():
        if _is_part(field.annotation):
            parts[name] = field.annotation
        if name == "base":
            parts |= {"base.scratch": schema.Architecture, "base.size": schema.Size}
    return "\n\n".join(_recipe_part(name, kind) for name, kind in parts.items())


def _is_part(annotation: Any) -> bool:
    from imhi.finetune.recipe.schema import Part

    return inspect.isclass(annotation) and issubclass(annotation, Part)


def _recipe_part(name: str, kind: Any) -> str:
    described = kind.model_json_schema()["properties"]
    rows = [
        (
            f"`{name}.{field}`" if name else f"`{field}`",
            _allowed(described[field]),
            "required"
            if info.is_required()
            else default(info.get_default(call_default_factory=True)),
        )
        for field, info in kind.model_fields.items()
        if not _is_part(info.annotation)
    ]
    title = f"`{name}`" if name else "A recipe"
    listed = table(("field", "what it may be", "default"), rows)
    return f"### {title}\n\n{markdown(kind.__doc__ or '')}\n\n{listed}"


_PLAIN_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "a mapping of texts",
}
_BOUNDS = {
    "exclusiveMinimum": "above",
    "minimum": "at least",
    "exclusiveMaximum": "below",
    "maximum": "at most",
}


def _allowed(described: Mapping[str, Any]) -> str:
    """Return in words what a JSON schema allows."""
    if "anyOf" in described:
        return " or ".join(_allowed(one) for one in described["anyOf"])
    if "enum" in described or "const" in described:
        values = described.get("enum") or [described["const"]]
        return ", ".join(f"`{value}`" for value in values)
    if "$ref" in described:
        return "fields, see below"
    kind = described.get("type", "")
    if kind == "null":
        return "`null`"
    if kind == "array":
        return "list of texts"
    bounds = [f"{word} {described[key]:g}" for key, word in _BOUNDS.items() if key in described]
    if "pattern" in described:
        bounds.append("of small letters, digits, `.`, `-` and `_`")
    return " ".join([_PLAIN_TYPES[kind], ", ".join(bounds)]).strip()


def recipe_memory() -> str:
    """Return what each recipe that is laid out for GPUs needs on them: computed, not measured."""
    from imhi.finetune.recipe.memory import GIB, estimate, smallest
    from imhi.finetune.recipe.reading import read_recipe, recipe_names

    rows = []
    for recipe in map(read_recipe, recipe_names()):
        size, hardware = recipe.base.size, recipe.hardware
        if size is None or not hardware.gpus or recipe.kind == "classifier" or recipe.leave_out:
            continue
        memory = estimate(recipe, size, hardware.gpus)
        states = sum(memory[part] for part in ("weights", "adapter", "gradients", "optimizer"))
        fewest = smallest(recipe, size, hardware.gpu_memory_gb)
        rows.append(
            (
                f"`{recipe.name}`",
                f"{hardware.gpus} x {hardware.gpu} {hardware.gpu_memory_gb:g} GB",
                hardware.strategy,
                recipe.method.name,
                f"{memory.examples} x {recipe.data.window}",
                f"{states / GIB:.1f}",
                f"{(memory.total - states) / GIB:.1f}",
                f"{memory.total / GIB:.1f}",
                "none" if fewest is None else str(fewest),
            )
        )
    header = (
        "recipe",
        "laid out for",
        "strategy",
        "method",
        "rows x tokens on a GPU",
        "weights, gradients, optimizer (GiB)",
        "the rest (GiB)",
        "computed per GPU (GiB)",
        "fewest such GPUs",
    )
    return table(header, rows)
