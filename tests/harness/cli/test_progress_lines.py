"""Logs of batch jobs say once a minute how far a run or a training is."""

from __future__ import annotations

import pytest

from imhi._core.cli import progress_lines
from imhi._core.cli.progress import ProgressBar
from imhi._core.cli.progress_lines import ProgressLines
from imhi._core.events import (
    ResponsesWritten,
    RunStarted,
    StageStarted,
    TrainingLogged,
    TrainingStarted,
)


class Minutes:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return 60 * self.now


def test_a_line_a_minute_says_how_many_are_done_and_what_is_left() -> None:
    said: list[str] = []
    clock = Minutes()
    lines = ProgressLines(said.append, 1_200, clock=clock)
    lines.to(3)
    assert said == []
    for clock.now, done in ((1, 10), (1.5, 15), (10, 100), (119.5, 1_195)):
        lines.to(done, "loss 2.000" if done == 100 else "")
    assert said == [
        "10 of 1,200",  # too few to reckon with
        "100 of 1,200, 1 h 50 min left, loss 2.000",
        "1,195 of 1,200, less than a minute left",
    ]


def test_what_was_done_before_does_not_count_as_speed() -> None:
    said: list[str] = []
    clock = Minutes()
    lines = ProgressLines(said.append, 100, done=90, clock=clock)
    clock.now = 1
    lines.to(90)
    clock.now = 2
    lines.to(91)
    assert said == ["90 of 100", "91 of 100, 18 min left"]


def test_without_a_terminal_runs_and_trainings_say_where_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_lines, "EVERY", 0.0)
    progress = ProgressBar()
    for event in (
        RunStarted("r", "hf:tiny", 8, 0),
        StageStarted("r", "respond", 8),
        ResponsesWritten("r", "DR", 1),
        TrainingStarted("tiny/model", 2, 6, {}),
        TrainingLogged("tiny/model", 3, {"loss": 1.25}),
    ):
        progress.imhi_event(event)
    lines = [line.split(",")[0] for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "hf:tiny: 1 of 8",
        "tiny/model: goes on from update 2 of 6",
        "tiny/model: 3 of 6",
    ]
