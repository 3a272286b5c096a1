"""Comparisons as tables to be kept: Markdown, LaTeX, CSV.

* :mod:`~plugins.report.tables.contents`: what stands in the tables, as texts.
* :mod:`~plugins.report.tables.notes`: what stands below them.
* :mod:`~plugins.report.tables.markdown`, :mod:`~plugins.report.tables.latex` (with
  :mod:`~plugins.report.tables.latex_text`), :mod:`~plugins.report.tables.long_csv`: the formats.
* :mod:`~plugins.report.tables.writers`: the formats by name.
"""
