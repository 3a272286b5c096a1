"""What stands below the tables: how to read them, and where the numbers come from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imhi.io import one_line
from imhi.plugins.report.tables.contents import UNPARSED, MetricTable

if TYPE_CHECKING:
    from imhi import Comparison

SYNTHETIC = "Demo posts are fictional: these scores are not IMHI results."
NOTICE = "For non-clinical research only."


def reading(found: Comparison, tables: Sequence[MetricTable], near: str) -> list[str]:
    """Return what the cells mean; ``near`` is the mark of a run that may be as good as the best."""
    from imhi.runs import ALPHA

    said = []
    cells = [cell for table in tables for line in table.runs for cell in line.cells]
    if any(cell.low for cell in cells):
        said.append(f"95% bootstrap intervals over posts stand beside the values{_drawn(found)}.")
    if any(cell.best for cell in cells):
        said.append("Bold: the best run of a column.")
    if any(cell.near for cell in cells):
        said.append(
            f"{near}: no significant difference to the best run of the column was found "
            f"(permutation test, Holm-corrected over datasets, p of {ALPHA} or more)."
        )
    if any(column.over == "tasks" for table in tables for column in table.columns):
        said.append("Mean over tasks: the value of a task is the mean of its datasets.")
    if UNPARSED in found.metrics:
        said.append("Unparsed: answers without a label, which label metrics count as wrong.")
    else:
        said.append(
            "Label metrics count answers without a label (unparsed) as wrong; how many there are was "
            "not compared."
        )
    return [one_line(sentence) for sentence in said]


def published_notes(table: MetricTable) -> list[str]:
    """Return whose the published figures are, numbered as the lines refer to them."""
    if not table.references:
        return []
    said = ["Published rows: not measured here, not tested, perhaps not on the same examples."]
    if any(
        column.over and cell.value[-1:].isdigit()
        for line in table.published
        for column, cell in zip(table.columns, line.cells, strict=True)
    ):
        said.append("Their means are computed here from the published figures.")
    numbered = len(table.references) > 1
    for place, (source, where, obtained) in enumerate(table.references, start=1):
        mark = f"[{place}] " if numbered else "Source: "
        said.append(f"{mark}{source}, {where}; {obtained}.")
    return [one_line(sentence) for sentence in said]


def origin(found: Comparison) -> list[str]:
    """Return what the runs have in common, in what they differ, and what was left out."""
    said = [f"Data: {data_of(found)}; labels read by {found.labeler}."]
    said += [note if note.endswith(".") else f"{note}." for note in found.notes]
    said += [f"Left out: {note}." for note in found.left_out]
    if found.synthetic:
        said.append(SYNTHETIC)
    return [one_line(sentence) for sentence in (*said, NOTICE)]


def data_of(found: Comparison) -> str:
    """Return source and split; of a folder its last part only: tables leave the machine."""
    sources = []
    for source in found.source.split("; "):
        name, colon, argument = source.partition(":")
        last = re.split(r"[\\/]", argument.rstrip("\\/"))[-1]
        sources.append(f"{name}{colon}{last}")
    return one_line(f"{'; '.join(sources)}, split {found.split}")


def runs_of(found: Comparison) -> list[tuple[str, str]]:
    """Return each run's name and the name of its folder."""
    return [
        (one_line(name), one_line(Path(run).name))
        for name, run in zip(found.names, found.runs, strict=True)
    ]


def _drawn(found: Comparison) -> str:
    known = [
        text
        for name, text in (("resamples", "{:,} resamples"), ("seed", "seed {}"))
        if name in found.settings
        for text in [text.format(found.settings[name])]
    ]
    return f" ({', '.join(known)})" if known else ""
