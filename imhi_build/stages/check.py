"""Stage 3: each check says what it has against which row; what must not be written is kept out.

Checks are run alone or all together. Each leaves a report (``checks/NAME.json``) and its findings,
row by row; the quarantine is made anew of the findings of every check whose action it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imhi import Event, HarnessError, Registry, UnknownName, faults_of, resolve
from imhi.build.checks.check_context import CheckContext
from imhi.build.checks.configured import ConfiguredCheck, configured_checks
from imhi.build.checks.reports import (
    CheckReport,
    forget,
    read_report,
    reasons_of,
    write_findings,
    write_report,
)
from imhi.build.config import Config
from imhi.build.folder import BuildFolder
from imhi.build.records import BuiltRow, Finding
from imhi.build.stage_records import CheckRecord
from imhi.build.stages.quarantine import make_quarantine
from imhi.runs import ExecutorSpec

if TYPE_CHECKING:
    from imhi.build.checks.declarations import FindInRows

_KINDS = ("row", "corpus", "model")  # in the order they are made: what models are asked last


@dataclass(frozen=True)
class CheckedBuild:
    """What checking came to: a report per check, the rows that are kept out, by dataset, and the
    checks that were not made on these rows."""

    reports: list[CheckReport]
    rows: int
    quarantined: dict[str, int]
    missing: list[str]

    @property
    def incomplete(self) -> list[str]:
        """What could not be looked at, a sentence per check."""
        return [f"{one.check}: {one.incomplete}" for one in self.reports if one.incomplete]


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
) -> CheckedBuild:
    """Make the checks (all that are not off, or ``only`` these), then the quarantine.

    Raises:
        HarnessError: an unknown check, or rows that have not been joined yet.
    """
    folder.require_explained()
    checks = configured_checks(config.checks, registry)
    for name in only:
        if name not in checks:
            raise UnknownName("check", name, checks)
        if checks[name].action == "off":
            raise HarnessError(
                f"--check {name}: it is off in {folder.config_file}; take that out, or set "
                f"checks.{name}.action=report"
            )
    chosen = [one for one in checks.values() if (one.name in only or not only)]
    active = [one for one in chosen if one.action != "off"]
    run_on = ExecutorSpec.parse(executor, registry)
    context = CheckContext(folder, config, registry, run_on, notify, max_cost)
    checking = _Checking(context, folder.rows_checksum(), _explained_rows(folder))
    row_checks = [one for one in active if one.check.kind == "row"]
    if row_checks:
        tell(", ".join(one.name for one in row_checks))
        checking.run_row_checks(row_checks)
    for one in sorted(active, key=lambda one: _KINDS.index(one.check.kind)):
        if one.check.kind != "row":
            tell(one.name)
            checking.run(one)
    reports = _current_reports(folder, checks, checking.checksum)
    active_names = [name for name, one in checks.items() if one.action != "off"]
    missing = [name for name in active_names if name not in reports]
    keeping_out = [name for name, one in checks.items() if one.action == "quarantine"]
    quarantined = make_quarantine(folder, keeping_out)
    record = CheckRecord(
        rows=checking.checksum,
        checks={name: one.findings for name, one in reports.items() if not one.skipped},
        skipped={name: one.skipped for name, one in reports.items() if one.skipped},
        missing=missing,
        quarantined=quarantined,
    )
    folder.record_stage("check", record.to_json())
    return CheckedBuild(list(reports.values()), sum(checking.counts.values()), quarantined, missing)


def _explained_rows(folder: BuildFolder) -> dict[str, int]:
    """Return how many rows have an explanation, by dataset: those that checks are given."""
    return {
        name: sum(1 for row in folder.rows(name) if row.explanation) for name in folder.datasets()
    }


def _current_reports(
    folder: BuildFolder, checks: Mapping[str, ConfiguredCheck], checksum: str
) -> dict[str, CheckReport]:
    """Return the reports that hold of these rows and settings, by check; what was found in other
    rows, under other settings, or by checks that are off now, is forgotten."""
    reports = {}
    for name, one in checks.items():
        report = read_report(folder, name)
        if report is None:
            continue
        if one.action == "off" or report.made_on != checksum or not one.made(report):
            forget(folder, name)
            continue
        if report.action != one.action:
            report = report.model_copy(update={"action": one.action})
            write_report(folder, report)
        reports[name] = report
    return reports


def _named(check: str, registry: Registry) -> str:
    return f"check {check} (plugin '{registry.build_checks.owners[check]}')"


@dataclass
class _RowWork:
    """Makes several row checks on a shard of rows; can be sent to other processes."""

    checks: Sequence[ConfiguredCheck]
    owners: Mapping[str, str]  # by check: how messages name it and its plugin

    def __call__(self, rows: Sequence[BuiltRow]) -> Iterator[tuple[str, Finding]]:
        for one in self.checks:
            find: FindInRows = resolve(one.check.find)
            with faults_of(self.owners[one.name]):
                yield from ((one.name, finding) for finding in find(rows, one.settings))


@dataclass
class _Checking:
    """Checks at work on rows with this checksum; ``counts`` of them by dataset."""

    context: CheckContext
    checksum: str
    counts: Mapping[str, int]

    def run_row_checks(self, checks: Sequence[ConfiguredCheck]) -> None:
        started = time.perf_counter()
        registry = self.context.registry
        work = _RowWork(checks, {one.name: _named(one.name, registry) for one in checks})
        findings: dict[str, list[Finding]] = {one.name: [] for one in checks}
        for dataset in self.context.datasets:
            for name, finding in self.context.spread(work, self.context.rows(dataset)):
                findings[name].append(finding)
        seconds = time.perf_counter() - started
        for one in checks:
            self._write(one, findings[one.name], seconds, self.counts)

    def run(self, one: ConfiguredCheck) -> None:
        started = time.perf_counter()
        self.context.details, self.context.looked_at = {}, {}
        self.context.skipped = self.context.incomplete = ""
        with faults_of(_named(one.name, self.context.registry)):
            findings = list(resolve(one.check.find)(self.context, one.settings))
        looked_at = {**self.counts, **self.context.looked_at}
        self._write(one, findings, time.perf_counter() - started, looked_at)

    def _write(
        self,
        one: ConfiguredCheck,
        findings: Sequence[Finding],
        seconds: float,
        looked_at: Mapping[str, int],
    ) -> None:
        folder, skipped = self.context.folder, self.context.skipped
        with_finding = write_findings(folder, one.name, findings)
        report = CheckReport(
            check=one.name,
            summary=one.check.summary,
            action=one.action,
            settings=one.to_json(),
            rows=0 if skipped else sum(looked_at.values()),
            findings=len(findings),
            by_dataset={
                name: {"rows": looked_at[name], "findings": with_finding.get(name, 0)}
                for name in ([] if skipped else self.context.datasets)
            },
            reasons=reasons_of(findings),
            details=self.context.details,
            skipped=skipped,
            incomplete=self.context.incomplete,
            made_on=self.checksum,
            seconds=round(seconds, 3),
        )
        write_report(folder, report)
