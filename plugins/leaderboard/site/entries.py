"""Verified entries, read from ``entries/ID/``: checked and made harmless.

Entries are what strangers sent, checked by ``imhi leaderboard verify``; whoever can write to the
folder can write one by hand. So each is checked against its record and against its own answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np

from imhi import HarnessError, file_checksum
from imhi.io import sanitizing
from imhi.plugins.leaderboard.records.checking import NotAsDescribed, checked
from imhi.plugins.leaderboard.records.entry import AverageRecord, DatasetRecord, EntryRecord
from imhi.plugins.leaderboard.records.fields import ScoreRecord
from imhi.plugins.leaderboard.site.texts import harmless, web_link

RANKED = "weighted_f1"  # the metric that tables are ranked by
_BITS = re.compile("[01]*")
_AGAIN = "verify the submission again with --add, or remove the folder"


class Score(NamedTuple):
    """A value with its 95% interval (the value itself where there is none)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Entry:
    """One verified submission. ``record`` is its ``entry.json``, texts made harmless; ``right``
    holds, for each dataset, whether each example's label is right (bool, one for each example).
    ``path`` is that of ``entry.json``, ``checksum`` its SHA-256."""

    path: Path
    checksum: str
    record: EntryRecord
    right: Mapping[str, np.ndarray]

    @property
    def id(self) -> str:
        """What its folder is called."""
        return self.record.id

    @property
    def name(self) -> str:
        """What the board calls it."""
        return self.record.name

    @property
    def link(self) -> str:
        """A page about the model, if there is one that may be a link."""
        return web_link(self.record.link)

    @property
    def datasets(self) -> Mapping[str, DatasetRecord]:
        """What each dataset came to."""
        return self.record.datasets

    @cached_property
    def verified(self) -> str:
        """When it was verified, in UTC: ``2026-01-31T12:00:00Z``."""
        return _utc(self.record.verified).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def since(self) -> tuple[str, str]:
        """What entries are ordered by in time."""
        return self.verified, self.id

    @property
    def watt_hours(self) -> float | None:
        """What asking took, as the submitter's run counted it; None where it did not, or says nonsense."""
        energy = self.record.totals.get("energy")
        kwh = energy.get("kwh") if isinstance(energy, dict) else None
        if isinstance(kwh, bool) or not isinstance(kwh, (int, float)):
            return None
        return 1000.0 * kwh if 0 <= kwh < 1e6 else None

    def score(self, dataset: str, metric: str = RANKED) -> Score | None:
        """Return the verified value of a dataset."""
        return score_of(self.datasets[dataset].scores.get(metric))

    def average(self, over: str, metric: str = RANKED) -> Score | None:
        """Return the verified mean over ``datasets`` or ``tasks`` of all the entry holds."""
        rows = (r for r in self.record.averages if (r.over, r.metric) == (over, metric))
        return score_of(next(rows, None))


def score_of(row: ScoreRecord | AverageRecord | None) -> Score | None:
    """Return value and bounds of a row of an entry; nothing where it has no value."""
    if row is None or row.value is None:
        return None
    return Score(
        row.value,
        row.value if row.low is None else row.low,
        row.value if row.high is None else row.high,
    )


def read_entries(folder: Path) -> list[Entry]:
    """Return the entries of a board in the order in which they were verified.

    Raises:
        HarnessError: an entry that is not as its record says, or whose answers do not fit it; file
            and reason are named.
    """
    places = sorted(path for path in (folder / "entries").glob("[!.]*") if path.is_dir())
    return sorted(map(_read, places), key=lambda entry: entry.since)


def _read(place: Path) -> Entry:
    path = place / "entry.json"
    record = _checked(parsed(path), path)
    return Entry(path, file_checksum(path), record, _right(place / "answers.json", record))


def json_copy(entry: Entry) -> bytes:
    """Return ``entry.json`` as it is offered for download: the same values, texts made harmless."""
    values = harmless(parsed(entry.path))
    return (json.dumps(values, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def parsed(path: Path) -> Mapping[str, object]:
    """Return the object a JSON file holds.

    Raises:
        HarnessError: no file, not JSON, a number that is none (NaN), not an object.
    """

    def refuse(text: str) -> NoReturn:
        raise ValueError(f"found the number {text}")

    try:
        value = json.loads(path.read_bytes(), parse_constant=refuse)
    except OSError as error:
        raise HarnessError(
            f"{path}: cannot be read ({error.strerror}), expected the entry's file; {_AGAIN}"
        ) from None
    except (ValueError, RecursionError) as error:
        reason = sanitizing.one_line(str(error))[:120]
        raise HarnessError(f"{path}: not JSON ({reason}), expected one object; {_AGAIN}") from None
    if not isinstance(value, dict):
        raise HarnessError(f"{path}: found a {type(value).__name__}, expected one object; {_AGAIN}")
    return value


def _checked(values: Mapping[str, object], path: Path) -> EntryRecord:
    """Return an entry's record with harmless texts.

    Raises:
        HarnessError: it is no such record, is another's (its id is not its folder's name), or lacks
            the metric that tables are ranked by.
    """
    try:
        checked(EntryRecord, values)
        record = checked(EntryRecord, harmless(values))
    except NotAsDescribed as reason:
        raise HarnessError(f"{path}: {reason}; {_AGAIN}") from None
    if record.id != path.parent.name:
        raise HarnessError(
            f"{path}: id: found '{record.id[:60]}', expected the folder's name "
            f"'{path.parent.name}'; {_AGAIN}"
        )
    try:
        _utc(record.verified)
    except ValueError:
        raise HarnessError(
            f"{path}: verified: found '{record.verified[:40]}', expected a time such as "
            "2026-01-31T12:00:00Z; verify the submission again"
        ) from None
    for name, row in record.datasets.items():
        where = f"{path}: datasets.{name}"
        ranked = row.scores.get(RANKED)
        if ranked is None or ranked.value is None:
            raise HarnessError(f"{where}.scores: found no {RANKED}, expected a number; {_AGAIN}")
        if row.unparsed + row.failed > row.n or not row.n:
            raise HarnessError(
                f"{where}: found {row.unparsed} unparsed and {row.failed} failed of {row.n} "
                f"examples, expected at most as many, and at least one; {_AGAIN}"
            )
    return record


def _right(path: Path, record: EntryRecord) -> dict[str, np.ndarray]:
    """Return, for each dataset of an entry, which answers are right.

    Raises:
        HarnessError: a dataset without them, or another number of them than the entry says.
    """
    datasets = parsed(path).get("datasets")
    columns = {}
    for name, row in record.datasets.items():
        column = datasets.get(name) if isinstance(datasets, dict) else None
        right = column.get("right") if isinstance(column, dict) else None
        if not isinstance(right, str) or not _BITS.fullmatch(right):
            raise HarnessError(
                f"{path}: datasets.{name}.right: found {type(right).__name__}, expected a text of 0 "
                f"and 1; {_AGAIN}"
            )
        if len(right) != row.n:
            raise HarnessError(
                f"{path}: datasets.{name}.right: found {len(right)} answers, expected {row.n} "
                f"as in entry.json; {_AGAIN}"
            )
        columns[name] = np.frombuffer(right.encode("ascii"), dtype=np.uint8) == ord("1")
    return columns


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
