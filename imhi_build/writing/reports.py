"""The reports that lie in a build folder: of checks, and of what people said of a sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi.build.writing.showable import mapping, numbers, some_leaves


@dataclass
class CheckFacts:
    """What one check found: ``rows`` with a finding, by dataset; ``reasons``, and ``details`` by
    dotted name. ``remark`` is why it was not made, or not wholly."""

    name: str
    action: str
    looked_at: int
    findings: int
    rows: dict[str, int]
    reasons: dict[str, int]
    details: dict[str, Any]
    remark: str = ""
    made_on: str = ""


@dataclass
class Evaluation:
    """What people said of a sample: how many they were, how many items they saw, and a line per
    criterion (``criterion, items, mean, low, high, agreement, kappa, alpha``; None: undefined)."""

    name: str
    people: int
    items: int
    criteria: list[dict[str, Any]]


def read_checks(folder: Path) -> Iterator[CheckFacts]:
    """Yield what the reports in a build's folder ``checks`` say; one that cannot be read says nothing
    but its name."""
    for path in sorted(folder.glob("*.json")):
        report = mapping(_json(path))
        details = mapping(report.get("details"))
        remarks = [f"skipped: {details['skipped']}"] if details.get("skipped") else []
        remarks += [str(report["incomplete"])] if report.get("incomplete") else []
        looked_at, findings = report.get("rows"), report.get("findings")
        by_dataset = mapping(report.get("by_dataset"))
        yield CheckFacts(
            name=str(report.get("check") or path.stem),
            action=str(report.get("action") or ""),
            looked_at=looked_at if isinstance(looked_at, int) else 0,
            findings=findings if isinstance(findings, int) else 0,
            rows=numbers({n: mapping(one).get("findings") for n, one in by_dataset.items()}),
            reasons=numbers(report.get("reasons")),
            details=some_leaves(details),
            remark="; ".join(remarks),
            made_on=str(report.get("made_on") or ""),
        )


def read_evaluations(folder: Path) -> Iterator[Evaluation]:
    """Yield what the reports in a build's folder ``annotation`` say. Who judged is left out."""
    for path in sorted(folder.glob("*/report.json")):
        report = mapping(_json(path))
        criteria = [
            {
                "criterion": str(one.get("criterion", "")),
                **{key: one.get(key) for key in ("items", "mean", "low", "high")},
                "agreement": mapping(one.get("percent_agreement")).get("value"),
                "kappa": mapping(one.get("fleiss_kappa")).get("value"),
                "alpha": mapping(one.get("krippendorff_alpha")).get("value"),
            }
            for one in map(mapping, mapping(report.get("criteria")).get("all", ()))
        ]
        sheets, items = report.get("sheets"), report.get("items")
        if criteria:
            yield Evaluation(
                path.parent.name,
                len(sheets) if isinstance(sheets, list) else 0,
                items if isinstance(items, int) else 0,
                criteria,
            )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
