"""Raw files that never were: small fictional tables, written in every format that is read."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.registry import Registry
from imhi._core.row_files import TableRow
from imhi.build.raw.files import RowError, read_file
from imhi.build.raw.preset import PROFILES, read_preset
from imhi.build.raw.reading import RawDataset
from imhi.build.records import BuiltRow, Removal

Table = Sequence[Mapping[str, Any]]
WANTED = ("text", "label")
POSTS = ("The bus was late again", "Soup on the stove, rain outside", "I counted the tiles twice")


def write_csv(
    path: Path, rows: Table, separator: str = ",", encoding: str = "utf-8", **options: Any
) -> Path:
    """Write rows as a spreadsheet program does: cells in quotes where they need them."""
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=separator, **options)
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_tsv(path: Path, rows: Table) -> Path:
    return write_csv(path, rows, "\t")


def write_jsonl(path: Path, rows: Table) -> Path:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Table, **options: Any) -> Path:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), path, **options)
    return path


def write_excel(path: Path, rows: Table, sheet: str = "Sheet1", before: Iterable[str] = ()) -> Path:
    """Write rows into a sheet; sheets ``before`` it hold something else."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for other in before:
        book.create_sheet(other).append(["notes"])
    page = book.create_sheet(sheet)
    page.append(list(rows[0]))
    for row in rows:
        page.append(list(row.values()))
    book.save(path)
    return path


WRITERS: dict[str, Callable[[Path, Table], Path]] = {
    ".csv": write_csv,
    ".tsv": write_tsv,
    ".jsonl": write_jsonl,
    ".parquet": write_parquet,
    ".xlsx": write_excel,
}


def write_table(path: Path, rows: Table) -> Path:
    """Write rows in the format that the suffix names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return WRITERS[path.suffix](path, rows)


def cells(path: Path, **options: Any) -> list[dict[str, str]]:
    """Return the cells of a file of which every row can be read."""
    rows = list(read_file(path, **options))
    assert all(isinstance(row, TableRow) for row in rows), rows
    return [dict(row.cells) for row in rows]


def good_and_bad(path: Path, **options: Any) -> tuple[dict[int, dict[str, str]], dict[int, str]]:
    """Return the cells of the rows that can be read, and what is said of the others, by number."""
    good: dict[int, dict[str, str]] = {}
    bad: dict[int, str] = {}
    for row in read_file(path, **options):
        assert row.number not in good and row.number not in bad
        if isinstance(row, RowError):
            bad[row.number] = str(row)
        else:
            good[row.number] = dict(row.cells)
    return good, bad


def texts_and_bad(path: Path, **options: Any) -> tuple[dict[int, str], dict[int, str]]:
    """Return the posts that can be read, and what is said of the other rows, by number."""
    good, bad = good_and_bad(path, **{"wanted": WANTED, **options})
    assert all(line.startswith(f"{path}: row {n} (line ") for n, line in bad.items())
    assert not any("\n" in line for line in bad.values())
    return {number: row["text"] for number, row in good.items()}, bad


def own_preset(path: Path, **changes: Any) -> Path:
    """Write a preset for DR, a table ``posts.csv`` with ``text`` and ``label``, or what is said
    instead; a field set to None is left out."""
    fields: dict[str, Any] = {
        "dataset": "DR",
        "files": {"train": {"path": "posts.*"}},
        "post": "text",
        "label": {"column": "label", "values": {"1": "yes", "0": "no"}},
        "clean": "published",
    }
    found = {k: v for k, v in {**fields, **changes}.items() if v is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")  # JSON is YAML
    return path


@dataclass(frozen=True)
class Read:
    """What came of reading a raw dataset."""

    raw: RawDataset
    rows: list[BuiltRow]
    removals: list[Removal]

    def labels(self) -> dict[str, str]:
        """The labels by post."""
        return {row.post: row.label for row in self.rows}

    def splits(self) -> dict[str, str]:
        """The splits by post."""
        return {row.post: row.split for row in self.rows}

    def reasons(self) -> dict[str, int]:
        """How many rows were left out, by reason: as listed, and as counted."""
        listed = Counter(removal.reason for removal in self.removals)
        assert listed == self.raw.removed
        return dict(listed)


def read_raw(
    preset: str | Path, root: Path, registry: Registry, clean: str = "", **options: Any
) -> Read:
    """Read a raw dataset with a preset, cleaned as it says unless ``clean`` does."""
    found = read_preset(str(preset), registry)
    raw = RawDataset(
        preset=found,
        name=str(preset),
        root=root,
        dataset=registry.datasets.get(found.dataset),
        cleaning=PROFILES[clean] if clean else found.cleaning,
        **options,
    )
    made = list(raw.rows())
    rows = [one for one in made if isinstance(one, BuiltRow)]
    assert sum(raw.counts.values()) == len(rows)
    return Read(raw, rows, [one for one in made if isinstance(one, Removal)])
