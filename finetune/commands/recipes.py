"""The commands that look at recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imhi.finetune.commands.train import Overrides, RecipeName
from imhi.io import options

if TYPE_CHECKING:
    pass

_UNSET = "not set"


def recipes(as_json: options.AsJson = False) -> None:
    """List the recipes that come with the project."""
    from imhi.finetune.recipe.reading import read_recipe, recipe_names
    from imhi.io import Table, print_json, show_table

    listed = [read_recipe(name) for name in recipe_names()]
    if as_json:
        print_json([{"name": r.name, "kind": r.kind, "summary": r.summary} for r in listed])
        return
    rows = [(r.name, r.kind, r.summary) for r in listed]
    show_table(Table("", Table.texts("recipe", "kind", "what it is"), rows))


def show(recipe: RecipeName, override: Overrides = None, as_json: options.AsJson = False) -> None:
    """Show every field of a recipe, its value, and where the value comes from."""
    from imhi.finetune.recipe.reading import read_recipe
    from imhi.io import Table, print_json, say, show_table

    chosen = read_recipe(recipe, override or [])
    if as_json:
        print_json(chosen.model_dump(mode="json"))
        return
    rows = [
        (name, _written(value), chosen.origin(name) if _written(value) != _UNSET else "")
        for name, value in chosen.fields()
        if name not in {"name", "summary", "kind", "base.size.source"}
    ]
    title = f"{chosen.name} ({chosen.kind}): {chosen.summary}"
    show_table(Table(title, Table.texts("field", "value", "from"), rows))
    for note in chosen.notes:
        say(f"note: {note}")


def _written(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or _UNSET
    return _UNSET if value is None or value == "" else str(value)
