"""``imhi report``: one file about one or more runs, and ``imhi errors``: what they get wrong."""

from __future__ import annotations

from typing import Any

from harness.hookspecs import hookimpl


@hookimpl
def imhi_commands(app: Any) -> None:
    from plugins.report.command import report
    from plugins.report.error_analysis.command import errors

    app.command("report")(report)
    app.command("errors")(errors)
