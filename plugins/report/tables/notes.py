"""What stands below the tables: how to read them, and where the numbers come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imhi.io import figures, sanitizing
from imhi.plugins.report.tables.contents import NEAR, UNPARSED, MetricTable

if TYPE_CHECKING:
    from imhi import Comparison


def reading(comparison: Comparison, tables: Sequence[MetricTable]) -> list[str]:
    """Return what the cells mean."""
    from imhi.runs import statistics

    sentences = []
    cells = [cell for table in tables for line in table.runs for cell in line.cells]
    if any(cell.low for cell in cells):
        sentences.append(
            "95% intervals over posts stand beside the values; ranks and p values were drawn"
            f"{_drawn(comparison)}."
        )
    sentences += figures.crossed_note(any(value.cross_fitted for value in comparison.values))
    if any(cell.style == "bold" for cell in cells):
        sentences.append("Bold: the best run of a column.")
    if any(cell.after for cell in cells):
        sentences.append(
            f"{NEAR.strip()}: no significant difference to the best run of the column was found "
            f"(permutation test, Holm-corrected over datasets, p of {statistics.ALPHA} or more)."
        )
    sentences += figures.means_over(comparison.datasets)
    if any(column.over == "tasks" for table in tables for column in table.columns):
        sentences.append("Mean over tasks: the value of a task is the mean of its datasets.")
    if UNPARSED in comparison.metrics:
        sentences.append(
            "Unparsed: rows without a label, unanswered ones among them; label metrics count them as wrong."
        )
    else:
        sentences.append(
            "Label metrics count answers without a label (unparsed) as wrong; how many there are was "
            "not compared."
        )
    return [sanitizing.one_line(sentence) for sentence in sentences]


def published_notes(table: MetricTable) -> list[str]:
    """Return whose the published figures are, numbered as the lines refer to them."""
    if not table.references:
        return []
    sentences = ["Published rows: not measured here, not tested, perhaps not on the same examples."]
    if any(
        column.over and cell.text[-1:].isdigit()
        for line in table.published
        for column, cell in zip(table.columns, line.cells, strict=True)
    ):
        sentences.append("Their means are computed here from the published figures.")
    numbered = len(table.references) > 1
    for place, (source, where, obtained) in enumerate(table.references, start=1):
        mark = f"[{place}] " if numbered else "Source: "
        sentences.append(f"{mark}{source}, {where}; {obtained}.")
    return [sanitizing.one_line(sentence) for sentence in sentences]


def origin(comparison: Comparison) -> list[str]:
    """Return what the runs have in common, in what they differ, and what was left out."""
    sentences = [f"Data: {data_of(comparison)}; labels read by {comparison.labeler}."]
    sentences += [note if note.endswith(".") else f"{note}." for note in comparison.notes]
    sentences += [f"Left out: {note}." for note in comparison.left_out]
    sentences += figures.closing(comparison.synthetic)
    return [sanitizing.one_line(sentence) for sentence in sentences]


def data_of(comparison: Comparison) -> str:
    """Return source and split; of a folder its last part only: tables leave the machine."""
    sources = []
    for source in comparison.source.split("; "):
        name, colon, argument = source.partition(":")
        last = re.split(r"[\\/]", argument.rstrip("\\/"))[-1]
        sources.append(f"{name}{colon}{last}")
    return sanitizing.one_line(f"{'; '.join(sources)}, split {comparison.split}")


def runs_of(comparison: Comparison) -> list[tuple[str, str]]:
    """Return each run's name and the name of its folder."""
    return [
        (sanitizing.one_line(name), sanitizing.one_line(Path(run).name))
        for name, run in zip(comparison.names, comparison.runs, strict=True)
    ]


def _drawn(comparison: Comparison) -> str:
    forms = {"resamples": "{:,} resamples", "seed": "seed {}"}
    known = [
        form.format(comparison.settings[name])
        for name, form in forms.items()
        if name in comparison.settings
    ]
    return f" ({', '.join(known)})" if known else ""
