"""JSON Schemas (2020-12) of what is submitted (``submission``) and of what a board keeps (``entry``)."""

from __future__ import annotations

import functools
import json
from itertools import islice
from pathlib import Path
from typing import Any

from imhi.io import one_line

_HERE = Path(__file__).parent
# What says something of a value, whose description says better what was expected.
_OF_VALUES = {"pattern", "const", "enum", "type", "minimum", "maximum", "minLength", "maxLength"}


@functools.cache
def _validator(schema: str, part: str) -> Any:
    from jsonschema import Draft202012Validator

    whole = json.loads((_HERE / f"{schema}.schema.json").read_text(encoding="utf-8"))
    if part:
        whole = {"$schema": whole["$schema"], "$defs": whole["$defs"], "$ref": f"#/$defs/{part}"}
    return Draft202012Validator(whole)


def complaint(value: Any, schema: str, part: str = "") -> str:
    """Return in one line why a value is not as the schema (or a ``part`` of its ``$defs``) says;
    empty where it is."""
    validator = _validator(schema, part)
    if validator.is_valid(value):
        return ""
    from jsonschema.exceptions import best_match

    # A stranger's file may have a million errors.
    error = best_match(islice(validator.iter_errors(value), 20))
    where = ".".join(str(step) for step in error.absolute_path) or "the object"
    expected = isinstance(error.schema, dict) and error.schema.get("description")
    if error.validator in _OF_VALUES and expected:
        found = repr(error.instance)
        found = found if len(found) <= 60 else f"{found[:60]}... ({len(found):,} characters)"
        limit = (
            "" if error.validator == "pattern" else f" ({error.validator} {error.validator_value})"
        )
        return one_line(f"{where}: found {found}{limit}, expected: {expected.rstrip('.')}")[:400]
    return one_line(f"{where}: {error.message}")[:300]
