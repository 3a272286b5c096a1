"""One sheet against the sample: its good marks, and a problem for everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from imhi.build.human_evaluation.cells import edited, given, item_id, whole_number, words
from imhi.build.human_evaluation.items import Item, shown
from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.problems import Kind, Problem, of_file, some
from imhi.build.human_evaluation.scheme import (
    ALLOWED,
    ANNOTATOR,
    COMMENT,
    ITEM,
    SAMPLE,
    TEXTS,
)
from imhi.build.human_evaluation.sheet_files import SheetFile, SheetRow
from imhi.build.human_evaluation.whole_files import unguarded
from imhi.io import MARKS


@dataclass(frozen=True)
class ReadSheet:
    """One annotator's marks. ``marks``: by item, by criterion, in the order of the sample, only
    what was given; ``comments`` by item; ``rows`` is how many the file had."""

    annotator: str
    file: str
    rows: int
    marks: Mapping[str, Mapping[str, int]]
    comments: Mapping[str, str]


def judged(
    file: SheetFile, annotator: str, sample: Sample
) -> tuple[ReadSheet | None, list[Problem]]:
    """Return the good marks of a file, and its problems."""
    name = str(file.path)
    items = {item.id: item for item in sample.items()}
    problems: list[Problem] = []
    rows: dict[str, list[SheetRow]] = {}
    for row in file.rows:
        rows.setdefault(item_id(row), []).append(row)
    known = [id_ for id_ in rows if id_ in items]
    if rows and not known:
        problems.append(
            Problem(
                "other sample",
                name,
                "",
                f"no item of this sample among {len(file.rows)} rows ({some(list(rows))})",
                f"the items of '{sample.name}', such as {next(iter(items))}",
                "name its sample with --name: nothing of this file was counted",
            )
        )
        return None, problems
    problems += _columns(file, sample)
    problems += _strange_rows(name, rows, items)
    marks: dict[str, dict[str, int]] = {}
    comments: dict[str, str] = {}
    lost: set[str] = set()
    for id_, item in items.items():
        if id_ not in rows:
            continue
        trusted, found = _one_row(name, item, rows[id_], sample.scheme.names)
        problems += found
        if trusted is None:
            lost.add(id_)
            continue
        good, found = _marks(name, item.id, trusted, sample.scheme.names)
        problems += found
        if good:
            marks[id_] = good
        if comment := words(unguarded(str(trusted.cells.get(COMMENT) or ""))):
            comments[id_] = comment
    problems += _missing(file, sample, items, rows, lost)
    return ReadSheet(annotator, name, len(file.rows), marks, comments), problems


def _columns(file: SheetFile, sample: Sample) -> Iterator[Problem]:
    known = {ITEM, *TEXTS, *sample.scheme.names, COMMENT, ANNOTATOR, SAMPLE}
    for name in sample.scheme.names:
        if name not in file.columns:
            yield of_file(
                "missing column",
                file.path,
                f"no column '{name}'",
                f"the columns {', '.join(sample.scheme.names)}",
                "put it back: nobody knows these marks",
            )
    for name in file.columns:
        if name not in known:
            yield of_file(
                "unknown column",
                file.path,
                f"a column '{shown(name)[:40]}'",
                f"no others than {', '.join(sample.scheme.names)} beside those of the item",
                "remove it, or call it what it was: its cells were not read",
            )


def _strange_rows(
    name: str, rows: Mapping[str, Sequence[SheetRow]], items: Mapping[str, Item]
) -> Iterator[Problem]:
    for id_, same in rows.items():
        if id_ not in items:
            for row in same:
                yield Problem(
                    "unknown item",
                    name,
                    row.where,
                    f"the item '{shown(id_)[:40]}'" if id_ else "no item",
                    "an item of the sample",
                    "put the row's item back, or remove the row: it was not counted",
                )


def _one_row(
    name: str, item: Item, rows: Sequence[SheetRow], criteria: Sequence[str]
) -> tuple[SheetRow | None, list[Problem]]:
    """Return the row of an item, if there is one that can be trusted."""
    problems: list[Problem] = []
    good: list[SheetRow] = []
    for row in rows:
        where = f"{row.where} ({item.id})"
        other = [column for column, text in item.texts().items() if edited(row, column, text)]
        if row.beyond:
            problems.append(
                Problem(
                    "cells beyond",
                    name,
                    where,
                    f"{row.beyond} cells more than columns",
                    "a cell for each column: marks may stand in the wrong ones",
                    "put quotes around cells that hold commas: the row was not counted",
                    (item.id,),
                )
            )
        elif other:
            problems.append(
                Problem(
                    "edited text",
                    name,
                    where,
                    f"another text under '{', '.join(other)}' than was handed out",
                    "that of the sample: the marks may belong to another item",
                    "put the text back (was a column sorted by itself?): the row was not counted",
                    (item.id,),
                )
            )
        else:
            good.append(row)
    if len(good) < 2:
        return (good[0] if good else None), problems
    marks = [[given(row.cells.get(criterion)) for criterion in criteria] for row in good]
    alike = all(one == marks[0] for one in marks)
    others = ", ".join(row.where for row in good[1:])
    problems.append(
        Problem(
            "doubled row",
            name,
            f"{good[0].where} ({item.id})",
            f"the item again in {others}, with {'the same' if alike else 'other'} marks",
            "each item once",
            "remove all rows but one: "
            + ("the marks were counted once" if alike else "none of them was counted"),
            (item.id,),
        )
    )
    return (good[0] if alike else None), problems


def _marks(
    name: str, id_: str, row: SheetRow, criteria: Sequence[str]
) -> tuple[dict[str, int], list[Problem]]:
    good: dict[str, int] = {}
    problems = []
    for criterion in criteria:
        value = row.cells.get(criterion)
        if given(value) == "":
            continue
        mark = whole_number(value)
        if mark in MARKS:
            good[criterion] = mark
            continue
        kind: Kind = "not a mark" if mark is None else "off the scale"
        problems.append(
            Problem(
                kind,
                name,
                f"{row.where} ({id_})",
                f"'{shown(str(value))[:30]}' under '{criterion}'",
                ALLOWED,
                "give one of these: the mark was not counted",
                (id_,),
            )
        )
    return good, problems


def _missing(
    file: SheetFile,
    sample: Sample,
    items: Mapping[str, Item],
    rows: Mapping[str, Sequence[SheetRow]],
    lost: set[str],
) -> Iterator[Problem]:
    """Say what a sheet should have and has not: rows, and cells that are empty."""
    name = str(file.path)
    gone = [id_ for id_ in items if id_ not in rows]
    if gone:
        yield Problem(
            "missing rows",
            name,
            "",
            f"{len(items) - len(gone)} of the {len(items)} items; without {some(gone)}",
            "all of them",
            "put the rows back: nobody knows these marks",
            tuple(gone),
        )
    criteria = [criterion for criterion in sample.scheme.names if criterion in file.columns]
    empty: list[str] = []
    for id_ in items:
        for row in () if id_ in lost else rows.get(id_, ())[:1]:
            left = [name for name in criteria if given(row.cells.get(name)) == ""]
            if left and left == criteria:
                empty.append(id_)
            elif left:
                yield Problem(
                    "missing marks",
                    name,
                    f"{row.where} ({id_})",
                    f"nothing under '{', '.join(left)}'",
                    ALLOWED,
                    "mark it",
                    (id_,),
                )
    if empty:
        yield Problem(
            "missing marks",
            name,
            "",
            f"{len(empty)} of {len(items)} items without any mark ({some(empty)})",
            f"{ALLOWED} for each",
            "finish the sheet",
            tuple(empty),
        )
