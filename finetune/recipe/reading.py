"""From a YAML file to a checked :class:`finetune.recipe.schema.Recipe`.

A recipe is named (``tiny-causal``) or a path to a file of one's own. It may build on another with
``extends: NAME_OR_FILE``: what it says goes over what that one says, field by field.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError, UnknownName
from harness.yaml_files import read_yaml

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from finetune.recipe.schema import Recipe

FOLDER = Path(__file__).resolve().parents[1] / "recipes"
# YAML 1.1 reads 1e-4 as a text: it wants a point in a number with an exponent.
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the project."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def read_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Return a recipe with ``a.b=c`` overrides applied, checked as a whole.

    Raises:
        HarnessError: no such recipe, not YAML, an unknown field, a value that is not allowed, or
            fields that contradict each other.
    """
    return checked(with_overrides(_loaded(name, ()), overrides), f"recipe {name}")


def checked(values: Mapping[str, Any], where: str) -> Recipe:
    """Return the recipe these values describe.

    Raises:
        HarnessError: naming field, value and what is allowed.
    """
    from pydantic import ValidationError

    from finetune.recipe.rules import contradictions
    from finetune.recipe.schema import Recipe

    try:
        # JSON's rules: lists become tuples, whole numbers may stand for others, texts for nothing.
        recipe = Recipe.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        first, *more = error.errors()
        rest = f" (and {len(more)} more)" if more else ""
        raise HarnessError(f"{where}: {_explained(first)}{rest}") from None
    for problem in contradictions(recipe):
        raise HarnessError(f"{where}: {problem}")
    return recipe


def with_overrides(values: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return the values with ``a.b=c`` set; the right side is read as YAML.

    Raises:
        HarnessError: an override is not of that form.
    """
    import yaml

    changed = dict(values)
    for text in overrides:
        path, equals, value = text.partition("=")
        names = path.strip().split(".")
        if not equals or not all(names):
            raise HarnessError(
                f"--set {text}: expected FIELD=VALUE such as training.epochs=1 (see: imhi finetune "
                "show RECIPE)"
            )
        try:
            found = yaml.safe_load(value)
        except yaml.YAMLError:
            found = value
        nested: Any = found
        for name in reversed(names):
            nested = {name: nested}
        changed = _over(changed, _plain(nested))
    return changed


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
        anew = {name for name, _ in _leaves(above, "")}
        kept = {name: source for name, source in quoted.items() if name not in anew}
        below = {**below, "quoted": kept}
    return _merged(below, above)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        found[key] = _merged(under, value) if both else value  # type: ignore[arg-type]
    return found


def _plain(value: Any) -> Any:
    """Return YAML values as they were meant: numbers with exponents, ``on`` and ``off`` as words."""
    if isinstance(value, dict):
        found = {str(key): _plain(part) for key, part in value.items()}
        template = found.get("chat_template")
        if isinstance(template, bool):
            found["chat_template"] = "on" if template else "off"
        return found
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    return value


def fields(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    """Yield every field with its value: ``training.epochs``, 3.0 ..."""
    yield from _leaves(recipe.model_dump(mode="json", exclude={"quoted", "notes"}), "")


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "a text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "at least {ge:g}",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "at most {le:g}",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "small letters, digits, . - and _",
}


def _explained(error: ErrorDetails) -> str:
    from finetune.recipe.schema import Recipe

    # Parts of a union stand in the path by the name of their type.
    path = [str(part) for part in error["loc"] if "[" not in str(part)]
    field, kind = ".".join(path), error["type"]
    if kind == "extra_forbidden":
        known = [*(name for name, _ in fields(_blank(Recipe))), "quoted", "notes"]
        close = difflib.get_close_matches(field, known, n=1, cutoff=0.5)
        beside = [k for k in known if k.rpartition(".")[0] == field.rpartition(".")[0]]
        guess = f"did you mean '{close[0]}'? " if close else ""
        return f"unknown field '{field}': {guess}(known there: {', '.join(beside)})"
    if kind == "missing":
        return f"{field}: nothing found, expected a value"
    if kind in {"model_type", "model_attributes_type"}:
        return f"{field}: found {error['input']!r}, expected a mapping of fields"
    expected = _EXPECTED.get(kind, error["msg"]).format(**(error.get("ctx") or {}))
    return f"{field}: found {error['input']!r}, expected {expected}"


def _blank(recipe: type[Recipe]) -> Recipe:
    from finetune.recipe.schema import Architecture, Base, Size

    size = Size.model_construct(**dict.fromkeys(Size.model_fields))
    base = Base(scratch=Architecture(type="llama")).model_copy(update={"size": size})
    return recipe(name="a", summary="", kind="causal", base=base)
