"""The report: what the marks of a sample come to, and what is wrong with its sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from imhi.build.human_evaluation.figures import (
    ALL,
    ENOUGH,
    AnnotatorFigures,
    CriterionFigures,
    Disagreement,
    MarkTable,
    annotator_figures,
    criterion_figures,
    disagreements,
    mark_table,
)
from imhi.build.human_evaluation.items import shown
from imhi.build.human_evaluation.kept_sample import Sample
from imhi.build.human_evaluation.problems import some
from imhi.build.human_evaluation.reading import ReadBack
from imhi.build.human_evaluation.scheme import COMMENT, ITEM, TEXTS, scheme_digest
from imhi.build.human_evaluation.whole_files import write_csv
from imhi.io import Marking, write_json

FORMAT = 1
REPORT, MARK_FILE, APART_FILE = "report.json", "marks.csv", "disagreements.csv"
_ONE_SIDED, _LENIENT = 0.8, 0.5


@dataclass(frozen=True)
class Report:
    """``panels``: figures per criterion by dataset, ``all`` first; ``remarks`` are sentences on how
    to read them."""

    sample: Sample
    read: ReadBack
    table: MarkTable
    panels: Mapping[str, Sequence[CriterionFigures]]
    annotators: Sequence[AnnotatorFigures]
    apart: Sequence[Disagreement]
    remarks: Sequence[str]

    @property
    def counted(self) -> int:
        """How many marks count."""
        return int((~np.isnan(self.table.values)).sum())

    def problem_counts(self) -> dict[str, int]:
        """Return how many problems there are of each kind."""
        return dict(Counter(problem.kind for problem in self.read.problems))

    def to_json(self) -> dict[str, object]:
        """Return everything but texts: no post and no explanation is in it."""
        return {
            "format": FORMAT,
            "name": self.sample.name,
            "sample": self.sample.digest,
            "scheme": {
                "file": self.sample.scheme.file,
                "digest": scheme_digest(self.sample.scheme),
            },
            "items": len(self.sample.rows),
            "sheets": [
                {
                    "annotator": sheet.annotator,
                    "file": sheet.file,
                    "rows": sheet.rows,
                    "items_marked": len(sheet.marks),
                    "comments": len(sheet.comments),
                }
                for sheet in self.read.sheets
            ],
            "criteria": {
                panel: [one.to_json() for one in figures] for panel, figures in self.panels.items()
            },
            "annotators": [asdict(one) for one in self.annotators],
            "disagreements": [asdict(one) for one in self.apart],
            "problem_counts": self.problem_counts(),
            "problems": [problem.to_json() for problem in self.read.problems],
            "notes": [*self.read.notes],
            "remarks": [*self.remarks],
        }


def make_report(sample: Sample, read: ReadBack) -> Report:
    """Compute the figures."""
    table = mark_table(sample, read.sheets)
    panels = {ALL: criterion_figures(table, sample)}
    marked = Counter(
        row.dataset for row in sample.rows if any(row.key in sheet.marks for sheet in read.sheets)
    )
    datasets = list(dict.fromkeys(row.dataset for row in sample.rows))
    few = [dataset for dataset in datasets if 0 < marked[dataset] < ENOUGH]
    if len(datasets) > 1:
        for dataset in datasets:
            if marked[dataset] >= ENOUGH:
                panels[dataset] = criterion_figures(table, sample, dataset)
    annotators = annotator_figures(table)
    remarks = [
        *_undefined(panels),
        *_one_sided(panels[ALL]),
        *_lenient(annotators),
        *_weights(sample),
        *_few(panels, few if len(datasets) > 1 else ()),
    ]
    return Report(sample, read, table, panels, annotators, disagreements(table), remarks)


def _undefined(panels: Mapping[str, Sequence[CriterionFigures]]) -> Iterator[str]:
    """Say once for each reason which coefficients have no value; what holds for all items goes
    without saying for a dataset."""
    reasons: dict[tuple[str, str], dict[str, list[str]]] = {}
    for panel, figures in panels.items():
        for one in figures:
            for name, coefficient in one.coefficients().items():
                everywhere = reasons.get((name, coefficient.why), {}).get(ALL, [])
                if coefficient.why and (panel == ALL or one.criterion not in everywhere):
                    places = reasons.setdefault((name, coefficient.why), {})
                    places.setdefault(panel, []).append(one.criterion)
    alike: dict[tuple[str, str], list[str]] = {}
    for (name, why), places in reasons.items():
        where = "; ".join(
            f"{'' if panel == ALL else f'{panel}: '}"
            f"{'every criterion' if len(names) == len(panels[panel]) else ', '.join(names)}"
            for panel, names in places.items()
        )
        alike.setdefault((where, why), []).append(name)
    for (where, why), coefficients in alike.items():
        yield f"{', '.join(coefficients)} undefined for {where}: {why}"


def _few(panels: Mapping[str, Sequence[CriterionFigures]], few: Sequence[str]) -> Iterator[str]:
    if few:
        yield f"fewer than {ENOUGH} marked items, no figures of their own: {some(few)}"
    if any(
        coefficient.value is not None and coefficient.n < ENOUGH
        for panel, figures in panels.items()
        for one in figures
        for coefficient in (one.coefficients().values() if panel != ALL else ())
    ):
        yield f"by dataset, agreement on fewer than {ENOUGH} items is not shown (it is in {REPORT})"


def _one_sided(figures: Sequence[CriterionFigures]) -> Iterator[str]:
    for one in figures:
        most = max(one.counts, default=0)
        if one.kappa.value is not None and most >= _ONE_SIDED * one.marks:
            yield (
                f"{one.criterion}: {most / one.marks:.0%} of the marks are "
                f"{Marking.MARKS[one.counts.index(most)]}; where marks hardly differ, kappa and alpha "
                "are low however well annotators agree: look at the percent agreement, too"
            )


def _lenient(figures: Sequence[AnnotatorFigures]) -> Iterator[str]:
    for one in figures:
        if one.difference is not None and abs(one.difference) >= _LENIENT and one.shared >= ENOUGH:
            way = "more lenient" if one.difference > 0 else "stricter"
            yield (
                f"{one.annotator} is {way} than the others on {one.criterion}: {one.difference:+.2f} "
                f"on {one.shared} items"
            )


def _weights(sample: Sample) -> Iterator[str]:
    if sample.how.shares == "equal" and len({row.dataset for row in sample.rows}) > 1:
        yield (
            "datasets have equal shares of the sample: the figures over all items weigh them alike, "
            "not by their rows"
        )


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write ``report.json``, ``marks.csv`` and ``disagreements.csv``, each whole or not at all.

    The CSV files hold comments, and the last one posts: they are readable by their owner only.

    Raises:
        HarnessError: the folder cannot be written to.
    """
    paths = [folder / name for name in (REPORT, MARK_FILE, APART_FILE)]
    criteria, rows = report.table.criteria, {row.key: row for row in report.sample.rows}
    write_json(paths[0], report.to_json())
    write_csv(
        paths[1],
        (ITEM, "dataset", "gold_label", "annotator", *criteria, COMMENT),
        (
            (
                *(row.key, row.dataset, row.label, sheet.annotator),
                *(sheet.marks.get(row.key, {}).get(criterion, "") for criterion in criteria),
                sheet.comments.get(row.key, ""),
            )
            for row in rows.values()
            for sheet in report.read.sheets
        ),
    )
    items = {item.id: item for item in report.sample.items()}
    names = report.table.annotators
    write_csv(
        paths[2],
        (ITEM, "criterion", "spread", *(f"mark of {name}" for name in names), *TEXTS, "comments"),
        (
            (
                *(one.item, one.criterion, one.spread),
                *(one.marks.get(name, "") for name in names),
                *items[one.item].texts().values(),
                _comments(report.read, one.item),
            )
            for one in report.apart
        ),
    )
    return paths


def _comments(read: ReadBack, item: str) -> str:
    found = ((sheet.annotator, sheet.comments.get(item, "")) for sheet in read.sheets)
    return "\n".join(f"{name}: {shown(text)}" for name, text in found if text)
