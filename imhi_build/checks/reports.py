"""What a check leaves in a build: ``checks/NAME.json``, and its findings row by row."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence

from pydantic import Field, JsonValue, model_validator

from imhi import HarnessError
from imhi.build.folder import BuildFolder
from imhi.build.raw.splits import SPLITS
from imhi.build.records import Finding
from imhi.build.stage_records import Recorded
from imhi.io import write_json

_QUOTED = re.compile(r"'[^']*'")


class CheckReport(Recorded):
    """The report of one check. ``rows`` were looked at, ``made_on`` is their checksum; ``by_dataset``
    holds ``rows`` and ``findings`` (rows with one) of each; ``reasons`` are counted without what
    tells their rows apart; ``skipped`` says why no row was looked at, ``incomplete`` what could not
    be."""

    check: str = ""
    summary: str = ""
    action: str = ""
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    rows: int = 0
    findings: int = 0
    by_dataset: dict[str, dict[str, int]] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(default_factory=dict)
    details: dict[str, JsonValue] = Field(default_factory=dict)
    skipped: str = ""
    incomplete: str = ""
    made_on: str = ""
    seconds: float = 0.0

    @model_validator(mode="before")
    @classmethod
    def _as_named_now(cls, values: object) -> object:
        """Reports of earlier versions had it in ``details``, and counted rows all the same."""
        details = values.get("details") if isinstance(values, dict) else None
        if (
            not isinstance(values, dict)
            or not isinstance(details, dict)
            or "skipped" not in details
        ):
            return values
        rest = {name: value for name, value in details.items() if name != "skipped"}
        why = {"skipped": details["skipped"], "details": rest, "rows": 0, "by_dataset": {}}
        return {**values, **why}


def read_report(folder: BuildFolder, check: str) -> CheckReport | None:
    """Return the report of a check; None where it has not been made.

    Raises:
        HarnessError: it is not JSON.
    """
    path = folder.path / "checks" / f"{check}.json"
    if not path.exists():
        return None
    try:
        return CheckReport.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise HarnessError(f"{path}: not JSON ({error}); remove it and check again") from None


def write_report(folder: BuildFolder, report: CheckReport) -> None:
    """Replace the report of a check."""
    write_json(folder.path / "checks" / f"{report.check}.json", report.model_dump(mode="json"))


def write_findings(folder: BuildFolder, check: str, findings: Sequence[Finding]) -> dict[str, int]:
    """Replace what a check found; return the number of rows with a finding, by dataset.

    Raises:
        HarnessError: a finding is not about a row of the build.
    """
    forget(folder, check)
    by_dataset: dict[str, list[Finding]] = {}
    for finding in findings:
        by_dataset.setdefault(finding.dataset, []).append(finding)
    for name, ones in by_dataset.items():
        if name not in folder.datasets() or any(one.check != check for one in ones):
            raise HarnessError(
                f"check '{check}': found a finding of '{ones[0].check}' on {name}/{ones[0].id}, expected "
                "its own name and a row of the build: this is an error in the plugin of the check"
            )
        ones.sort(key=_place)
        folder.write(f"checks/{check}", name, ones)
    return {name: len({one.id for one in ones}) for name, ones in by_dataset.items()}


def forget(folder: BuildFolder, check: str) -> None:
    """Remove what a check found before; answers that models gave stay."""
    for path in (folder.path / "checks" / check).glob("*.jsonl"):
        path.unlink()
    (folder.path / "checks" / f"{check}.json").unlink(missing_ok=True)


def reasons_of(findings: Sequence[Finding]) -> dict[str, int]:
    """Count the 20 most common reasons, without what tells their rows apart: labels and rows in
    quotes."""
    return dict(Counter(_QUOTED.sub("...", f.reason) for f in findings).most_common(20))


def _place(finding: Finding) -> tuple[int, int]:
    """Return where the row of a finding stands among those of its dataset."""
    split, _, number = finding.id.rpartition("-")
    if split not in SPLITS or not number.isdecimal():
        raise HarnessError(
            f"check '{finding.check}': found a finding on {finding.dataset}/{finding.id}, expected the id "
            "of a row (SPLIT-N): this is an error in the plugin of the check"
        )
    return SPLITS.index(split), int(number)
