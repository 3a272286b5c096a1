"""What verification found, check by check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from imhi.io import sanitizing
from imhi.plugins.leaderboard.records.entry import CheckRecord

Severity = Literal["error", "warning"]
_LONGEST = 600


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. A failed ``warning`` refuses nothing: a reader should know."""

    name: str
    passed: bool
    detail: str = ""
    severity: Severity = "error"

    def __post_init__(self) -> None:
        # Details name what strangers wrote.
        text = sanitizing.one_line(self.detail)
        short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
        object.__setattr__(self, "detail", short)

    @property
    def refuses(self) -> bool:
        """Whether a submission is refused for it."""
        return not self.passed and self.severity == "error"

    def record(self) -> CheckRecord:
        """Return it as an entry keeps it."""
        return CheckRecord(
            name=self.name, passed=self.passed, detail=self.detail, severity=self.severity
        )


def of_reasons(name: str, reasons: Sequence[str], good: str, severity: Severity = "error") -> Check:
    """Return a check that failed for all of the ``reasons``, or passed."""
    return Check(name, not reasons, few(reasons) if reasons else good, severity)


def warning(name: str, reasons: Sequence[str], good: str) -> Check:
    """Return a check whose reasons refuse nothing."""
    return of_reasons(name, reasons, good, "warning")


def few(reasons: Iterable[str], most: int = 4) -> str:
    """Return the first reasons and how many more there are."""
    listed = list(reasons)
    more = len(listed) - most
    return "; ".join(listed[:most]) + (f"; and {more:,} more" if more > 0 else "")
