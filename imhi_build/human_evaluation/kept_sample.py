"""The sample as it is kept: what was drawn and how, so that sheets can be held against it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from imhi import DataError, HarnessError, as_row, digest, from_row
from imhi.build.human_evaluation.items import Item, item_of
from imhi.build.human_evaluation.scheme import scheme_digest, scheme_from
from imhi.build.records import BuiltRow
from imhi.io import Marking, disk_error, jsonl, write_json

FORMAT = 1
ROWS, RECORD = "sample.jsonl", "sample.json"
_NAME = re.compile(r"\w[\w.-]{0,59}")


@dataclass(frozen=True)
class Drawing:
    """How a sample was drawn: ``of`` the ``kept`` rows or ``all``; ``strata`` have ``dataset, label``,
    the ``rows`` there are and those ``drawn``; ``shared_posts`` is how many rows share their post."""

    size: int
    shares: str
    of: str
    datasets: Sequence[str]
    strata: Sequence[Mapping[str, object]]
    shared_posts: int


@dataclass(frozen=True)
class Sample:
    """``rows`` in the order of the build. ``sentences``: label sentences by dataset and label, as
    they are shown."""

    name: str
    rows: Sequence[BuiltRow]
    sentences: Mapping[str, Mapping[str, str]]
    scheme: Marking
    seed: int
    annotators: tuple[str, ...]
    how: Drawing

    def items(self) -> list[Item]:
        """Return the rows as annotators see them."""
        return [item_of(row, self.sentences) for row in self.rows]

    @property
    def digest(self) -> str:
        """Return 16 hex digits that tell items and scheme from every other sample's."""
        shown = [[item.id, *item.texts().values()] for item in self.items()]
        return digest([shown, scheme_digest(self.scheme)])[:16]


def annotation_folder(build: Path, name: str) -> Path:
    """Return where a sample lies.

    Raises:
        HarnessError: the name would not do as the name of a folder.
    """
    if not _NAME.fullmatch(name):
        raise HarnessError(
            f"--name {name}: expected up to 60 letters, digits, '.', '-' and '_', no '.' or '-' first"
        )
    return build / "annotation" / name


def write_sample(folder: Path, sample: Sample) -> None:
    """Write both files, the record last: with it the sample is complete.

    Raises:
        HarnessError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as error:
        raise disk_error(error, folder) from error
    jsonl.write_rows(folder / ROWS, (as_row(row) for row in sample.rows))
    write_json(
        folder / RECORD,
        {
            "format": FORMAT,
            "name": sample.name,
            "digest": sample.digest,
            "items": len(sample.rows),
            "seed": sample.seed,
            **asdict(sample.how),
            "annotators": list(sample.annotators),
            "scheme": {
                "file": sample.scheme.file,
                "digest": scheme_digest(sample.scheme),
                **sample.scheme.as_yaml(),
            },
            "sentences": {name: dict(labels) for name, labels in sample.sentences.items()},
        },
    )


def read_sample(folder: Path) -> Sample | None:
    """Return the sample of a folder; None where none was drawn.

    Raises:
        HarnessError: the record is not ours, or not of these rows.
        DataError: a row was edited into something else.
    """
    path = folder / RECORD
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(f"{path}: not JSON ({error}); {_AGAIN}") from None
    found = record.get("format") if isinstance(record, dict) else None
    if found != FORMAT:
        raise HarnessError(f"{path}: sample format {found!r}, expected {FORMAT}; {_AGAIN}")
    try:
        sample = _sample(folder, dict(record))
        same = sample.digest == record["digest"]
    except (KeyError, TypeError, ValueError) as error:
        raise HarnessError(f"{path}: {error!r}: the file was edited; {_AGAIN}") from None
    if not same:
        raise DataError(
            f"{folder / ROWS}: found other rows than {RECORD} was written for, expected the "
            f"{record['items']} that were drawn: a file was edited; {_AGAIN}"
        )
    return sample


_AGAIN = (
    "take it from a copy, or draw a sample of another name: imhi build sample BUILD --name NAME"
)


def _sample(folder: Path, record: dict[str, Any]) -> Sample:
    rows = [
        from_row(BuiltRow, row, f"{folder / ROWS}: line {number}")
        for number, row in jsonl.read_rows(folder / ROWS)
    ]
    scheme = dict(record["scheme"])
    file = str(scheme.pop("file"))
    del scheme["digest"]
    return Sample(
        name=str(record["name"]),
        rows=rows,
        sentences=record["sentences"],
        scheme=scheme_from(scheme, file, f"{folder / RECORD}: scheme"),
        seed=int(record["seed"]),
        annotators=tuple(record["annotators"]),
        how=Drawing(**{field.name: record[field.name] for field in fields(Drawing)}),
    )
