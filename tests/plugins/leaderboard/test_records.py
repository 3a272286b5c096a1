"""Records and their JSON Schemas: what one refuses the other refuses, in one line with the place."""

from __future__ import annotations

import copy
import functools
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from imhi.plugins.leaderboard.records.checking import NotAsDescribed, checked
from imhi.plugins.leaderboard.records.entry import EntryRecord
from imhi.plugins.leaderboard.records.fields import Record
from imhi.plugins.leaderboard.records.json_schemas import schema_files
from imhi.plugins.leaderboard.records.submission import (
    About,
    Claims,
    PredictionRow,
    ResponseRow,
)

MADE_BEFORE = Path(__file__).with_name("made_at_d3fd539")
VALUES = (
    None, True, -1, 3.5, 1e13, "", "x", "<b>", "a b", "x" * 30_000, "no answer", "f" * 64, [], [1],
    {}, {"a": {"b": 1}},
)  # fmt: skip
LABELLED = {"key": "0" * 32, "label": "yes", "probabilities": {"yes": 0.5}, "latency": 1}


@functools.cache
def documents() -> tuple[tuple[type[Record], str, Any], ...]:
    """Return a sound value of each record, with the name its schema has below ``$defs``."""
    with zipfile.ZipFile(MADE_BEFORE / "submission.zip") as archive:
        about, claims = (json.loads(archive.read(f"{n}.json")) for n in ("submission", "scores"))
        answer, label = (
            json.loads(archive.read(f"{kind}/DR.jsonl").splitlines()[0])
            for kind in ("responses", "predictions")
        )
    claims["scores"] = claims["scores"][:1]
    (path,) = MADE_BEFORE.glob("board/entries/*/entry.json")
    entry = json.loads(path.read_text(encoding="utf-8"))
    ranked = {"weighted_f1": entry["datasets"]["DR"]["scores"]["weighted_f1"]}
    entry["datasets"] = {"DR": {**entry["datasets"]["DR"], "scores": ranked}}
    entry["metrics"] = {"weighted_f1": entry["metrics"]["weighted_f1"]}
    for part in ("averages", "checks"):
        entry[part] = entry[part][:1]
    return (
        (About, "", about),
        (Claims, "Claims", claims),
        (ResponseRow, "ResponseRow", answer),
        (ResponseRow, "ResponseRow", LABELLED),
        (ResponseRow, "ResponseRow", {"key": "0" * 32, "error": "no answer"}),
        (PredictionRow, "PredictionRow", label),
        (EntryRecord, "", entry),
    )


@functools.cache
def validator(model: type[Record], part: str) -> jsonschema.Draft202012Validator:
    file = "entry" if model is EntryRecord else "submission"
    schema = json.loads(schema_files()[f"{file}.schema.json"])
    if part:
        schema = {"$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}
    return jsonschema.Draft202012Validator(schema)


def changes(value: Any) -> Iterator[Any]:
    """Yield the value with each part (of lists the first) replaced, removed, or joined by others."""
    yield from VALUES
    if isinstance(value, dict):
        for key, inner in [*value.items()][:30]:
            yield {name: part for name, part in value.items() if name != key}
            yield from ({**value, key: other} for other in changes(inner))
        yield from ({**value, key: 1} for key in ("surprise", "", "<b>", "x" * 130))
    elif isinstance(value, list) and value:
        yield from ([other, *value[1:]] for other in changes(value[0]))
        yield value * 501


@pytest.mark.parametrize("number", range(7))
def test_the_published_schema_accepts_what_the_record_accepts_and_nothing_else(number: int) -> None:
    model, part, sound = documents()[number]
    checked(model, sound)
    accepted = refused = 0
    for changed in changes(copy.deepcopy(sound)):
        valid = validator(model, part).is_valid(changed)
        try:
            checked(model, changed)
        except NotAsDescribed as reason:
            refused += 1
            assert not valid, reason
            assert "\n" not in str(reason) and len(str(reason)) <= 400
        else:
            accepted += 1
            assert valid, changed
    assert refused > 50 and accepted >= 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"by": 7}, "by: found 7 (type string), expected: Who submits: people, a group"),
        ({"seed": -1}, "seed: found -1 (minimum 0), expected: Seed of the run"),
        ({"format": 2}, "format: found 2 (maximum 1), expected: Version of this format"),
        ({"name": ""}, "name: found '' (minLength 1), expected: What the board calls it. No < or"),
        ({"limit": "x"}, "limit: found 'x' (type integer), expected: At most so many examples of"),
        ({"datasets": {"a b": 1}}, "datasets: found 'a b', expected: The name of a dataset"),
        ({"prompt": 1}, "prompt: found 1 (type object), expected: What the model was asked in"),
        ({"prompt": {}}, "prompt: 'style' is a required property"),
        ({"metrics": [1]}, "metrics.0: found 1 (type string), expected: The name of a measure"),
        ({"a": 1, "by": 7}, "the object: Additional properties are not allowed ('a' was unexpected)"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_place_and_what_was_expected(
    change: dict[str, Any], reason: str
) -> None:
    model, _, sound = documents()[0]
    with pytest.raises(NotAsDescribed) as refused:
        checked(model, {**sound, **change})
    assert str(refused.value).startswith(reason)


def test_an_answer_and_an_error_exclude_each_other() -> None:
    with pytest.raises(NotAsDescribed, match="the object: expected a text, a label, or an error"):
        checked(ResponseRow, {**LABELLED, "error": "no answer"})
    with pytest.raises(NotAsDescribed, match="expected a text, a label, or an error"):
        checked(ResponseRow, {"key": "0" * 32, "attempts": 2})
