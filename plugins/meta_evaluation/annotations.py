"""Files of human annotations: answers, and what several annotators thought of each.

A CSV file with the columns ``text`` (the post), ``label`` (the gold label), one with the generated
answer (``gpt-3.5-turbo`` in the published files) and one per kind of mark, whose cells list the
marks of all annotators: ``[3, 3, 2]``, ``null`` where one gave none. A file is a system, named by
its name; a column ``system`` names the systems of a file that holds several, a column ``aspect``
the question asked, where a dataset asks several.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi import DataError, HarnessError, post_key
from imhi.io import TableRow, read_table

POST, LABEL, SYSTEM, ASPECT = "text", "label", "system", "aspect"
ANSWER = "gpt-3.5-turbo"
# As in the published files of IMHI (human_evaluation/DR_annotation).
MARKS = ("fluency", "completeness", "reliability", "overall")
SCALE = (0.0, 3.0)


@dataclass(frozen=True)
class Annotated:
    """An answer with its marks.

    ``label`` is the cell as it stands. ``marks`` has, for each kind, a mark per annotator in the
    order of the cell; None where an annotator gave none. ``where`` names file and row.
    """

    system: str
    post: str
    label: str
    answer: str
    aspect: str
    marks: Mapping[str, tuple[float | None, ...]]
    where: str


def read_annotations(
    paths: Sequence[Path],
    answer_column: str = ANSWER,
    marks: Sequence[str] = MARKS,
    scale: tuple[float, float] = SCALE,
) -> list[Annotated]:
    """Return the answers of all files, systems in the order of the files.

    Within a system answers are sorted by content, so that the order of rows changes nothing.

    Raises:
        HarnessError: a path that is not there, a folder without CSV files.
        DataError: missing columns, a cell that is no list of marks, a mark off the ``scale``,
            different numbers of annotators within a system.
    """
    names = _system_names(annotation_files(paths))
    rows = [
        row
        for path, name in names.items()
        for row in _rows(path, name, answer_column, marks, scale)
    ]
    _check_annotators(rows)
    order = {system: number for number, system in enumerate(dict.fromkeys(r.system for r in rows))}
    rows.sort(key=lambda r: (order[r.system], post_key(r.post), r.aspect, r.answer, str(r.marks)))
    return rows


def annotation_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files meant: each path, or the CSV files in it where it is a folder; each once."""
    found: dict[Path, Path] = {}
    for path in paths:
        path = path.expanduser()
        if path.is_dir():
            inside = sorted(path.glob("*.csv"))
            if not inside:
                raise HarnessError(
                    f"{path}: found no .csv file, expected files of annotations with the columns "
                    f"{POST}, {LABEL}, the answer, and marks"
                )
        elif path.exists():
            inside = [path]
        else:
            raise HarnessError(f"{path}: no such file or folder, expected files of annotations")
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _system_names(files: Sequence[Path]) -> dict[Path, str]:
    """Return what the system in each file is called: its name, its path where names are alike."""
    stems = [file.stem for file in files]
    return {
        file: file.stem if stems.count(file.stem) == 1 else file.with_suffix("").as_posix()
        for file in files
    }


def _rows(
    path: Path,
    name: str,
    answer_column: str,
    marks: Sequence[str],
    scale: tuple[float, float],
) -> Iterator[Annotated]:
    optional = [SYSTEM, ASPECT, *(mark for mark in MARKS if mark not in marks)]
    for row in read_table(path, [POST, LABEL, answer_column, *marks], optional):
        if isinstance(row, DataError):
            raise row
        where = row.place(path)
        cells = row.cells
        if not cells[POST].strip():
            raise DataError(f"{where}: column '{POST}' is empty, expected the post")
        yield Annotated(
            system=cells.get(SYSTEM, "").strip() or name,
            post=cells[POST],
            label=cells[LABEL].strip(),
            answer=cells[answer_column],
            aspect=cells.get(ASPECT, "").strip(),
            marks={mark: _marks(row, mark, scale, where) for mark in marks},
            where=where,
        )


def _marks(
    row: TableRow, mark: str, scale: tuple[float, float], where: str
) -> tuple[float | None, ...]:
    cell = row.cells[mark]
    found = _parsed(cell)
    values = found if isinstance(found, list) else [found]
    low, high = scale
    expected = f"a list of marks from {low:g} to {high:g} such as [{high:g}, {high:g}, {low:g}]"
    if not values or any(
        value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)))
        for value in values
    ):
        raise DataError(
            f"{where}: column '{mark}': found '{cell[:40]}', expected {expected}; write null where "
            "an annotator gave no mark"
        )
    for value in values:
        if value is not None and not low <= value <= high:  # NaN is not within either
            raise DataError(
                f"{where}: column '{mark}': found the mark {value:g} in '{cell[:40]}', expected "
                f"{expected}; another range is given with --scale LOW:HIGH"
            )
    return tuple(None if value is None else float(value) for value in values)


def _parsed(cell: str) -> Any:
    """Return the value of a cell written as JSON or as Python, else the cell (no list of marks)."""
    try:
        return json.loads(cell)
    except ValueError:
        pass
    try:
        return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return cell


def _check_annotators(rows: Sequence[Annotated]) -> None:
    """See that a system's lists of one kind of mark are of one length: an annotator is a place in
    the list, so with a mark too few nobody knows whose is missing."""
    first: dict[tuple[str, str], Annotated] = {}
    for row in rows:
        for mark, values in row.marks.items():
            other = first.setdefault((row.system, mark), row)
            if len(other.marks[mark]) != len(values):
                raise DataError(
                    f"{row.where}: column '{mark}': found {len(values)} marks, expected "
                    f"{len(other.marks[mark])} as in {other.where}; write null where an annotator "
                    "gave no mark"
                )
