"""Files of answers in many forms, for tests of what reads them."""

from __future__ import annotations

import csv
import functools
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from imhi import ThoughtFormat, load_plugins
from imhi.plugins.importing.answer_parts import Parts
from imhi.plugins.importing.files import find_answer_files
from imhi.tasks.depression_detection import imhi_tasks

DATASETS = {dataset.name: dataset for task in imhi_tasks() for dataset in task.datasets}
HEADER = ("goldens", "generated_text")
Rows = Sequence[tuple[str, str]]


def delimited(separator: str, encoding: str = "utf-8", opening: str = "") -> Callable[..., Path]:
    """Return what writes a table with this separator in this encoding."""

    def write(path: Path, rows: Rows, header: Sequence[str] = HEADER) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = gzip.open if path.suffix == ".gz" else open
        with packed(path, "wt", encoding=encoding, newline="") as stream:
            stream.write(opening)
            csv.writer(stream, delimiter=separator).writerows([header, *rows])
        return path

    return write


def jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write one object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def workbook(path: Path, rows: Rows, header: Sequence[str] = HEADER) -> Path:
    """Write the first sheet of a workbook."""
    import openpyxl

    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append(row)
    book.save(path)
    return path


def read(path: Path, **said: Any) -> tuple[list[Parts], list[str]]:
    """Return the parts of every row of a file of DR, and what was remarked of it."""
    said.setdefault("dataset", "DR")
    said.setdefault("formats", _thought_formats())
    (file,) = find_answer_files(path, DATASETS, **said).files.values()
    remarks: list[str] = []
    return [answer.parts for answer in file.answers(remarks.append)], remarks


@functools.cache
def _thought_formats() -> tuple[ThoughtFormat, ...]:
    return tuple(load_plugins().registry.thought_formats)


def texts(path: Path, **said: Any) -> list[str]:
    """Return the answers of a file of DR."""
    return [parts.text for parts in read(path, **said)[0]]
