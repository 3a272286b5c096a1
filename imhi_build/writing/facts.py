"""How a build came about, as far as its folder tells: sources, models, checks, people.

What is read here was written by other stages, and some of it may be missing: a build without checks
is written like any other, and says that there were none. Nothing that is returned holds a post or a
path of this machine: of free values, numbers and single words are taken and the rest is left behind.
"""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from imhi.build.folder import BuildFolder
from imhi.build.stage_records import DatasetRecord, ExplainRecord
from imhi.build.writing.reports import CheckFacts, Evaluation, read_checks, read_evaluations
from imhi.build.writing.showable import MANY, showable
from imhi.runs import environment

LATER_STAGES = ("write",)  # what they record says nothing about the rows
_PACKAGES = ("pyarrow", "pydantic", "jinja2", "matplotlib")

# What is told of the asking, by the name it is recorded under.
_ASKING = {
    "models": "models",
    "rounds": "rounds of asking",
    "answered": "requests that were answered",
    "failed": "requests that failed",
    "not_asked": "requests that were not asked",
    "prompt_tokens": "tokens of prompts",
    "completion_tokens": "tokens of answers",
    "cost": "cost in US dollars",
    "asking_seconds": "seconds of asking",
}


@dataclass(frozen=True)
class FileFacts:
    """A raw file, and which of its ``rows`` were taken, in words."""

    name: str
    sha256: str
    rows: str


@dataclass(frozen=True)
class DatasetFacts:
    """Where the rows of one dataset are from, and what became of those that are not written.
    ``quarantined`` is by check, a row under each that found something; ``unexplained`` rows are in
    quarantine for no other reason, or are not looked at yet."""

    preset: str = ""
    url: str = ""
    paper: str = ""
    licence: str = ""
    note: str = ""
    files: dict[str, FileFacts] = field(default_factory=dict)
    read: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    quarantined: Counter[str] = field(default_factory=Counter)
    quarantined_rows: int = 0
    unexplained: int = 0


@dataclass(frozen=True)
class Facts:
    """Everything that is known of a build besides its rows. ``gold`` is whose label counts where
    model and people differ: ``human``, ``model``, or empty where that is not recorded."""

    name: str
    datasets: dict[str, DatasetFacts]
    asking: dict[str, JsonValue]
    gold: str
    checks: list[CheckFacts]
    evaluations: list[Evaluation]
    at: dict[str, str]
    environment: Mapping[str, object]
    packages: Mapping[str, str]
    notes: list[str]


def gather(folder: BuildFolder, written: Mapping[str, Mapping[str, int]]) -> Facts:
    """Return what the folder tells; ``written`` is rows by dataset and split."""
    record = folder.record()
    read = record.read.datasets if record.read else {}
    explain = record.explain or ExplainRecord()
    checks = list(read_checks(folder.path / "checks"))
    ran_on = environment()
    packages = _package_versions(ran_on["packages"])
    return Facts(
        name=folder.path.resolve().name,
        datasets={
            name: _dataset(folder, name, read.get(name) or DatasetRecord(), sum(counts.values()))
            for name, counts in written.items()
        },
        asking=dict(_asking(explain)),
        gold=explain.gold,
        checks=checks,
        evaluations=list(read_evaluations(folder.path / "annotation")),
        at={name: stage.at for name, stage in record.done().items() if name not in LATER_STAGES},
        environment={**ran_on, "packages": packages},
        packages=packages,
        notes=list(_notes(folder, checks)),
    )


def _notes(folder: BuildFolder, checks: Sequence[CheckFacts]) -> Iterator[str]:
    """Yield what somebody should know who takes the rows for finished."""
    if not checks:
        yield "no check was run on these rows (imhi build check)"
        return
    recorded = folder.record().check
    if recorded and recorded.missing:
        yield f"not made on these rows: {', '.join(recorded.missing)} (imhi build check)"
    stale = [check.name for check in checks if check.made_on]
    if stale:
        try:
            checked = folder.rows_checksum()
        except FileNotFoundError:  # a dataset was read, and never joined with explanations
            checked = ""
        stale = [check.name for check in checks if check.made_on not in ("", checked)]
    if stale:
        yield f"made on other rows than these: {', '.join(stale)} (imhi build check)"
    yield from (f"{check.name}: {check.remark}" for check in checks if check.remark)


def _asking(explain: ExplainRecord) -> Iterator[tuple[str, JsonValue]]:
    if explain.given_by:
        # A source's argument is a path.
        yield "explanations given by", explain.given_by.partition(":")[0]
    for key, name in _ASKING.items():
        value = getattr(explain, key)
        if isinstance(value, list):
            value = len(value) if key == "rounds" else ", ".join(v for v in value if showable(v))
        if value and (isinstance(value, int | float) or showable(value, MANY)):
            yield name, value


# --- datasets ------------------------------------------------------------------------------------


def _dataset(folder: BuildFolder, name: str, read: DatasetRecord, written: int) -> DatasetFacts:
    quarantined = folder.quarantined(name)
    by_check: Counter[str] = Counter()
    checked = 0
    for reasons in quarantined.values():
        # CHECK: sentence. What has no check in front says that the row was not explained.
        checks = dict.fromkeys(r.partition(": ")[0] for r in reasons if ": " in r)
        by_check.update(checks.keys())
        checked += bool(checks)
    rows = _lines(folder.file("rows", name))
    return DatasetFacts(
        preset=read.preset,
        url=read.url,
        paper=read.paper,
        licence=read.licence,
        note=read.note,
        files={
            split: FileFacts(Path(file.path).name, file.sha256, _rows(file.rows))
            for split, file in read.files.items()
        },
        read=sum(read.counts.values()),
        removed=read.removed,
        masked=read.masked,
        quarantined=by_check,
        quarantined_rows=checked,
        unexplained=max(0, rows - written - checked),
    )


def _lines(path: Path) -> int:
    """Return how many lines a file has that are complete."""
    if not path.exists():
        return 0
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def _rows(rows: int | list[int | None] | None) -> str:
    """Return in words which rows of a file were taken: a number, or from and to (excluded)."""
    if isinstance(rows, int):
        return f"{rows:,}"
    if rows is not None and len(rows) == 2:
        return f"{rows[0]} to {'the end' if rows[1] is None else rows[1]}"
    return "all"


def _package_versions(known: Mapping[str, str]) -> dict[str, str]:
    versions = dict(known)
    for name in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions
