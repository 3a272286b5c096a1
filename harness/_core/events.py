"""What observers are told: one hook, ``imhi_event(event)``, and these frozen records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RunStarted:
    """A run began or went on. ``answered`` of ``total`` responses were already there; it lies in
    ``folder``."""

    run: str
    model: str
    total: int
    answered: int
    folder: str = ""


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
class AnswersCached:
    """``found`` of ``total`` requests without a response were answered from the answer cache;
    ``damaged`` entries there could not be read, and count as not there. ``refused`` says why answers of
    ``model`` are not, or no longer, kept in it."""

    run: str
    model: str
    found: int = 0
    total: int = 0
    damaged: int = 0
    refused: str = ""


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
    """All stages ended. ``failed`` requests were asked and have no answer; ``not_asked`` were not.
    ``folder`` holds the scores that were made with ``labeler``; a part of a run has none."""

    run: str
    failed: int
    not_asked: int
    folder: str = ""
    labeler: str = ""


@dataclass(frozen=True)
class TrainingStarted:
    """A training began or went on at ``step`` of ``steps`` updates. ``training`` names it,
    ``config`` is its recipe as JSON values; its model will lie in ``folder``."""

    training: str
    step: int
    steps: int
    config: Mapping[str, Any]
    folder: str = ""


@dataclass(frozen=True)
class TrainingLogged:
    """What a training measured at an update: ``loss``, ``learning_rate``, ``eval_weighted_f1`` ..."""

    training: str
    step: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class TrainingSaved:
    """A checkpoint to go on from is on disk."""

    training: str
    step: int
    folder: str


@dataclass(frozen=True)
class TrainingFinished:
    """A training ended after ``seconds`` of wall time; its model lies in ``folder``."""

    training: str
    step: int
    seconds: float
    folder: str


Event = (
    RunStarted
    | StageStarted
    | ResponsesWritten
    | AnswersCached
    | ExampleFailed
    | ExamplesScored
    | StageFinished
    | RunFinished
    | TrainingStarted
    | TrainingLogged
    | TrainingSaved
    | TrainingFinished
)


def tell_nobody(event: Event) -> None:
    """Be told of an event, and do nothing: an observer where there is none."""
