"""JSON Schemas (2020-12) of submissions and entries, made of their records."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import core_schema

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _Closed(GenerateJsonSchema):
    """Pydantic writes the form of keys down as what keys of that form hold; others are none."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Return the schema of a mapping."""
        node: JsonSchemaValue = super().dict_schema(schema)
        return {**node, "additionalProperties": False} if "patternProperties" in node else node


@functools.cache
def _schema_of(models: tuple[type[BaseModel], ...]) -> JsonSchemaValue:
    """Return the schema of the first model, with the others beside its parts under ``$defs``."""
    _, combined = models_json_schema(
        [(model, "validation") for model in models], schema_generator=_Closed
    )
    parts = dict(combined["$defs"])
    return {"$schema": _DRAFT, **parts.pop(models[0].__name__), "$defs": parts}


def schema_files() -> Mapping[str, str]:
    """Return the published schemas by the names of their files."""
    from imhi.plugins.leaderboard.records.entry import EntryRecord
    from imhi.plugins.leaderboard.records.submission import (
        About,
        Claims,
        PredictionRow,
        ResponseRow,
    )

    files = {
        "entry.schema.json": (EntryRecord,),
        "submission.schema.json": (About, ResponseRow, PredictionRow, Claims),
    }
    return {
        name: json.dumps(_schema_of(models), indent=1, ensure_ascii=False) + "\n"
        for name, models in files.items()
    }


def description_of(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """Return what a record says of the value at ``path`` (fields, keys, positions); of a key where
    the path ends with ``[key]``. Empty where it says nothing."""
    schema = _schema_of((model,))

    def followed(node: JsonSchemaValue) -> JsonSchemaValue:
        target = str(node.get("$ref", "")).rpartition("/")[2]
        return {**schema["$defs"][target], **node} if target else node

    node = schema
    for step in path[:-2] if path[-1:] == ["[key]"] else path:
        named = [*node.get("patternProperties", {}).values(), {}]
        others = node.get("additionalProperties") or node.get("items") or named[0]
        node = followed(node.get("properties", {}).get(step) or others)
    if path[-1:] == ["[key]"]:
        node = node.get("propertyNames", {})
    return str(node.get("description", ""))
