"""An observer has no say over a run: whatever it raises is passed over, and Ctrl-C still stops."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from imhi import HarnessError, RunFinished, hookimpl
from imhi._core.plugin_manager import PluginManager
from tests.conftest import Imhi

QUICK = "run -m baseline:majority -d DR --limit 3 --metric accuracy --labeler strict"
EVENT = RunFinished("a run", 0, 0)


class Raising:
    """An observer that raises."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.calls = 0

    @hookimpl
    def imhi_event(self, event: object) -> None:
        self.calls += 1
        raise self.error


@pytest.mark.parametrize(
    "error",
    [ValueError("bad"), SystemExit(3), KeyboardInterrupt("mine"), GeneratorExit(), BaseException()],
    ids=lambda error: type(error).__name__,
)
def test_whatever_an_observer_raises_is_recorded_once(error: BaseException) -> None:
    manager, observer = PluginManager(), Raising(error)
    manager.observe(observer, "tracker")
    for _ in range(3):
        manager.notify(EVENT)
    assert observer.calls == 3
    (problem,) = manager.problems
    assert (problem.plugin, problem.stage) == ("tracker", "observe")
    assert problem.error.startswith(type(error).__name__)


def test_strict_observers_end_the_run_with_one_line_where_it_is_no_exception() -> None:
    manager = PluginManager(strict_observers=True)
    manager.observe(Raising(SystemExit(3)), "tracker")
    with pytest.raises(HarnessError, match="observer tracker raised SystemExit: 3"):
        manager.notify(EVENT)


@pytest.mark.parametrize("swallows", [False, True])
def test_ctrl_c_stops_the_run_while_an_observer_is_at_work(swallows: bool) -> None:
    class Slow:
        @hookimpl
        def imhi_event(self, event: object) -> None:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except BaseException:
                if not swallows:
                    raise

    manager, handler = PluginManager(), signal.getsignal(signal.SIGINT)
    manager.observe(Slow(), "tracker")
    with pytest.raises(KeyboardInterrupt):
        manager.notify(EVENT)
    assert manager.problems == []
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_tracker_that_leaves_does_not_take_the_run_with_it(imhi_here: Imhi) -> None:
    Path("watch.py").write_text(
        "import sys\nfrom imhi import hookimpl\n@hookimpl\ndef imhi_event(event):\n    sys.exit(9)\n"
    )
    said = imhi_here(*QUICK.split(), "--plugin", "watch.py", "--json")
    assert said.code == 0 and said.json["complete"]
    (line,) = [line for line in said.err.splitlines() if "observer failed" in line]
    assert "watch" in line and "SystemExit: 9" in line


def test_a_handler_that_only_takes_note_of_ctrl_c_lets_the_run_go_on() -> None:
    from imhi._core.observing import call_observer

    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        error = call_observer(
            lambda event: os.kill(os.getpid(), signal.SIGINT), RunFinished("run", 0, 0)
        )
    finally:
        signal.signal(signal.SIGINT, before)
    assert error is None and noted == [signal.SIGINT]
