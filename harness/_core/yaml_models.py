"""What people write in YAML, checked against a pydantic model, with one line for what is wrong."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from imhi._core.errors import HarnessError

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    M = TypeVar("M", bound=BaseModel)

# YAML 1.1 reads 1e-4 as a text: it wants a point in a number with an exponent.
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")

_PATTERNS = {r"^[a-z0-9][a-z0-9._-]*$": "small letters, digits, . - and _"}  # of names
_TYPES = frozenset({"str", "int", "float", "bool"})
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
    "too_short": "at least {min_length} of them",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "finite_number": "a number that is not infinite",
}

_SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True)
class Expected:
    """Stands in the annotation of a field: what a message says was expected there."""

    words: str


def validated(
    model: type[M],
    values: Mapping[str, object],
    where: str,
    known: Sequence[str] = (),
    error: type[HarnessError] = HarnessError,
) -> M:
    """Return the model these values describe.

    Args:
        known: its fields (``training.epochs``), for guesses; read off the model where not given.

    Raises:
        HarnessError: (or ``error``) naming field, value and what is allowed.
    """
    from pydantic import ValidationError

    try:
        # JSON's rules: lists become tuples, whole numbers may stand for others, texts for nothing.
        return model.model_validate_json(json.dumps(values, default=str))
    except ValidationError as invalid:
        types = _TYPES | {part.__name__ for _, part in _parts(model)}
        # Of the members of a union, the one that was meant is the one that got furthest; and a field
        # that is unknown explains one that is missing.
        errors = sorted(
            invalid.errors(),
            key=lambda one: (-len(_path(one, types)), one["type"] != "extra_forbidden"),
        )
        first = errors[0]
        others = {tuple(_path(one, types)) for one in errors} - {tuple(_path(first, types))}
        # Every member of a union has something against a value that fits none.
        others = {path for path in others if path != tuple(_path(first, types))[: len(path)]}
        rest = f" (and {len(others)} more)" if others else ""
        fields = known or list(field_names(model))
        raise error(f"{where}: {_explained(model, first, fields, types)}{rest}") from None


def field_names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the fields of a model and of its parts: ``explain``, ``explain.model`` ..."""
    below = dict(_parts(model))
    for name, field in model.model_fields.items():
        shown = prefix + (field.alias or name)
        yield shown
        if name in below:
            yield from field_names(below[name], f"{shown}.")


def _parts(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the fields of a model that are models, alone or as one of several types."""
    import typing

    from pydantic import BaseModel

    for name, field in model.model_fields.items():
        for part in (field.annotation, *typing.get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield name, part


def with_overrides(
    values: Mapping[str, object],
    overrides: Sequence[str],
    example: str,
    merge: Callable[[Mapping[str, object], Mapping[str, object]], dict[str, object]] | None = None,
) -> dict[str, object]:
    """Return the values with ``a.b=c`` set; the right side is read as YAML.

    Raises:
        HarnessError: an override is not of that form; ``example`` is shown.
    """
    import yaml

    changed = dict(values)
    for text in overrides:
        path, equals, value = text.partition("=")
        names = path.strip().split(".")
        if not equals or not all(names):
            raise HarnessError(f"--set {text}: expected FIELD=VALUE such as {example}")
        try:
            found = yaml.safe_load(value)
        except yaml.YAMLError:
            found = value
        nested: Any = found
        for name in reversed(names):
            nested = {name: nested}
        changed = (merge or merged)(changed, plain_values(nested))
    return changed


def merged(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    """Return the values below with those above over them, field by field."""
    found = dict(below)
    for key, value in above.items():
        under = found.get(key)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        found[key] = merged(under, value) if both else value  # type: ignore[arg-type]
    return found


def plain_values(value: Any) -> Any:
    """Return YAML values as they were meant: keys as texts, numbers with exponents as numbers."""
    if isinstance(value, dict):
        return {_key(key): plain_values(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain_values(part) for part in value]
    if isinstance(value, str) and _EXPONENT.fullmatch(value):
        return float(value)
    return value


def _key(key: object) -> str:
    # YAML 1.1 reads a bare yes or no as a truth value.
    return {True: "yes", False: "no"}[key] if isinstance(key, bool) else str(key)


def leaves(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value that is no mapping, with its path: ``training.epochs``, 3.0 ..."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _path(error: ErrorDetails, types: Collection[str]) -> list[str]:
    """Return where an error is; parts of a union stand there by the name of their type, too."""
    return [part for part in map(str, error["loc"]) if "[" not in part and part not in types]


def _field(model: type[BaseModel], path: Sequence[str]) -> tuple[str, str]:
    """Return the field at a path, as :func:`field_names` has it, and what is expected there.

    Positions in a list and keys of a mapping are part of a path, and of no field's name.
    """
    names, expected = [], ""
    for name in path:
        fields = {field.alias or key: field for key, field in model.model_fields.items()}
        expected = ""
        if name in fields:
            names.append(name)
            marked = (one.words for one in fields[name].metadata if isinstance(one, Expected))
            expected = next(marked, "")
            model = dict(_parts(model)).get(name, model)
    return ".".join(names), expected


def shortened(value: object) -> str:
    """Return a value as messages show it: ``nothing``, or at most 60 characters of it."""
    text = "nothing" if value is None or value == "" else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _explained(
    model: type[BaseModel], error: ErrorDetails, known: Sequence[str], types: Collection[str]
) -> str:
    path = _path(error, types)
    field, kind = ".".join(path), error["type"]
    if kind == "extra_forbidden":
        above, _ = _field(model, path[:-1])
        named = f"{above}.{path[-1]}" if above else path[-1]
        close = difflib.get_close_matches(named, known, n=1, cutoff=0.5)
        beside = [k for k in known if k.rpartition(".")[0] == above]
        guess = f"did you mean '{close[0]}'? " if close else ""
        return f"found the unknown field '{field}': {guess}(known there: {', '.join(beside)})"
    if kind == "value_error":
        return f"{field}: {str(error['msg']).removeprefix('Value error, ')}".removeprefix(": ")
    if words := _field(model, path)[1]:
        found = shortened(None if kind == "missing" else error["input"])
        return f"{field}: found {found}, expected {words}"
    if kind == "missing":
        return f"{field}: nothing found, expected a value"
    if kind in {"model_type", "model_attributes_type"}:
        return f"{field}: found {error['input']!r}, expected a mapping of fields"
    context = error.get("ctx") or {}
    expected = _PATTERNS.get(context.get("pattern", "")) or _EXPECTED.get(kind, error["msg"])
    return f"{field}: found {error['input']!r}, expected {expected.format(**context)}"
