"""Sheets are held against the sample: good marks are taken, everything else is a problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imhi.build.human_evaluation.items import shown
from imhi.build.human_evaluation.judging import ReadSheet, judged
from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.problems import Problem, of_file
from imhi.build.human_evaluation.sheet_files import Unreadable, read_sheet


@dataclass(frozen=True)
class ReadBack:
    """What all files came to."""

    sheets: Sequence[ReadSheet]
    problems: Sequence[Problem]
    notes: Sequence[str] = field(default=())


def read_back(paths: Sequence[Path], sample: Sample) -> ReadBack:
    """Read the sheets of a sample. Nothing a file holds is an error here: it is a problem.

    Raises:
        HarnessError: openpyxl is not installed.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    good: dict[str, tuple[ReadSheet, list[Problem]]] = {}
    seen: dict[Path, Path] = {}
    for path in paths:
        if path.resolve() in seen:
            problems.append(
                of_file(
                    "given twice", path, "the file a second time", "each file once", "name it once"
                )
            )
            continue
        seen[path.resolve()] = path
        try:
            file = read_sheet(path)
        except Unreadable as error:
            problems.append(of_file("unreadable", path, error.found, error.expected, error.do))
            continue
        if file.sample and file.sample != sample.digest:
            problems.append(
                of_file(
                    "other sample",
                    path,
                    f"a sheet of another sample ({file.sample[:16]})",
                    f"one of '{sample.name}' ({sample.digest})",
                    "name its sample with --name: nothing of this file was counted",
                )
            )
            continue
        annotator = shown(file.annotator)[:60] or path.stem
        if not file.sample:
            notes.append(f"{path} does not say which sample it is of: its items were looked up")
        sheet, found = judged(file, annotator, sample)
        if sheet is None:
            problems += found
            continue
        kept = good.get(annotator.casefold())
        if kept is None:
            good[annotator.casefold()] = sheet, found
        elif sheet.marks and not kept[0].marks:
            # Of a blank sheet and one with marks, that with marks is meant.
            good[annotator.casefold()] = sheet, found
            problems.append(_same_annotator(sheet, kept[0]))
        else:
            problems.append(_same_annotator(kept[0], sheet))
    sheets = [sheet for sheet, _ in good.values()]
    problems += [problem for _, found in good.values() for problem in found]
    return ReadBack(sheets, problems, [*notes, *_strangers(sheets, sample)])


def _strangers(sheets: Sequence[ReadSheet], sample: Sample) -> Iterator[str]:
    expected = {name.casefold(): name for name in sample.annotators}
    read = {sheet.annotator.casefold() for sheet in sheets}
    for sheet in sheets:
        if sheet.annotator.casefold() not in expected:
            yield f"{sheet.file} is of '{sheet.annotator}', for whom no sheet was made"
    missing = [name for key, name in expected.items() if key not in read]
    if missing:
        yield f"no sheet was read of {', '.join(missing)}"


def _same_annotator(kept: ReadSheet, out: ReadSheet) -> Problem:
    return of_file(
        "same annotator",
        Path(out.file),
        f"a sheet of '{out.annotator}', of whom {kept.file} was read",
        "one sheet for each annotator",
        "leave one of the two out, or name the other annotator in it: nothing of this file was "
        "counted",
    )
