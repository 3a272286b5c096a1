"""JSON values read as records, with one line for what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from imhi.io import sanitizing
from imhi.plugins.leaderboard.records.json_schemas import description_of

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

    R = TypeVar("R", bound=BaseModel)

# What of a JSON Schema a value goes against, by what pydantic calls the error.
_LIMITS = {
    "greater_than_equal": "minimum {ge:g}",
    "less_than_equal": "maximum {le:g}",
    "string_too_short": "minLength {min_length}",
    "string_too_long": "maxLength {max_length}",
    "string_type": "type string",
    "int_type": "type integer",
    "int_from_float": "type integer",
    "float_type": "type number",
    "bool_type": "type boolean",
    "tuple_type": "type array",
    "dict_type": "type object",
    "model_type": "type object",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "",
}
_OF_OBJECTS = {"extra_forbidden": 0, "missing": 1}


class NotAsDescribed(ValueError):
    """A value that is no such record; the text is one line without the name of its file."""


def checked(model: type[R], value: Any) -> R:
    """Return the record that a JSON value is.

    Raises:
        NotAsDescribed: what was found, where, what was expected.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate(value)
    except ValidationError as error:
        # A stranger's file may have a million errors: inputs are taken from one of them alone.
        errors = error.errors(include_url=False)
        raise NotAsDescribed(_complaint(min(errors, key=_rank), model)) from None


def _rank(error: ErrorDetails) -> tuple[int, int]:
    """Order errors by how near the top they are; those about an object before those in it."""
    kind, path = _OF_OBJECTS.get(error["type"]), error["loc"]
    if error["type"] == "too_short":  # pydantic's word, too, for enough of which one is wrong
        return len(path) + 1, 3
    above = 2 if path[-1:] == ("[key]",) else int(kind is not None)
    return len(path) - above, 2 if kind is None else kind


def _complaint(error: ErrorDetails, model: type[BaseModel]) -> str:
    path, kind = list(error["loc"]), error["type"]
    name = path.pop() if kind in _OF_OBJECTS else ""
    where = ".".join(map(str, path)) or "the object"
    if kind == "extra_forbidden":
        return sanitizing.one_line(
            f"{where}: Additional properties are not allowed ({_short(name)} was unexpected)"
        )[:300]
    if kind == "missing":
        return sanitizing.one_line(f"{where}: '{name}' is a required property")[:300]
    if kind == "value_error":
        return sanitizing.one_line(f"{where}: {str(error['msg']).removeprefix('Value error, ')}")[
            :300
        ]
    in_key = path[-1:] == ["[key]"]
    where = ".".join(map(str, path[:-2] if in_key else path)) or "the object"
    limit = _LIMITS.get(kind, str(error["msg"])).format(**(error.get("ctx") or {}))
    expected = description_of(model, path).rstrip(".")
    return sanitizing.one_line(
        f"{where}: found {_short(error['input'])}{f' ({limit})' if limit else ''}"
        f"{f', expected: {expected}' if expected else ''}"
    )[:400]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}... ({len(text):,} characters)"
