"""Comparisons as tables to be kept: Markdown, LaTeX, CSV.

* :mod:`~imhi.plugins.report.tables.contents`: what stands in the tables, as texts.
* :mod:`~imhi.plugins.report.tables.notes`: what stands below them.
* :mod:`~imhi.plugins.report.tables.markdown`, :mod:`~imhi.plugins.report.tables.latex` (with
  :mod:`~imhi.plugins.report.tables.latex_text`), :mod:`~imhi.plugins.report.tables.long_csv`: the formats.
* :mod:`~imhi.plugins.report.tables.writers`: the formats by name.
"""
