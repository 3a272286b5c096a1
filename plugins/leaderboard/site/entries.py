"""Verified entries, read from ``entries/ID/``: checked, made harmless, and kept for the next build.

Entries are what strangers sent, checked by ``imhi leaderboard verify``; whoever can write to the
folder can write one by hand. So each is checked against the schema and against its own answers.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from imhi import HarnessError
from imhi.plugins.leaderboard.site.entry_checks import (
    RANKED,
    checked_answers,
    checked_entry,
    parsed,
)
from imhi.plugins.leaderboard.site.kept import Kept
from imhi.plugins.leaderboard.site.texts import web_link


class Score(NamedTuple):
    """A value with its 95% interval (the value itself where there is none)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Entry:
    """One verified submission. ``values`` is its ``entry.json``, texts made harmless; ``right``
    holds, for each dataset, a bit for each example: is its label right. ``checksum`` is that of
    the file."""

    id: str
    values: Mapping[str, Any]
    right: Mapping[str, np.ndarray]
    checksum: str

    @property
    def name(self) -> str:
        return str(self.values["name"])

    @property
    def link(self) -> str:
        return web_link(self.values["link"])

    @property
    def supersedes(self) -> str:
        return str(self.values["supersedes"])

    @property
    def datasets(self) -> Mapping[str, Mapping[str, Any]]:
        return self.values["datasets"]

    @cached_property
    def verified(self) -> str:
        """When it was verified, in UTC: ``2026-01-31T12:00:00Z``."""
        return _utc(str(self.values["verified"])).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def since(self) -> tuple[str, str]:
        """What entries are ordered by in time."""
        return self.verified, self.id

    def score(self, dataset: str, metric: str = RANKED) -> Score | None:
        return score_of(self.datasets[dataset]["scores"].get(metric))

    def average(self, over: str, metric: str = RANKED) -> Score | None:
        """Return the verified mean over ``datasets`` or ``tasks`` of all the entry holds."""
        rows = (r for r in self.values["averages"] if (r["over"], r["metric"]) == (over, metric))
        return score_of(next(rows, None))


def score_of(row: Mapping[str, Any] | None) -> Score | None:
    """Return value and bounds of a row of an entry; nothing where it has no value."""
    if row is None or row["value"] is None:
        return None
    value, low, high = row["value"], row.get("low"), row.get("high")
    return Score(value, value if low is None else low, value if high is None else high)


def read_entries(folder: Path) -> list[Entry]:
    """Return the entries of a board in the order in which they were verified.

    Raises:
        HarnessError: an entry that is not as the schema says, or whose answers do not fit it; file
            and reason are named.
    """
    kept = Kept(folder / ".cache")
    places = sorted(path for path in (folder / "entries").glob("*") if path.is_dir())
    entries = [_read(place, kept) for place in places]
    kept.forget_others({place.name for place in places})
    return sorted(entries, key=lambda entry: entry.since)


def _read(place: Path, kept: Kept) -> Entry:
    path, answers_path = place / "entry.json", place / "answers.json"
    raw = _bytes(path)
    checksum = hashlib.sha256(raw).hexdigest()
    found = kept.find(place.name, checksum, answers_path)
    if found is None:
        values = checked_entry(parsed(raw, path), path)
        try:
            _utc(values["verified"])
        except ValueError:
            raise HarnessError(
                f"{path}: verified: found '{values['verified'][:40]}', expected a time such as "
                "2026-01-31T12:00:00Z; verify the submission again"
            ) from None
        answers = _bytes(answers_path)
        packed = checked_answers(parsed(answers, answers_path), values, answers_path)
        found = kept.keep(place.name, checksum, answers_path, answers, values, packed)
    right = {
        name: np.unpackbits(
            np.frombuffer(base64.b64decode(bits), dtype=np.uint8), count=count
        ).astype(bool)
        for name, (count, bits) in found["right"].items()
    }
    return Entry(place.name, found["values"], right, checksum)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise HarnessError(
            f"{path}: cannot be read ({error.strerror}), expected the entry's file; verify the "
            "submission again with --add, or remove the folder"
        ) from None


def _utc(text: str) -> datetime:
    # Python 3.10 does not read the Z.
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.replace(tzinfo=moment.tzinfo or timezone.utc).astimezone(timezone.utc)


def json_copy(entry: Entry) -> bytes:
    """Return ``entry.json`` as it is offered for download: the same values, texts made harmless."""
    return (json.dumps(entry.values, indent=1, ensure_ascii=True) + "\n").encode("ascii")
