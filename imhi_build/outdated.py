"""What ``build.yaml`` says by now, against what the stages were run with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from imhi import Registry
from imhi.build.checks.configured import configured_checks
from imhi.build.checks.reports import read_report
from imhi.build.config import Config
from imhi.build.folder import STAGES, BuildFolder

_READ_WITH = ("raw", "clean", "seed", "limit")


def read_with(config: Config) -> dict[str, JsonValue]:
    """Return the part of the configuration that reading depends on, as JSON."""
    return config.model_dump(mode="json", include=set(_READ_WITH))


def outdated(folder: BuildFolder, config: Config, before: str, registry: Registry) -> Iterator[str]:
    """Yield a sentence per stage ``before`` the named one (or per stage, for ``""``) that was run
    with another configuration than this."""
    record = folder.record()
    wanted = STAGES[: STAGES.index(before)] if before else STAGES
    if "read" in wanted and record.read and (then := record.read.config) is not None:
        now = read_with(config)
        changed = [name for name in _READ_WITH if then.get(name) != now[name]]
        if changed:
            yield _sentence(folder, "read", changed)
    gold = (record.explain and record.explain.gold) or config.gold
    if "explain" in wanted and gold != config.gold:
        yield _sentence(folder, "explain", ["gold"])
    if "check" in wanted and record.check:
        changed = list(_changed_checks(folder, config, registry))
        if changed:
            yield _sentence(folder, "check", [f"checks.{name}" for name in changed])


def _changed_checks(folder: BuildFolder, config: Config, registry: Registry) -> Iterator[str]:
    for name, one in configured_checks(config.checks, registry).items():
        report = read_report(folder, name)
        # A check that was not made is told of as missing, not as changed.
        if report and not (one.made(report) and report.action == one.action):
            yield name


def _sentence(folder: BuildFolder, stage: str, fields: Sequence[str]) -> str:
    return (
        f"the stage '{stage}' was run with another {', '.join(fields)} than is asked for now; run: imhi "
        f"build {stage} {folder.path}"
    )
