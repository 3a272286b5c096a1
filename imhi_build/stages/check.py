"""Stage 3: each check says what it has against which row; what must not be written is kept out.

Checks are run alone or all together. Each leaves a report (``checks/NAME.json``) and its findings,
row by row; the quarantine is made anew of the findings of every check whose action it is.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imhi import Event, HarnessError, Registry, UnknownName, as_row, digest, file_checksum, resolve
from imhi.build.checks.check_context import Bench
from imhi.build.checks.declarations import Check, CheckSettings
from imhi.build.config import Config
from imhi.build.folder import MADE, BuildFolder
from imhi.build.raw.splits import SPLITS
from imhi.build.records import BuiltRow, Finding
from imhi.io import row_writer, write_json

_QUOTED = re.compile(r"'[^']*'")


@dataclass(frozen=True)
class CheckReport:
    """What checking came to: a report per check (as in ``checks/NAME.json``), the rows that are kept
    out, by dataset, and the checks that were not made on these rows."""

    checks: list[dict[str, Any]]
    rows: int
    quarantined: dict[str, int]
    missing: list[str]

    @property
    def incomplete(self) -> list[str]:
        return [f"{c['check']}: {c['incomplete']}" for c in self.checks if c.get("incomplete")]


def check(
    folder: BuildFolder,
    config: Config,
    registry: Registry,
    only: Sequence[str] = (),
    *,
    executor: str = "local",
    max_cost: float | None = None,
    notify: Callable[[Event], None] = lambda event: None,
    tell: Callable[[str], None] = lambda check: None,
) -> CheckReport:
    """Make the checks (all that are not off, or ``only`` these), then the quarantine.

    Raises:
        HarnessError: an unknown check, or rows that have not been joined yet.
    """
    folder.require("explain")
    settings = config.check_settings()
    from imhi.build.checks.catalogue import CHECKS

    known = {check.name: check for check in CHECKS}
    for name in only:
        if name not in known:
            raise UnknownName("check", name, known)
        if settings[name].action == "off":
            raise HarnessError(
                f"--check {name}: it is off in {folder.config_file}; take that out, or set "
                f"checks.{name}.action=report"
            )
    chosen = [c for c in CHECKS if (c.name in only if only else True)]
    at_work = [c for c in chosen if settings[c.name].action != "off"]
    checked = rows_checksum(folder)
    counts = _counts(folder)

    # One for all: corpus checks share what they computed about its rows (signatures of posts).
    bench = Bench(folder, config, registry, executor, notify, max_cost)
    row_checks = [c for c in at_work if c.kind == "row"]
    if row_checks:
        tell(", ".join(c.name for c in row_checks))
        _run_row_checks(bench, row_checks, settings, counts, checked)
    for one in at_work:
        if one.kind != "row":
            tell(one.name)
            _run(bench, one, settings[one.name], counts, checked)
    for one in CHECKS:
        if settings[one.name].action == "off":
            _forget(folder, one.name)
    missing = _drop_outdated(folder, settings, checked)
    quarantined = quarantine(folder, settings)
    reports = [r for c in CHECKS if (r := report_of(folder, c.name)) is not None]
    folder.record_stage(
        "check",
        {
            "rows": checked,
            "checks": {r["check"]: r["findings"] for r in reports},
            "missing": missing,
            "quarantined": quarantined,
        },
    )
    return CheckReport(reports, sum(counts.values()), quarantined, missing)


def _drop_outdated(
    folder: BuildFolder, settings: Mapping[str, CheckSettings], checked: str
) -> list[str]:
    """Forget what checks found in other rows, or under other settings; return which checks that
    are not off have nothing to say of these rows."""
    missing = []
    for name, setting in settings.items():
        if setting.action == "off":
            continue
        report = report_of(folder, name)
        wanted = setting.model_dump(mode="json", exclude={"action"})
        if report is not None:
            made_with = {k: v for k, v in report["settings"].items() if k != "action"}
            if report["made_on"] != checked or made_with != wanted:
                _forget(folder, name)
                report = None
            elif report["action"] != setting.action:
                path = folder.path / "checks" / f"{name}.json"
                write_json(path, {**report, "action": setting.action})
        if report is None:
            missing.append(name)
    return missing


def rows_checksum(folder: BuildFolder) -> str:
    """Return what the joined rows are known by: reports hold of the rows they were made on."""
    return digest([file_checksum(folder.file("rows", name)) for name in folder.datasets()])


def report_of(folder: BuildFolder, name: str) -> dict[str, Any] | None:
    """Return the report of a check; None where it has not been made."""
    import json

    path = folder.path / "checks" / f"{name}.json"
    if not path.exists():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    except ValueError as error:
        raise HarnessError(f"{path}: not JSON ({error}); remove it and check again") from None


# --- one check -----------------------------------------------------------------------------------


def _counts(folder: BuildFolder) -> dict[str, int]:
    """Return how many rows were explained, by dataset."""
    return {
        name: sum(1 for row in folder.rows(name) if row.explained_by) for name in folder.datasets()
    }


def _place(finding: Finding) -> tuple[int, int]:
    """Return where the row of a finding stands among those of its dataset."""
    split, _, number = finding.id.rpartition("-")
    return SPLITS.index(split), int(number)  # type: ignore[arg-type]


@dataclass
class _RowWork:
    """Makes several row checks on a shard of rows; can be sent to other processes."""

    checks: Sequence[tuple[str, CheckSettings]]

    def __call__(self, rows: Sequence[BuiltRow]) -> Iterator[Finding]:
        for find, settings in self.checks:
            yield from resolve(find)(rows, settings)


def _run_row_checks(
    bench: Bench,
    checks: Sequence[Check],
    settings: Mapping[str, CheckSettings],
    counts: Mapping[str, int],
    checked: str,
) -> None:
    started = time.perf_counter()
    work = _RowWork([(c.find, settings[c.name]) for c in checks])
    found: dict[str, list[Finding]] = {c.name: [] for c in checks}
    for name in bench.datasets:
        for finding in bench.spread(work, bench.rows(name)):
            found[finding.check].append(finding)
    seconds = time.perf_counter() - started
    for one in checks:
        _write(bench, one, settings[one.name], found[one.name], counts, checked, seconds)


def _run(
    bench: Bench, check: Check, settings: CheckSettings, counts: Mapping[str, int], checked: str
) -> None:
    started = time.perf_counter()
    bench.details, bench.incomplete = {}, ""
    found = list(resolve(check.find)(bench, settings))
    _write(bench, check, settings, found, counts, checked, time.perf_counter() - started)


def _write(
    bench: Bench,
    check: Check,
    settings: CheckSettings,
    findings: Sequence[Finding],
    counts: Mapping[str, int],
    checked: str,
    seconds: float,
) -> None:
    """Write findings, row by row, then the report."""
    folder = bench.folder
    by_dataset: dict[str, list[Finding]] = {}
    for finding in findings:
        by_dataset.setdefault(finding.dataset, []).append(finding)
    _forget(folder, check.name)
    for name, found in by_dataset.items():
        found.sort(key=_place)
        folder.write(f"checks/{check.name}", name, found)
    write_json(
        folder.path / "checks" / f"{check.name}.json",
        {
            "check": check.name,
            "summary": check.summary,
            "action": settings.action,
            "settings": settings.model_dump(mode="json"),
            "rows": sum(counts.values()),
            "findings": len(findings),
            "by_dataset": {
                name: {
                    "rows": counts[name],
                    "findings": len({f.id for f in by_dataset.get(name, ())}),
                }
                for name in bench.datasets
            },
            "reasons": dict(Counter(_kind(f.reason) for f in findings).most_common(20)),
            "details": bench.details,
            "incomplete": bench.incomplete,
            "made_on": checked,
            "seconds": round(seconds, 3),
        },
    )


def _kind(reason: str) -> str:
    """Return a reason without what tells its rows apart: labels and rows in quotes."""
    return _QUOTED.sub("...", reason)


def _forget(folder: BuildFolder, check: str) -> None:
    """Remove what a check found before; answers that models gave stay."""
    for path in (folder.path / "checks" / check).glob("*.jsonl"):
        path.unlink()
    (folder.path / "checks" / f"{check}.json").unlink(missing_ok=True)


# --- quarantine ----------------------------------------------------------------------------------


def quarantine(folder: BuildFolder, settings: Mapping[str, CheckSettings]) -> dict[str, int]:
    """Write which rows are kept out, with the reasons, the row, and whether another explanation
    might mend it; return how many, by dataset."""
    from imhi.build.explanations.joining import rounds_of

    out = {}
    for dataset in folder.datasets():
        reasons: dict[str, list[Finding]] = {}
        for name, setting in settings.items():
            if setting.action == "quarantine":
                for finding in folder.findings(name, dataset):
                    reasons.setdefault(finding.id, []).append(finding)
        out[dataset] = _write_quarantine(folder, dataset, folder.rows(dataset), reasons)
    rounds = [int(round.id.partition("-")[0]) for round in rounds_of(folder).folders()]
    write_json(folder.path / "quarantine" / MADE, {"round": max(rounds, default=0)})
    return out


def _write_quarantine(
    folder: BuildFolder,
    dataset: str,
    rows: Iterable[BuiltRow],
    reasons: Mapping[str, list[Finding]],
) -> int:
    count = 0
    with row_writer(folder.file("quarantine", dataset)) as write:
        for row in rows:
            against = reasons.get(row.id)
            if against:
                write(
                    {
                        "id": row.id,
                        "reasons": [f"{finding.check}: {_said(finding)}" for finding in against],
                        "ask_again": all(finding.about == "explanation" for finding in against),
                        "row": as_row(row),
                    }
                )
                count += 1
    return count


def _said(finding: Finding) -> str:
    return f"{finding.reason} ({finding.related})" if finding.related else finding.reason
