"""From a YAML file to a checked :class:`imhi.finetune.recipe.schema.Recipe`.

A recipe is named (``tiny-causal``) or a path to a file of one's own. It may build on another with
``extends: NAME_OR_FILE``: what it says goes over what that one says, field by field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import HarnessError, UnknownName
from imhi.io import read_yaml, yaml_models

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

FOLDER = Path(__file__).resolve().parents[1] / "recipes"


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Return a recipe with ``a.b=c`` overrides applied, checked as a whole.

    Raises:
        HarnessError: no such recipe, not YAML, an unknown field, a value that is not allowed, or
            fields that contradict each other.
    """
    example = "training.epochs=1 (see: imhi finetune show RECIPE)"
    loaded = _loaded(name, ())
    values = yaml_models.with_overrides(loaded, overrides, example, _over)
    return checked(_plain(_measured(values, loaded)), f"recipe {name}")


def checked(values: Mapping[str, Any], where: str) -> Recipe:
    """Return the recipe these values describe.

    Raises:
        HarnessError: naming field, value and what is allowed.
    """
    from imhi.finetune.recipe.rules import contradictions
    from imhi.finetune.recipe.schema import Recipe

    recipe = yaml_models.validated(Recipe, values, where)
    for problem in contradictions(recipe):
        raise HarnessError(f"{where}: {problem}")
    return recipe


def _loaded(name: str, seen: tuple[str, ...]) -> dict[str, Any]:
    path = _find(name, seen)
    where = f"recipe {path.stem if path.parent == FOLDER else path}"
    values = _plain(read_yaml(path, where))
    if not isinstance(values, dict):
        raise HarnessError(
            f"{where}: found {type(values).__name__}, expected a mapping such as 'kind: causal'"
        )
    below = values.pop("extends", None)
    if below is None:
        return values
    if str(path) in seen:
        raise HarnessError(f"{where}: extends itself, by way of {' -> '.join(seen)}")
    parent = below if below in recipe_names() else str(path.parent / str(below))
    return _over(_loaded(parent, (*seen, str(path))), values)


def _find(name: str, seen: tuple[str, ...]) -> Path:
    path = Path(name).expanduser()
    if name in recipe_names():
        return FOLDER / f"{name}.yaml"
    if path.is_file():
        return path
    by = f" (extended by {seen[-1]})" if seen else ""
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        raise HarnessError(f"recipe {name}{by}: there is no such file; expected a YAML file")
    raise UnknownName(
        f"recipe{by}", name, recipe_names(), "expected one of them or a YAML file of your own"
    )


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recipe below with the fields of the one above over it. What is quoted for a field
    that is set above is quoted no more."""
    quoted = below.get("quoted")
    if isinstance(quoted, Mapping):
        changed = {name for name, _ in yaml_models.leaves(above)}
        kept = {name: source for name, source in quoted.items() if name not in changed}
        below = {**below, "quoted": kept}
    return yaml_models.merged(below, above)


def _measured(values: dict[str, Any], loaded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields without a size that is of the recipe's own base, where another was chosen."""
    base, own = values.get("base"), loaded.get("base")
    if not isinstance(base, dict) or not isinstance(own, Mapping):
        return values
    if base.get("model") == own.get("model") or base.get("size") != own.get("size"):
        return values
    return {**values, "base": {name: value for name, value in base.items() if name != "size"}}


def _plain(value: Any) -> Any:
    """Return YAML values as they were meant: ``on`` and ``off`` of a chat template as words too."""
    plain = yaml_models.plain_values(value)
    for part in (plain, *plain.values()) if isinstance(plain, dict) else ():
        if isinstance(part, dict) and isinstance(part.get("chat_template"), bool):
            part["chat_template"] = "on" if part["chat_template"] else "off"
    return plain
