"""What becomes of sheets that were handed out: changed, saved as something else, and read back."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
from annotation_samples import CRITERIA

from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.problems import Problem
from imhi.build.human_evaluation.reading import ReadBack

N = 6
"""How many items the fixture ``sample`` has."""


def changed(path: Path, change: Callable[[Any], None]) -> Path:
    """Do something to the worksheet of marks."""
    book = openpyxl.load_workbook(path)
    change(book["marks"])
    book.save(path)
    return path


def table(path: Path) -> list[list[Any]]:
    rows = openpyxl.load_workbook(path)["marks"].iter_rows(values_only=True)
    return [["" if cell is None else cell for cell in cells] for cells in rows]


def as_csv(path: Path, rows: list[list[Any]], **how: Any) -> Path:
    encoding = how.pop("encoding", "utf-8")
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, **how).writerows(rows)
    return path


def page_file(path: Path, sample: Sample, **changes: Any) -> Path:
    items = [
        {"item": item.id, "marks": dict.fromkeys(CRITERIA, 2), "comment": ""}
        for item in sample.items()
    ]
    value = {
        "kind": "imhi-annotation", "format": 1, "sample": sample.digest, "annotator": "anna",
        "criteria": list(CRITERIA), "items": items, **changes,
    }  # fmt: skip
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def one(found: ReadBack) -> Problem:
    (problem,) = found.problems
    line = problem.line()
    assert "\n" not in line and "expected" in line and ";" in line and problem.file in line
    assert "deadline" not in line, "a post must not be printed"
    return problem


def kept(found: ReadBack) -> int:
    """How many marks were counted."""
    return sum(len(marks) for sheet in found.sheets for marks in sheet.marks.values())
