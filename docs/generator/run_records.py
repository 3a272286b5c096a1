"""JSON Schemas of what lies in a run folder, generated from the records that read and write it."""

from __future__ import annotations

import functools
import json
import operator
import types
import typing

from pydantic import ConfigDict, TypeAdapter, create_model

from imhi._core.results import AverageRow, Labelling, RunScores, ScoreRow
from imhi._core.run_store.folder import FORMAT
from imhi._core.run_store.manifest import Manifest

# What files of earlier versions lack.
_LATER: dict[type, frozenset[str]] = {
    ScoreRow: frozenset({"not_asked", "scale", "cross_fitted"}),
    Labelling: frozenset({"not_asked"}),
    AverageRow: frozenset({"datasets", "cross_fitted"}),
    RunScores: frozenset({"repeat_check"}),
}


def schemas() -> dict[str, str]:
    """Return the schemas of ``manifest.json`` and of a scores file, by file name."""
    manifest = TypeAdapter(Manifest).json_schema()
    del manifest["properties"]["more"]  # is written beside the other fields, under its own names
    # Until a model was asked there are no totals: an empty object, not null.
    manifest["properties"]["totals"]["anyOf"][1] = {"type": "object", "maxProperties": 0}
    manifest["properties"]["format"] = {"const": FORMAT}
    manifest["required"].append("format")
    return {
        "manifest.schema.json": _text("A run's manifest.json", manifest),
        "scores.schema.json": _text("A run's scores/LABELER.json", _typed(RunScores)),
    }


def _text(title: str, schema: dict[str, typing.Any]) -> str:
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return json.dumps({**schema, **head}, indent=1, ensure_ascii=False) + "\n"


def _typed(record: type) -> dict[str, typing.Any]:
    """Return the schema of a dataclass of typed dictionaries: pydantic takes the standard library's
    from Python 3.12 on only, so each becomes a model here."""
    models: dict[type, type] = {}

    def model(of: type) -> type:
        if of not in models:
            hints = typing.get_type_hints(of)
            needed = getattr(of, "__required_keys__", frozenset(hints)) - _LATER.get(
                of, frozenset()
            )
            fields: dict[str, typing.Any] = {
                name: (translated(hint), ... if name in needed else None)
                for name, hint in hints.items()
            }
            config = ConfigDict(title=of.__name__)
            models[of] = create_model(of.__name__, __config__=config, __doc__=of.__doc__, **fields)
        return models[of]

    def translated(hint: typing.Any) -> typing.Any:
        if typing.is_typeddict(hint):
            return model(hint)
        parts = tuple(translated(part) for part in typing.get_args(hint))
        origin = typing.get_origin(hint)
        if not parts or origin is typing.Literal:
            return hint
        if origin in (typing.Union, types.UnionType):
            return functools.reduce(operator.or_, parts)
        return origin[parts]

    schema: dict[str, typing.Any] = TypeAdapter(model(record)).json_schema()
    return schema
