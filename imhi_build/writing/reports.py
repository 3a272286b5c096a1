"""The reports that lie in a build folder: of checks, and of what people said of a sample.

They are read as :mod:`imhi.build.stage_records` says: what is not of the expected form says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import AliasPath, Field, JsonValue, ValidationError

from imhi.build.checks.reports import CheckReport
from imhi.build.stage_records import Recorded
from imhi.build.writing.showable import some_leaves


@dataclass(frozen=True)
class CheckFacts:
    """What one check found: ``rows`` with a finding, by dataset; ``reasons``, and ``details`` by
    dotted name. ``remark`` is why it was not made, or not wholly."""

    name: str
    action: str
    looked_at: int
    findings: int
    rows: dict[str, int]
    reasons: dict[str, int]
    details: dict[str, JsonValue]
    remark: str = ""
    made_on: str = ""


class Criterion(Recorded):
    """What people said of one criterion, 0 to 3: the mean, its 95% interval, the agreement in percent,
    Fleiss' kappa and Krippendorff's alpha. None: undefined."""

    criterion: str = ""
    items: int | None = None
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    agreement: float | None = Field(None, validation_alias=AliasPath("percent_agreement", "value"))
    kappa: float | None = Field(None, validation_alias=AliasPath("fleiss_kappa", "value"))
    alpha: float | None = Field(None, validation_alias=AliasPath("krippendorff_alpha", "value"))


@dataclass(frozen=True)
class Evaluation:
    """What people said of a sample: how many they were, how many items they saw, and a line per
    criterion."""

    name: str
    people: int
    items: int
    criteria: list[Criterion]


class _AnnotationReport(Recorded):
    sheets: list[JsonValue] = Field(default_factory=list)
    items: int = 0
    criteria: dict[str, list[Criterion]] = Field(default_factory=dict)


R = TypeVar("R", bound=Recorded)


def read_checks(folder: Path) -> Iterator[CheckFacts]:
    """Yield what the reports in a build's folder ``checks`` say; one that cannot be read says nothing
    but its name."""
    for path in sorted(folder.glob("*.json")):
        report = _read(CheckReport, path)
        remarks = (f"skipped: {report.skipped}" if report.skipped else "", report.incomplete)
        yield CheckFacts(
            name=report.check or path.stem,
            action=report.action,
            looked_at=report.rows,
            findings=report.findings,
            rows={k: n["findings"] for k, n in report.by_dataset.items() if "findings" in n},
            reasons=report.reasons,
            details=some_leaves(report.details),
            remark="; ".join(filter(None, remarks)),
            made_on=report.made_on,
        )


def read_evaluations(folder: Path) -> Iterator[Evaluation]:
    """Yield what the reports in a build's folder ``annotation`` say. Who judged is left out."""
    for path in sorted(folder.glob("*/report.json")):
        report = _read(_AnnotationReport, path)
        if criteria := report.criteria.get("all"):
            yield Evaluation(path.parent.name, len(report.sheets), report.items, criteria)


def _read(kind: type[R], path: Path) -> R:
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return kind()
