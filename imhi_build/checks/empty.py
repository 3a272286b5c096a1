"""Rows whose answer holds no explanation: an empty answer, or nothing but the label."""

from __future__ import annotations

from collections.abc import Iterator

from imhi.build.checks.check_context import CheckContext
from imhi.build.checks.declarations import CheckSettings as Settings
from imhi.build.records import Finding


def find(checks: CheckContext, settings: Settings) -> Iterator[Finding]:
    """Yield the rows that were explained by nothing."""
    for name in checks.datasets:
        checks.looked_at[name] = 0
        for row in checks.folder.rows(name):
            checks.looked_at[name] += bool(row.explained_by)
            if row.explained_by and not row.explanation.strip():
                why = f" (finish reason {row.finish_reason})" if row.finish_reason else ""
                yield Finding("empty", name, row.id, f"the answer holds no explanation{why}")
