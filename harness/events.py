"""What observers are told: one hook, ``imhi_event(event)``, and these frozen records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunStarted:
    """A run began or went on. ``answered`` of ``total`` responses were already there."""

    run: str
    model: str
    total: int
    answered: int


@dataclass(frozen=True)
class StageStarted:
    """A stage (``prepare respond label score``) began on ``total`` rows."""

    run: str
    stage: str
    total: int


@dataclass(frozen=True)
class ResponsesWritten:
    """``count`` more responses of a dataset are safely in the run folder."""

    run: str
    dataset: str
    count: int


@dataclass(frozen=True)
class ExampleFailed:
    """A request got no answer; it is recorded and asked again by the next ``imhi run``."""

    run: str
    dataset: str
    id: str
    error: str


@dataclass(frozen=True)
class ExamplesScored:
    """A metric that takes its time has done ``done`` of the ``total`` examples of a dataset."""

    run: str
    metric: str
    dataset: str
    done: int
    total: int


@dataclass(frozen=True)
class StageFinished:
    """A stage ended after ``seconds`` of wall time."""

    run: str
    stage: str
    seconds: float


@dataclass(frozen=True)
class RunFinished:
    """All stages ended. ``failed`` examples have no answer; ``unanswered`` were never asked."""

    run: str
    failed: int
    unanswered: int


Event = (
    RunStarted
    | StageStarted
    | ResponsesWritten
    | ExampleFailed
    | ExamplesScored
    | StageFinished
    | RunFinished
)
