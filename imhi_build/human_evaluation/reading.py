"""Sheets are held against the sample: good marks are taken, everything else is a problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imhi.build.human_evaluation.items import shown
from imhi.build.human_evaluation.judging import ReadSheet, judged
from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.problems import Problem, problem
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
    seen: set[Path] = set()
    for path in paths:
        if path.resolve() in seen:
            problems.append(problem("given twice", path))
            continue
        seen.add(path.resolve())
        try:
            file = read_sheet(path)
        except Unreadable as error:
            problems.append(problem(error.case, path, "", (), **error.values))
            continue
        if file.sample and file.sample != sample.digest:
            other, digest = file.sample[:16], sample.digest
            problems.append(
                problem("other sample", path, other=other, sample=sample.name, digest=digest)
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
    return problem("same annotator", Path(out.file), annotator=out.annotator, file_read=kept.file)
