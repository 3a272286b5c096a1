"""Rows whose answer holds no explanation: an empty answer, or nothing but the label."""

from __future__ import annotations

from collections.abc import Iterator

from imhi.build.checks.check_context import Bench
from imhi.build.checks.declarations import Check, CheckSettings
from imhi.build.records import Finding


def find(bench: Bench, settings: CheckSettings) -> Iterator[Finding]:
    """Yield the rows that were explained by nothing."""
    for name in bench.datasets:
        for row in bench.folder.rows(name):
            if row.explained_by and not row.explanation.strip():
                why = f" (finish reason {row.finish_reason})" if row.finish_reason else ""
                yield Finding("empty", name, row.id, f"the answer holds no explanation{why}")


CHECK = Check(
    name="empty",
    summary="The answer holds no explanation",
    find="imhi.build.checks.empty:find",
    kind="model",
)
