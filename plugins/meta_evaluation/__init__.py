"""How far metrics can be trusted: ``imhi meta`` sets them against the marks people gave.

For each metric and each mark: Pearson, Spearman and Kendall correlations with intervals, within
each system first and pooled second; beside them how far the annotators agree with one another, and
which metrics beat which.
"""

from __future__ import annotations

from typing import Any

from imhi import hookimpl


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.plugins.meta_evaluation.meta_command import meta

    app.command("meta")(meta)
