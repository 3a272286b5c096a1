"""Whether an entry is as the schema says, and whether its answers fit it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from imhi import HarnessError
from imhi.io import one_line
from imhi.plugins.leaderboard.schemas import complaint
from imhi.plugins.leaderboard.site.texts import harmless

RANKED = "weighted_f1"  # the metric that tables are ranked by
SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
SCHEMA = SCHEMAS / "entry.schema.json"
_BITS = re.compile("[01]*")
_AGAIN = "verify the submission again with --add, or remove the folder"

# A packed column: how many examples, and base64 of a bit for each.
Packed = tuple[int, str]


def parsed(raw: bytes, path: Path) -> dict[str, Any]:
    """Return the object a JSON file holds.

    Raises:
        HarnessError: not JSON, a number that is none (NaN), not an object.
    """

    def refuse(text: str) -> NoReturn:
        raise ValueError(f"found the number {text}")

    try:
        value = json.loads(raw, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        reason = one_line(str(error))[:120]
        raise HarnessError(f"{path}: not JSON ({reason}), expected one object; {_AGAIN}") from None
    if not isinstance(value, dict):
        raise HarnessError(f"{path}: found a {type(value).__name__}, expected one object; {_AGAIN}")
    return value


def checked_entry(values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return an entry with harmless texts.

    Raises:
        HarnessError: it is not as the schema says, is another's (its id is not its folder's
            name), or lacks the metric that tables are ranked by.
    """
    problem = complaint(values, "entry")
    if problem:
        raise HarnessError(f"{path}: {problem}; {_AGAIN}")
    if values["id"] != path.parent.name:
        raise HarnessError(
            f"{path}: id: found '{one_line(values['id'])[:60]}', expected the folder's name "
            f"'{path.parent.name}'; {_AGAIN}"
        )
    for name, dataset in values["datasets"].items():
        where = f"{path}: datasets.{name}"
        if dataset["scores"].get(RANKED, {}).get("value") is None:
            raise HarnessError(f"{where}.scores: found no {RANKED}, expected a number; {_AGAIN}")
        if dataset["unparsed"] + dataset["failed"] > dataset["n"] or not dataset["n"]:
            raise HarnessError(
                f"{where}: found {dataset['unparsed']} unparsed and {dataset['failed']} failed of "
                f"{dataset['n']} examples, expected at most as many, and at least one; {_AGAIN}"
            )
    return harmless(values)


def checked_answers(
    answers: Mapping[str, Any], entry: Mapping[str, Any], path: Path
) -> dict[str, Packed]:
    """Return which answers are right, packed, for each dataset of the entry.

    Raises:
        HarnessError: a dataset without them, or another number of them than the entry says.
    """
    datasets = answers.get("datasets")
    packed = {}
    for name, about in entry["datasets"].items():
        column = datasets.get(name) if isinstance(datasets, dict) else None
        right = column.get("right") if isinstance(column, dict) else None
        if not isinstance(right, str) or not _BITS.fullmatch(right):
            raise HarnessError(
                f"{path}: datasets.{name}.right: found {type(right).__name__}, expected a text of 0 "
                f"and 1; {_AGAIN}"
            )
        if len(right) != about["n"]:
            raise HarnessError(
                f"{path}: datasets.{name}.right: found {len(right)} answers, expected {about['n']} "
                f"as in entry.json; {_AGAIN}"
            )
        packed[name] = (len(right), _packed(right))
    return packed


def _packed(right: str) -> str:
    padded = right.ljust(-(-len(right) // 8) * 8, "0")
    bits = int(padded, 2).to_bytes(len(padded) // 8, "big") if padded else b""
    return base64.b64encode(bits).decode()
