"""From events to what a tracker is told: parameters once, progress now and then, scores at the end.

What goes on after a stop goes on in the tracker's run of the same folder, and nothing is told twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from imhi import (
    Event,
    ExampleFailed,
    ResponsesWritten,
    RunFinished,
    RunStarted,
    TrainingFinished,
    TrainingLogged,
    TrainingStarted,
    digest,
)
from imhi.plugins.trackers import facts
from imhi.runs import RunFolder

PROGRESS_SECONDS = 5.0


@dataclass
class Known:
    """What a tracker has of a run already: the last value of each name, and the last step."""

    values: dict[str, float] = field(default_factory=dict)
    step: int = -1


class Tracker(Protocol):
    """A tracker, by keys of runs. A run goes on where one of the key is there."""

    def begin(self, key: str, name: str, kind: str, parameters: facts.Parameters) -> Known:
        """Open the run of a key, or go on with it; say what it holds."""

    def measure(self, key: str, values: facts.Values, step: int) -> None:
        """Write down values of a step."""

    def end(self, key: str, finished: bool) -> None:
        """Say how a run ended."""


@dataclass
class _Open:
    key: str
    known: Known
    answered: int = 0
    failed: int = 0
    told: float = field(default_factory=time.monotonic)


class Telling:
    """Tells a tracker of each run and each training; an observer as :class:`imhi.Observer` makes them."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._open: dict[str, _Open] = {}

    def observe(self, event: Event) -> None:
        """Tell the tracker of an event, if it is one to tell of."""
        match event:
            case RunStarted() if event.folder:
                manifest = RunFolder(Path(event.folder)).manifest()
                begun = self._begin("run", event.run, event.folder, facts.run_parameters(manifest))
                begun.answered = event.answered
            case ResponsesWritten():
                self._progress(event.run, event.count, 0)
            case ExampleFailed():
                self._progress(event.run, 0, 1)
            case RunFinished() if event.folder:
                self._finish_run(event)
            case TrainingStarted():
                told = facts.training_parameters(event.training, event.config)
                self._begin("training", event.training, event.folder, told)
            case TrainingLogged():
                self._measure(event.training, dict(event.values), event.step)
            case TrainingFinished():
                self._measure(event.training, {"seconds": event.seconds}, event.step, last=True)
                self._end(event.training, finished=True)

    def close(self, failed: bool) -> None:
        """Say of what is still open that it came to no end."""
        for name in list(self._open):
            self._end(name, finished=False)

    def _begin(self, kind: str, name: str, folder: str, told: facts.Parameters) -> _Open:
        # Two folders may hold runs of one id; the path itself is nobody's business.
        key = digest([name, str(Path(folder).resolve())])[:20]
        known = self._tracker.begin(key, name, kind, told)
        self._open[name] = _Open(key, known)
        return self._open[name]

    def _progress(self, run: str, answered: int, failed: int) -> None:
        one = self._open.get(run)
        if one is None:
            return
        one.answered += answered
        one.failed += failed
        if time.monotonic() - one.told >= PROGRESS_SECONDS:
            one.told = time.monotonic()
            self._measure(run, {"progress/answered": one.answered}, one.answered)
            if one.failed:
                self._measure(run, {"progress/failed": one.failed}, one.answered, last=True)

    def _measure(self, name: str, values: facts.Values, step: int, *, last: bool = False) -> None:
        """Write values down. A step that is there already is told again after a stop, since what goes
        on begins at a checkpoint before it: it stays as it is. What is ``last`` replaces what differs."""
        one = self._open.get(name)
        if one is None:
            return
        values = {facts.tracked_name(key): float(value) for key, value in values.items()}
        if last:
            new = {key: v for key, v in values.items() if one.known.values.get(key) != v}
        else:
            new = values if step > one.known.step else {}
        if new:
            self._tracker.measure(one.key, new, step)

    def _finish_run(self, event: RunFinished) -> None:
        if event.run not in self._open:
            return
        folder = RunFolder(Path(event.folder))
        values = facts.totals(folder.manifest())
        if event.labeler:
            values |= facts.scores(folder.scores(event.labeler))
        step = int(values.get("totals/answered", self._open[event.run].answered))
        self._measure(event.run, values, step, last=True)
        self._end(event.run, finished=not event.failed and not event.not_asked)

    def _end(self, name: str, *, finished: bool) -> None:
        self._tracker.end(self._open.pop(name).key, finished)
