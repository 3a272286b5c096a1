"""All scores: every headline measure that scoring left, also those that not all runs have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imhi.plugins.report.html.material import Material
from imhi.plugins.report.html.sections.headline import Cell
from imhi.plugins.report.html.wording import number, span, spelled


@dataclass(frozen=True)
class ScoreLine:
    name: str
    dataset: str
    examples: int
    cells: Sequence[Cell | None]


@dataclass(frozen=True)
class AllScores:
    """A line for each run and dataset, a column for each measure."""

    metrics: Sequence[str]
    lines: Sequence[ScoreLine]


def all_scores(material: Material) -> AllScores:
    """Return what the runs' scores say of the datasets compared, each on all its own examples."""
    runs = material.ordered()
    metrics = list(
        dict.fromkeys(
            row["metric"]
            for run in runs
            for row in run.scores.scores
            if row["headline"] and row["dataset"] in material.datasets
        )
    )
    lines = []
    for run in runs:
        rows = {(row["dataset"], row["metric"]): row for row in run.scores.scores}
        for dataset in material.datasets:
            cells: list[Cell | None] = []
            for metric in metrics:
                row = rows.get((dataset, metric))
                if row is None or row["value"] is None:
                    cells.append(None)
                    continue
                decimals = row["decimals"]
                bounds = span(row["low"], row["high"], decimals)
                cells.append(Cell(number(row["value"], decimals), bounds, row["value"]))
            examples = next((row["n"] for (of, _), row in rows.items() if of == dataset), 0)
            lines.append(ScoreLine(run.name, dataset, examples, cells))
    return AllScores([spelled(name) for name in metrics], lines)
