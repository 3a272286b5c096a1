"""Draws a sample, records it, and writes the sheets of each annotator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from imhi import HarnessError, Registry, UnknownName
from imhi.build.folder import BuildFolder
from imhi.build.human_evaluation.drawing import Drawn, draw
from imhi.build.human_evaluation.items import shuffled
from imhi.build.human_evaluation.kept_sample import (
    RECORD,
    Drawing,
    Sample,
    annotation_folder,
    read_sample,
    write_sample,
)
from imhi.build.human_evaluation.page import page
from imhi.build.human_evaluation.shares import Shares
from imhi.build.human_evaluation.whole_files import write_bytes
from imhi.build.human_evaluation.workbook import workbook
from imhi.build.records import BuiltRow
from imhi.io import Marking

Of = Literal["kept", "all"]
_ANNOTATOR = re.compile(r"\w[\w .-]{0,39}")
_MOST = 50


@dataclass(frozen=True)
class Plan:
    """What to draw: ``of`` the rows that are ``kept`` (explained, not quarantined) or ``all`` that
    are explained; ``datasets`` empty for all of the build."""

    name: str
    size: int
    seed: int
    shares: Shares
    of: Of
    datasets: tuple[str, ...]
    annotators: tuple[str, ...]
    scheme: Marking


@dataclass(frozen=True)
class Written:
    """What was drawn and written. ``kept`` are sheets that were there and are left as they are;
    ``cut`` says which items' texts are longer than a cell of Excel."""

    folder: Path
    sample: Sample
    drawn: Drawn
    files: tuple[Path, ...]
    kept: tuple[Path, ...]
    cut: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Return what was done, without texts."""
        return {
            "folder": str(self.folder),
            "name": self.sample.name,
            "digest": self.sample.digest,
            "items": [row.key for row in self.sample.rows],
            **asdict(self.sample.how),
            "annotators": list(self.sample.annotators),
            "written": [path.name for path in self.files],
            "kept": [path.name for path in self.kept],
            "cut": [list(one) for one in self.cut],
            "notes": list(self.notes),
        }


def annotator_names(text: str) -> tuple[str, ...]:
    """Return the annotators: names with commas between them, or their number.

    Raises:
        HarnessError: a name that would not do as the name of a file, or given twice; too many.
    """
    text = text.strip()
    if text.isdecimal():
        if not 1 <= int(text) <= _MOST:
            raise HarnessError(f"--annotators: found {text}, expected 1 to {_MOST}, or names")
        return tuple(f"annotator-{number}" for number in range(1, int(text) + 1))
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not _ANNOTATOR.fullmatch(name):
            raise HarnessError(
                f"--annotators: found '{name}', expected names of up to 40 letters, digits, spaces, "
                "'.', '-' and '_', with commas between them: files are called by them"
            )
    folded = [name.casefold() for name in names]
    if doubled := [name for name in names if folded.count(name.casefold()) > 1]:
        raise HarnessError(f"--annotators: found '{doubled[0]}' twice, expected each name once")
    if len(names) > _MOST:
        raise HarnessError(f"--annotators: found {len(names)} names, expected at most {_MOST}")
    return tuple(names)


def make_sample(build: BuildFolder, plan: Plan, registry: Registry) -> Written:
    """Draw the sample and write its record and all sheets that are not there yet.

    The same command does no harm to sheets people are working on, and adds those of annotators that
    are new.

    Raises:
        HarnessError: nothing to draw from, an unknown dataset or label, another sample of that
            name, a missing package, a folder that cannot be written to.
    """
    folder = annotation_folder(build.path, plan.name)
    datasets = _datasets(build.datasets(), plan.datasets)
    rows = build.kept if plan.of == "kept" else build.rows
    drawn = draw(rows, datasets, plan.size, plan.seed, plan.shares)
    sample = Sample(
        plan.name,
        drawn.rows,
        _sentences(drawn.rows, registry),
        plan.scheme,
        plan.seed,
        plan.annotators,
        Drawing(
            plan.size,
            plan.shares,
            plan.of,
            datasets,
            [
                {"dataset": name, "label": label, "rows": count, "drawn": drawn.taken[name, label]}
                for (name, label), count in drawn.available.items()
            ],
            drawn.doubled,
        ),
    )
    before = read_sample(folder)
    if before is not None:
        sample = _joined(before, sample, folder)
    write_sample(folder, sample)
    files, kept, cut = _sheets(folder, sample)
    return Written(folder, sample, drawn, files, kept, cut, tuple(_notes(plan, drawn)))


def _datasets(all_of_them: Sequence[str], wanted: Sequence[str]) -> list[str]:
    known = {name.lower(): name for name in all_of_them}
    for name in wanted:
        if name.lower() not in known:
            raise UnknownName("dataset", name, all_of_them, "those of this build")
    chosen = {known[name.lower()] for name in wanted}
    return [name for name in all_of_them if not wanted or name in chosen]


def _sentences(rows: Iterable[BuiltRow], registry: Registry) -> dict[str, dict[str, str]]:
    """Return the sentences of the labels in use, by dataset and label."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        labels = found.setdefault(row.dataset, {})
        if row.label not in labels:
            labels[row.label] = registry.datasets.get(row.dataset).label(row.label).sentence
    return found


def _joined(before: Sample, sample: Sample, folder: Path) -> Sample:
    """Return the sample with the annotators it has and the new ones."""
    if before.digest != sample.digest:
        same = _ids(before) == _ids(sample)
        what = "another wording" if same else "other items"
        raise HarnessError(
            f"{folder / RECORD}: found a sample called '{sample.name}' with {what}, and "
            "sheets people may be working on; expected the same or none: choose another --name, or "
            "remove the folder"
        )
    new = [
        name
        for name in sample.annotators
        if name.casefold() not in {old.casefold() for old in before.annotators}
    ]
    return replace(sample, annotators=(*before.annotators, *new))


def _ids(sample: Sample) -> list[str]:
    return [row.key for row in sample.rows]


def _sheets(
    folder: Path, sample: Sample
) -> tuple[tuple[Path, ...], tuple[Path, ...], tuple[tuple[str, str], ...]]:
    """Write the sheets; return those written, those that were there, and texts that were cut."""
    items, digest = sample.items(), sample.digest
    written: list[Path] = []
    kept: list[Path] = []
    cut: tuple[tuple[str, str], ...] = ()
    for annotator in sample.annotators:
        order = shuffled(items, sample.seed, digest, annotator)
        for ending in (".xlsx", ".html"):
            path = folder / f"{annotator}{ending}"
            if path.exists():
                kept.append(path)
                continue
            if ending == ".xlsx":
                book = workbook(order, sample.scheme, annotator, digest, sample.name)
                data, cut = book.data, book.cut
            else:
                data = page(order, sample.scheme, annotator, digest, sample.name)
            write_bytes(path, data)
            written.append(path)
    return tuple(written), tuple(kept), tuple(sorted(cut))


def _notes(plan: Plan, drawn: Drawn) -> Iterable[str]:
    total = sum(drawn.available.values())
    if total < plan.size:
        yield f"{total} rows have an explanation, fewer than the {plan.size} asked for: all were drawn"
    left = [stratum for stratum, count in drawn.taken.items() if not count]
    if left:
        names = ", ".join("/".join(stratum) for stratum in left[:5])
        yield (
            f"{len(left)} of {len(drawn.taken)} strata gave no row ({names}"
            f"{', ...' if len(left) > 5 else ''}): a larger --size reaches them all"
        )
    if drawn.doubled:
        yield f"{drawn.doubled} rows share their post with another row of the sample: no others are left"
