"""Scores as a terminal table, Markdown or CSV.

The headline table has a row per dataset and a column per run: the metric asked for (weighted F1
where it is there) with its 95% interval. Answers without a label stand beside it, never hidden.
Where the terminal is too narrow for the columns, runs stand below each other instead.

* :mod:`~imhi.plugins.reporters.tables.cells`: what stands in the tables.
* :mod:`~imhi.plugins.reporters.tables.terminal` (``table``): laid out for the terminal's width.
* :mod:`~imhi.plugins.reporters.tables.files` (``markdown``, ``csv``): to be kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Reporter, hookimpl

_HERE = "imhi.plugins.reporters.tables"


@hookimpl
def imhi_reporters() -> Iterator[Reporter]:
    yield Reporter("table", "Tables for the terminal", f"{_HERE}.terminal:terminal")
    yield Reporter("markdown", "Markdown tables", f"{_HERE}.files:markdown")
    yield Reporter("csv", "All scores as CSV", f"{_HERE}.files:comma_separated")
