"""How a build came about, as far as its folder tells: sources, models, checks, people.

What is read here was written by other stages, and some of it may be missing: a build without checks
is written like any other, and says that there were none. Nothing that is returned holds a post or a
path of this machine: of free values, numbers and single words are taken and the rest is left behind.
"""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imhi.build.folder import BuildFolder
from imhi.build.writing.reports import CheckFacts, Evaluation, read_checks, read_evaluations
from imhi.build.writing.showable import MANY, mapping, numbers, showable
from imhi.runs import environment

LATER_STAGES = ("write",)  # what they record says nothing about the rows
_PACKAGES = ("pyarrow", "pydantic", "jinja2", "matplotlib")

# What is told of the asking, by the name it is recorded under.
_ASKING = {
    "models": "models",
    "rounds": "rounds of asking",
    "answered": "requests that were answered",
    "failed": "requests that failed",
    "unanswered": "requests without an answer",
    "prompt_tokens": "tokens of prompts",
    "completion_tokens": "tokens of answers",
    "cost": "cost in US dollars",
    "asking_seconds": "seconds of asking",
}


@dataclass
class DatasetFacts:
    """Where the rows of one dataset are from, and what became of those that are not written.
    ``quarantined`` is by check, a row under each that found something; ``unexplained`` rows are in
    quarantine for no other reason, or are not looked at yet."""

    preset: str = ""
    url: str = ""
    paper: str = ""
    licence: str = ""
    note: str = ""
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    read: int = 0
    removed: dict[str, int] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    quarantined: Counter[str] = field(default_factory=Counter)
    quarantined_rows: int = 0
    unexplained: int = 0


@dataclass
class Facts:
    """Everything that is known of a build besides its rows. ``gold`` is whose label counts where
    model and people differ: ``human``, ``model``, or empty where that is not recorded."""

    name: str
    datasets: dict[str, DatasetFacts]
    asking: dict[str, Any]
    gold: str
    checks: list[CheckFacts]
    evaluations: list[Evaluation]
    at: dict[str, str]
    environment: dict[str, Any]
    notes: list[str]


def gather(folder: BuildFolder, written: Mapping[str, Mapping[str, int]]) -> Facts:
    """Return what the folder tells; ``written`` is rows by dataset and split."""
    stages = {name: mapping(stage) for name, stage in folder.record()["stages"].items()}
    read = mapping(stages.get("read", {}).get("datasets"))
    explain = stages.get("explain", {})
    checks = list(read_checks(folder.path / "checks"))
    return Facts(
        name=folder.path.resolve().name,
        datasets={
            name: _dataset(folder, name, mapping(read.get(name)), sum(written[name].values()))
            for name in written
        },
        asking=dict(_asking(explain)),
        gold=str(explain.get("gold") or ""),
        checks=checks,
        evaluations=list(read_evaluations(folder.path / "annotation")),
        at={
            name: str(stage.get("at", ""))
            for name, stage in stages.items()
            if name not in LATER_STAGES
        },
        environment=_environment(),
        notes=list(_notes(folder, checks)),
    )


def _notes(folder: BuildFolder, checks: Sequence[CheckFacts]) -> Iterator[str]:
    """Yield what somebody should know who takes the rows for finished."""
    if not checks:
        yield "no check was run on these rows (imhi build check)"
        return
    missing = folder.stage("check").get("missing", ())
    if missing:
        yield f"not made on these rows: {', '.join(missing)} (imhi build check)"
    stale = [check.name for check in checks if check.made_on]
    if stale:
        from imhi.build.stages.check import rows_checksum

        try:
            checked = rows_checksum(folder)
        except FileNotFoundError:  # a dataset was read, and never joined with explanations
            checked = ""
        stale = [check.name for check in checks if check.made_on not in ("", checked)]
    if stale:
        yield f"made on other rows than these: {', '.join(stale)} (imhi build check)"
    yield from (f"{check.name}: {check.remark}" for check in checks if check.remark)


def _asking(explain: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if explain.get("given_by"):
        # A source's argument is a path.
        yield "explanations given by", str(explain["given_by"]).partition(":")[0]
    for key, name in _ASKING.items():
        value = explain.get(key)
        if isinstance(value, list):
            value = len(value) if key == "rounds" else ", ".join(v for v in value if showable(v))
        if value and (isinstance(value, int | float) or showable(value, MANY)):
            yield name, value


# --- datasets ------------------------------------------------------------------------------------


def _dataset(folder: BuildFolder, name: str, read: Mapping[str, Any], written: int) -> DatasetFacts:
    quarantined = folder.quarantined(name)
    by_check: Counter[str] = Counter()
    checked = 0
    for reasons in quarantined.values():
        # CHECK: sentence. What has no check in front says that the row was not explained.
        found = {reason.partition(": ")[0] for reason in reasons if ": " in reason}
        by_check.update(found)
        checked += bool(found)
    there = _lines(folder.file("rows", name))
    return DatasetFacts(
        **{key: str(read.get(key) or "") for key in ("preset", "url", "paper", "licence", "note")},
        files={
            str(split): {
                "name": Path(str(mapping(file).get("path", ""))).name,
                "sha256": str(mapping(file).get("sha256") or ""),
                "rows": _rows(mapping(file).get("rows")),
            }
            for split, file in mapping(read.get("files")).items()
        },
        read=sum(numbers(read.get("counts")).values()),
        removed=numbers(read.get("removed")),
        masked=numbers(read.get("masked")),
        quarantined=by_check,
        quarantined_rows=checked,
        unexplained=max(0, there - written - checked),
    )


def _lines(path: Path) -> int:
    """Return how many lines a file has that are complete."""
    if not path.exists():
        return 0
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


def _rows(value: Any) -> str:
    """Return the rows of a file that were taken: a number, or from and to (excluded)."""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list) and len(value) == 2:
        return f"{value[0]} to {'the end' if value[1] is None else value[1]}"
    return "all"


def _environment() -> dict[str, Any]:
    found = environment()
    for name in _PACKAGES:
        try:
            found["packages"][name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
