"""What ``build.yaml`` says by now, against what the stages were run with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from imhi.build.config import Config
from imhi.build.folder import STAGES, BuildFolder

_READ_WITH = ("raw", "clean", "seed", "limit")


def read_with(config: Config) -> dict[str, Any]:
    """Return the part of the configuration that reading depends on, as JSON."""
    return config.model_dump(mode="json", include=set(_READ_WITH))


def outdated(folder: BuildFolder, config: Config, before: str) -> Iterator[str]:
    """Yield a sentence per stage ``before`` the named one (or per stage, for ``""``) that was run
    with another configuration than this."""
    stages = folder.record()["stages"]
    wanted = STAGES[: STAGES.index(before)] if before else STAGES
    then, now = stages.get("read", {}).get("config"), read_with(config)
    if "read" in wanted and then is not None:
        changed = [name for name in _READ_WITH if then.get(name) != now[name]]
        if changed:
            yield _sentence(folder, "read", changed)
    gold = stages.get("explain", {}).get("gold", config.gold)
    if "explain" in wanted and gold != config.gold:
        yield _sentence(folder, "explain", ["gold"])
    if "check" in wanted and "check" in stages:
        changed = list(_changed_checks(folder, config))
        if changed:
            yield _sentence(folder, "check", [f"checks.{name}" for name in changed])


def _changed_checks(folder: BuildFolder, config: Config) -> Iterator[str]:
    from imhi.build.stages.check import report_of

    for name, settings in config.check_settings().items():
        report = report_of(folder, name)
        # A check that was not made is told of as missing, not as changed.
        if report is None:
            continue
        if {**report["settings"], "action": report["action"]} != settings.model_dump(mode="json"):
            yield name


def _sentence(folder: BuildFolder, stage: str, fields: Sequence[str]) -> str:
    return (
        f"the stage '{stage}' was run with another {', '.join(fields)} than is asked for now; run: imhi "
        f"build {stage} {folder.path}"
    )
