"""Rows of the published files, written out as the raw files of their datasets are laid out."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.sources import open_source

YES_NO = {"yes": "1", "no": "0"}
SAD = {
    "school": "School",
    "financial problem": "Financial Problem",
    "family issues": "Family Issues",
    "social relationships": "Social Relationships",
    "work": "Work",
    "health issues": "Health, Fatigue, or Physical Pain",
    "emotion turmoil": "Emotional Turmoil",
    "everyday decision making": "Everyday Decision Making",
    "other": "Other",
}
WELLNESS = ("spiritual", "physical", "intellectual", "social", "vocational", "emotional")
RISKS = ("thwarted belongingness", "perceived burdensomeness")


def write_layouts(imhi: Path, folder: Path, registry: Registry) -> list[str]:
    """Write DR, dreaddit, SAD, IRF and MultiWD; return the ``--raw`` arguments that read them."""
    _, source = open_source(f"official:{imhi}", registry)

    def rows(dataset: str, *splits: str) -> list[Example]:
        there = source.splits(dataset)
        return [e for s in splits if s in there for e in source.examples(dataset, s)]

    for split in ("train", "val", "test"):
        dr = rows("DR", split)
        _csv(folder / "dr" / f"{split}.csv", ("text", "label"), _pairs(dr))
        _excel(
            folder / "sad" / f"{split}.xlsx",
            ("sID", "sentence", "original_label"),
            ((n, e.post, SAD[e.label]) for n, e in enumerate(rows("SAD", split))),
        )
    for file, splits in (("train", ("train",)), ("test", ("val", "test"))):
        dreaddit = rows("dreaddit", *splits)
        _csv(
            folder / "dreaddit" / f"dreaddit-{file}.csv",
            ("subreddit", "id", "text", "label", "confidence"),
            (("none", n, e.post, YES_NO[e.label], 0.8) for n, e in enumerate(dreaddit)),
        )
    for split in ("val", "test"):
        posts = _answers(rows("IRF", split))
        _csv(
            folder / "irf" / f"{split}_data.csv",
            ("", "text", "belong", "belong_exp", "burden", "burden_exp"),
            (
                (n, post, found.get(RISKS[0], ""), "", found.get(RISKS[1], ""), "")
                for n, (post, found) in enumerate(posts)
            ),
        )
    wellness = [*_answers(rows("MultiWD", "val")), *_answers(rows("MultiWD", "test"))]
    _csv(
        folder / "multiwd" / "test_data.csv",
        ("text", *(name.capitalize() for name in WELLNESS)),
        ((post, *(found.get(name, "") for name in WELLNESS)) for post, found in wellness),
    )
    names = ("dr", "dreaddit", "sad", "irf", "multiwd")
    return [f"{name}={folder / name}" for name in names if (folder / name).is_dir()]


def _pairs(rows: Sequence[Example]) -> Iterable[tuple[str, str]]:
    return ((row.post, YES_NO[row.label]) for row in rows)


def _answers(rows: Sequence[Example]) -> list[tuple[str, dict[str, str]]]:
    """Return each post with its labels by aspect, in the order of the posts."""
    posts: dict[str, dict[str, str]] = {}
    for row in rows:
        posts.setdefault(row.post, {})[row.aspect] = YES_NO[row.label]
    return list(posts.items())


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    rows = list(rows)
    if not rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)


def _excel(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    import openpyxl

    rows = list(rows)
    if not rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(columns))
    for row in rows:
        sheet.append(list(row))
    book.save(path)
