"""``imhi report``: one file about one or more runs, and ``imhi errors``: what they get wrong."""

from __future__ import annotations

from typing import Any

from imhi import hookimpl


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.plugins.report.error_analysis.errors_command import errors
    from imhi.plugins.report.report_command import report

    app.command("report")(report)
    app.command("errors")(errors)
