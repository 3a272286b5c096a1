"""A progress bar for runs, as an observer like any other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from imhi._core.cli.console import err, say
from imhi._core.cli.progress_lines import ProgressLines
from imhi._core.events import (
    AnswersCached,
    Event,
    ExampleFailed,
    ExamplesScored,
    ResponsesWritten,
    RunStarted,
    StageFinished,
    StageStarted,
    TrainingFinished,
    TrainingLogged,
    TrainingStarted,
)
from imhi._core.hookspecs import hookimpl
from imhi._core.plugin_manager import PluginManager
from imhi._core.sanitizing import plain

_SHOWN_FAILURES = 3


class ProgressBar:
    """Shows answers, rate, time left and failures, then metrics and trainings that take their time, on
    a terminal; plain lines elsewhere, one a minute."""

    def __init__(self) -> None:
        self._console = err()
        self._bar: Any = None
        self._task: Any = None
        self._lines: ProgressLines | None = None
        self._failures = 0
        self._model = ""
        self._scored = ("", "", "")
        self.answers = False

    @hookimpl
    def imhi_event(self, event: Event) -> None:
        match event:
            case RunStarted():
                self.answers = self.answers or bool(event.answered)
                self._failures = 0
                self._model = plain(event.model)
                if event.answered:
                    self._line(f"{event.answered} of {event.total} answers are there already")
            case StageStarted(stage="respond", total=total) if total:
                self._open(self._model[:30], total)
            case ResponsesWritten(count=count):
                self.answers = True
                self._advance(count)
            case AnswersCached():
                self._tell_of_cache(event)
            case ExampleFailed():
                self._failures += 1
                if self._failures <= _SHOWN_FAILURES:
                    self._line(plain(f"failed: {event.dataset}/{event.id}: {event.error}"))
                self._advance(1)
            case ExamplesScored():
                self._score(event)
            case StageFinished() | TrainingFinished():
                self.close()
            case TrainingStarted():
                self._model = plain(event.training)
                if event.step:
                    self._line(f"goes on from update {event.step} of {event.steps}")
                self._open(self._model[:30], event.steps, event.step)
            case TrainingLogged():
                self._train(event)

    def _tell_of_cache(self, event: AnswersCached) -> None:
        if event.refused:
            self._line(plain(f"answers are not cached: {event.refused}"))
        elif event.found:
            self._line(f"{event.found} of {event.total} answers come from the cache")
        if event.damaged:
            self._line(
                f"{event.damaged} damaged entries of the cache were passed over; 'imhi cache prune' "
                "takes them out"
            )

    def _train(self, event: TrainingLogged) -> None:
        """Show the loss in the bar, and what was measured on validation rows as a line."""
        measured = {
            name.removeprefix("eval_"): value
            for name, value in event.values.items()
            if name in ("eval_loss", "eval_weighted_f1", "eval_macro_f1", "eval_accuracy")
        }
        if measured:
            listed = ", ".join(f"{name} {value:.3f}" for name, value in measured.items())
            self._line(f"update {event.step}: validation {listed}")
        if "loss" not in event.values:
            return
        loss = f"loss {event.values['loss']:.3f}"
        if self._bar is not None:
            self._advance(event.step - self._bar.tasks[0].completed)
            self._bar.update(self._task, rate=loss)
        elif self._lines is not None:
            self._lines.to(event.step, loss)

    def _line(self, text: str) -> None:
        say(f"{self._model}: {text}")

    def _score(self, event: ExamplesScored) -> None:
        scored = (event.run, event.metric, event.dataset)
        if scored != self._scored or (self._bar is None and self._lines is None):
            self.close()
            self._scored = scored
            self._open(f"{plain(event.metric)}, {plain(event.dataset)}", event.total)
        if self._bar is not None:
            self._advance(event.done - self._bar.tasks[0].completed)
        elif self._lines is not None:
            self._lines.to(event.done)

    def _open(self, what: str, total: int, done: int = 0) -> None:
        if not self._console.is_terminal:
            self._lines = ProgressLines(lambda text: say(f"{what}: {text}"), total, done)
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.completed}/{task.total}"),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]}", style="red"),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task(what, total=total, completed=done, rate="", failed="")
        self._bar.start()

    def _advance(self, count: int) -> None:
        failed = f"{self._failures} failed" if self._failures else ""
        if self._lines is not None:
            self._lines.to(self._lines.done + count, failed)
        if self._bar is None:
            return
        speed = self._bar.tasks[0].speed
        rate = f"{speed:.1f}/s" if speed else ""
        self._bar.update(self._task, advance=count, rate=rate, failed=failed)

    def close(self) -> None:
        """Take the bar away, and say how many failures were not shown."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        self._lines = None
        if self._failures > _SHOWN_FAILURES:
            self._line(f"... and {self._failures - _SHOWN_FAILURES} more failed examples")
        self._failures = 0
        sys.stderr.flush()


@contextmanager
def shown(manager: PluginManager) -> Iterator[ProgressBar]:
    """Show progress while the block runs."""
    progress = ProgressBar()
    manager.observe(progress, "progress-bar")
    try:
        yield progress
    finally:
        progress.close()
        manager.forget(progress)
