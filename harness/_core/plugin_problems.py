"""What went wrong with a plugin, in one line each."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from imhi._core.errors import HarnessError
from imhi._core.renamed import what_to_import_now

OBSERVE = "observe"
_SHOWN = 100  # characters of an error where several stand in one line


@dataclass(frozen=True)
class Problem:
    """Why a plugin, or a part of it, is not there. ``stage``: metadata, import, hooks, observe,
    or the name of the hook that failed."""

    plugin: str
    distribution: str
    stage: str
    error: str
    where: str

    def __str__(self) -> str:
        return f"{self.plugin} ({self.distribution}): {self.stage}: {self.error} [{self.where}]"


def problem_of(
    plugin: str, distribution: str, stage: str, error: BaseException, where: str
) -> Problem:
    """Return what an error says of a plugin; ``where`` stands for a place that it does not name."""
    if isinstance(error, HarnessError):
        return Problem(plugin, distribution, stage, one_line(error), where)
    file, place = _raised_at(error, where)
    now = what_to_import_now(error, file) if isinstance(error, ImportError) else ""
    return Problem(plugin, distribution, stage, f"{one_line(error)}{now and '; ' + now}", place)


def one_line(error: BaseException) -> str:
    """Return an error as text: our own without its type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}"


def _raised_at(error: BaseException, default: str) -> tuple[str, str]:
    """Return the file an error was raised in (empty where unknown), and the place to the line."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    outside = [frame for frame in frames if "importlib" not in frame.filename]
    if not outside:
        return "", default
    return outside[-1].filename, f"{outside[-1].filename}:{outside[-1].lineno}"


def failed_to_load(problems: Sequence[Problem]) -> str:
    """Return which plugins may have what nobody else has; nothing where all were loaded."""
    failed = {problem.plugin: problem.error for problem in problems if problem.stage != OBSERVE}
    if not failed:
        return ""
    named = ", ".join(
        f"{name} ({error if len(error) <= _SHOWN else error[: _SHOWN - 3] + '...'})"
        for name, error in failed.items()
    )
    count = f"{len(failed)} plugin{'s' * (len(failed) > 1)}"
    return f"{count} failed to load and may have it: {named}; see: imhi plugins"
