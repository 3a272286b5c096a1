"""The quarantine: the rows that are kept out of what is written, made anew of what checks found."""

from __future__ import annotations

from collections.abc import Collection

from imhi import as_row
from imhi.build.explanations.joining import generation_runs_of
from imhi.build.folder import MADE, BuildFolder
from imhi.build.records import Finding
from imhi.io import jsonl, write_json


def make_quarantine(folder: BuildFolder, checks: Collection[str]) -> dict[str, int]:
    """Write which rows these checks keep out, with the reasons, the row, and whether another
    explanation might mend it; return how many, by dataset."""
    counts = {name: _write(folder, name, checks) for name in folder.datasets()}
    last = generation_runs_of(folder).last_number()
    write_json(folder.path / "quarantine" / MADE, {"round": last})
    return counts


def _write(folder: BuildFolder, dataset: str, checks: Collection[str]) -> int:
    findings: dict[str, list[Finding]] = {}
    for check in checks:
        for finding in folder.findings(check, dataset):
            findings.setdefault(finding.id, []).append(finding)
    count = 0
    with jsonl.row_writer(folder.file("quarantine", dataset)) as write:
        for row in folder.rows(dataset):
            if against := findings.get(row.id):
                write(
                    {
                        "id": row.id,
                        "reasons": [f"{finding.check}: {_reason(finding)}" for finding in against],
                        "ask_again": all(finding.about == "explanation" for finding in against),
                        "row": as_row(row),
                    }
                )
                count += 1
    return count


def _reason(finding: Finding) -> str:
    return f"{finding.reason} ({finding.related})" if finding.related else finding.reason
