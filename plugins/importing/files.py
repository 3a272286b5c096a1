"""Files of answers: which columns they have, and which dataset they belong to."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from imhi import DataError, Dataset, HarnessError
from imhi.io import read_table

BY_ROW = ("goldens", "generated_text")
BY_ID = ("id", "text")
_OPTIONAL = ("labels",)


@dataclass(frozen=True)
class Answer:
    """One row of a file: ``key`` is the id, or the row number from 0; ``gold`` the reference."""

    key: str
    text: str
    gold: str
    where: str


@dataclass(frozen=True)
class AnswerFile:
    """A file of answers to one dataset; joined ``by_id`` or by row."""

    path: Path
    dataset: Dataset
    by_id: bool

    def answers(self) -> Iterator[Answer]:
        """Yield the answers in file order.

        Raises:
            DataError: an unreadable file or row, a doubled id.
        """
        columns = BY_ID if self.by_id else BY_ROW
        seen: set[str] = set()
        for row in read_table(self.path, columns, _OPTIONAL):
            if isinstance(row, DataError):
                raise row
            where = row.place(self.path)
            key = row.cells["id"] if self.by_id else str(row.number)
            if key in seen:
                raise DataError(f"{where}: found id {key} a second time, expected each id once")
            seen.add(key)
            yield Answer(key, row.cells[columns[1]], row.cells.get("goldens", ""), where)


def find_answer_files(
    path: Path, datasets: Mapping[str, Dataset], dataset: str | None = None
) -> dict[str, AnswerFile]:
    """Return the answer files at a path, by dataset: one file, or the CSV files of a folder.

    Raises:
        HarnessError: nothing there, or a file whose name is no dataset.
        DataError: a file without the columns.
    """
    if path.is_dir():
        paths = sorted(path.glob("*.csv"))
        if dataset is not None:
            raise HarnessError(
                f"{path}: --dataset goes with a single file, found a folder; its files are "
                "named by their datasets (DR.csv, ...)"
            )
    elif path.is_file():
        paths = [path]
    else:
        raise HarnessError(
            f"{path}: there is no such file or folder, expected CSV files of answers"
        )
    if not paths:
        raise HarnessError(f"{path}: found no CSV file, expected files such as DR.csv")
    names = {name.lower(): one for one in datasets.values() for name in (one.name, *one.aliases)}
    found: dict[str, AnswerFile] = {}
    for file in paths:
        wanted = dataset or file.stem
        declared = names.get(wanted.lower())
        if declared is None:
            raise HarnessError(
                f"{file}: '{wanted}' is no dataset (known: {', '.join(datasets)}); name the file by "
                "its dataset, or say --dataset NAME"
            )
        if declared.name in found:
            raise HarnessError(
                f"{file}: a second file of {declared.name} beside {found[declared.name].path}; keep one"
            )
        found[declared.name] = AnswerFile(file, declared, _joined_by_id(file))
    return found


def _joined_by_id(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as stream:
            header = next(csv.reader(stream), [])
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if set(BY_ID) <= set(header):
        return True
    if set(BY_ROW) <= set(header) or not header:
        return False  # an empty file is reported when its rows are read
    shown = ", ".join(name[:40] for name in header[:8])
    raise DataError(
        f"{path}: line 1: found the columns {shown}, expected {', '.join(BY_ROW)} or "
        f"{', '.join(BY_ID)}; rename columns"
    )
