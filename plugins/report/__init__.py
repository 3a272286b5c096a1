"""``imhi report``: one file about one or more runs, and ``imhi errors``: what they get wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imhi import ReportSection, hookimpl


@hookimpl
def imhi_report_sections() -> Iterator[ReportSection]:
    from imhi.plugins.report.html.sections import sections

    yield from sections()


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.plugins.report.error_analysis.errors_command import errors
    from imhi.plugins.report.report_command import report

    app.command("report")(report)
    app.command("errors")(errors)
