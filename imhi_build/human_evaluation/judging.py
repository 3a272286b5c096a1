"""One sheet against the sample: its good marks, and a problem for everything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from imhi.build.human_evaluation.cells import edited, given, item_id, whole_number, words
from imhi.build.human_evaluation.items import Item, shown
from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.problems import Problem, problem, some
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
from imhi.io import Marking


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
    """Return the good marks of a file, and its problems; None where it is of another sample."""
    items = {item.id: item for item in sample.items()}
    criteria = sample.scheme.names
    rows: dict[str, list[SheetRow]] = {}
    for row in file.rows:
        rows.setdefault(item_id(row), []).append(row)
    if rows and rows.keys().isdisjoint(items):
        ids, first = some(list(rows)), next(iter(items))
        other = problem(
            "no item", file.path, rows=len(file.rows), some=ids, sample=sample.name, first=first
        )
        return None, [other]
    problems = [*_columns(file, criteria), *_strange_rows(file, rows, items)]
    marks: dict[str, dict[str, int]] = {}
    comments: dict[str, str] = {}
    lost: set[str] = set()
    for id_, item in items.items():
        if id_ not in rows:
            continue
        trusted = _trusted(file, item, rows[id_], criteria, problems)
        if trusted is None:
            lost.add(id_)
            continue
        if good := _marks(file, item.id, trusted, criteria, problems):
            marks[id_] = good
        if comment := words(unguarded(str(trusted.cells.get(COMMENT) or ""))):
            comments[id_] = comment
    there = {id_: rows[id_][0] for id_ in items if id_ in rows and id_ not in lost}
    problems += _missing(
        file, criteria, [id_ for id_ in items if id_ not in rows], there, len(items)
    )
    return ReadSheet(annotator, str(file.path), len(file.rows), marks, comments), problems


def _columns(file: SheetFile, criteria: Sequence[str]) -> Iterator[Problem]:
    known = {ITEM, *TEXTS, *criteria, COMMENT, ANNOTATOR, SAMPLE}
    listed = ", ".join(criteria)
    for name in criteria:
        if name not in file.columns:
            yield problem("missing column", file.path, column=name, criteria=listed)
    for name in file.columns:
        if name not in known:
            yield problem("unknown column", file.path, column=shown(name)[:40], criteria=listed)


def _strange_rows(
    file: SheetFile, rows: Mapping[str, Sequence[SheetRow]], items: Mapping[str, Item]
) -> Iterator[Problem]:
    for id_, same in rows.items():
        if id_ not in items:
            item = f"the item '{shown(id_)[:40]}'" if id_ else "no item"
            yield from (problem("unknown item", file.path, row.where, item=item) for row in same)


def _trusted(
    file: SheetFile,
    item: Item,
    rows: Sequence[SheetRow],
    criteria: Sequence[str],
    problems: list[Problem],
) -> SheetRow | None:
    """Return the row of an item, if there is one that can be trusted."""
    good: list[SheetRow] = []
    for row in rows:
        where = f"{row.where} ({item.id})"
        other = [column for column, text in item.texts().items() if edited(row, column, text)]
        if row.beyond:
            problems.append(problem("cells beyond", file.path, where, [item.id], cells=row.beyond))
        elif other:
            columns = ", ".join(other)
            problems.append(problem("edited text", file.path, where, [item.id], columns=columns))
        else:
            good.append(row)
    if len(good) < 2:
        return good[0] if good else None
    marks = [[given(row.cells.get(criterion)) for criterion in criteria] for row in good]
    alike = all(one == marks[0] for one in marks)
    problems.append(
        problem(
            "doubled row" if alike else "doubled row with other marks",
            file.path,
            f"{good[0].where} ({item.id})",
            [item.id],
            others=", ".join(row.where for row in good[1:]),
        )
    )
    return good[0] if alike else None


def _marks(
    file: SheetFile, id_: str, row: SheetRow, criteria: Sequence[str], problems: list[Problem]
) -> dict[str, int]:
    good: dict[str, int] = {}
    for criterion in criteria:
        value = row.cells.get(criterion)
        if given(value) == "":
            continue
        mark = whole_number(value)
        if mark in Marking.MARKS:
            good[criterion] = mark
            continue
        case = "not a mark" if mark is None else "off the scale"
        where, cell = f"{row.where} ({id_})", shown(str(value))[:30]
        problems.append(
            problem(case, file.path, where, [id_], cell=cell, criterion=criterion, allowed=ALLOWED)
        )
    return good


def _missing(
    file: SheetFile,
    criteria: Sequence[str],
    gone: Sequence[str],
    rows: Mapping[str, SheetRow],
    total: int,
) -> Iterator[Problem]:
    """Say what a sheet of ``total`` items should have and has not: rows, and cells that are empty."""
    if gone:
        there = total - len(gone)
        yield problem("missing rows", file.path, "", gone, there=there, all=total, some=some(gone))
    asked = [criterion for criterion in criteria if criterion in file.columns]
    empty: list[str] = []
    for id_, row in rows.items():
        left = [name for name in asked if given(row.cells.get(name)) == ""]
        if left and left == asked:
            empty.append(id_)
        elif left:
            where, columns = f"{row.where} ({id_})", ", ".join(left)
            yield problem(
                "missing marks", file.path, where, [id_], columns=columns, allowed=ALLOWED
            )
    if empty:
        yield problem(
            "items without marks",
            file.path,
            items=empty,
            empty=len(empty),
            all=total,
            some=some(empty),
            allowed=ALLOWED,
        )
