"""Workers that die: replaced, what they had in hand done again, nothing lost, nothing for ever."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from imhi import Budget, HarnessError
from imhi.plugins.executors.processes import Pool
from tests.conftest import ROOT
from tests.plugins.executors.spread_work import Squares, Stuck


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def pool(notes: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    # Processes import the work from here, and nothing from the working directory unless this names it.
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pool = Pool(2, Budget(), notes.append)
    yield pool
    pool.close()


def squares(numbers: range) -> dict[int, int]:
    return {number: number**2 for number in numbers}


def test_a_process_killed_halfway_is_replaced_and_what_it_had_not_answered_is_done_by_others(
    pool: Pool, tmp_path: Path, notes: list[str]
) -> None:
    work = Stuck(tmp_path, item=100)
    killer = threading.Thread(target=work.kill_it, daemon=True)
    killer.start()
    found = list(pool(work, range(200)))
    assert len(found) == 200 and dict(found) == squares(range(200))
    assert len(work.asked()) == 200  # it had answered all it was asked but the one
    (note,) = notes
    assert "workers died 1 time (signal 9: 1) and were replaced" in note


def test_an_item_that_kills_whoever_is_asked_it_fails_alone(pool: Pool, tmp_path: Path) -> None:
    work = Squares(tmp_path, poison=40)
    found = dict(pool(work, range(100)))
    why = found.pop(40)
    assert found == {n: square for n, square in squares(range(100)).items() if n != 40}
    assert "3 workers of executor processes died with this request in hand" in str(why)
    assert 3 <= work.asked().count(40) <= 5
    assert dict(pool(work, range(100, 130))) == squares(range(100, 130))  # and it goes on


def test_processes_that_die_while_they_start_end_the_run_with_one_line(
    pool: Pool, tmp_path: Path
) -> None:
    work = Squares(tmp_path, at_start=100)
    with pytest.raises(
        HarnessError, match="every worker died while it started or loaded the model"
    ):
        list(pool(work, range(4)))
    assert len(work.processes()) == 6  # each is given three chances


def test_one_that_dies_once_while_it_starts_is_started_again(pool: Pool, tmp_path: Path) -> None:
    assert dict(pool(Squares(tmp_path, at_start=1), range(20))) == squares(range(20))


def test_processes_killed_while_they_rest_are_replaced(pool: Pool, tmp_path: Path) -> None:
    work = Squares(tmp_path)
    assert dict(pool(work, range(40))) == squares(range(40))
    for process in work.processes():
        os.kill(process, signal.SIGKILL)
    assert dict(pool(work, range(40, 80))) == squares(range(40, 80))
