"""Where work runs makes no difference to what comes out."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from imhi import Budget
from imhi._core.errors import HarnessError, UnknownName
from imhi.plugins.executors.processes import Pool
from tests.conftest import ROOT, ImhiCommand

PLUGIN = """
from imhi import ModelFamily, Response, hookimpl
from pathlib import Path
import os, signal, time

HERE = Path(os.environ["HERE"])

def first_to(file):
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True

class Pid:
    # Waits until all workers have something in hand; the first of several that has answered one request
    # is killed.
    def __init__(self, workers):
        self.workers = workers
    def generate(self, requests):
        (HERE / f"at-work-{os.getpid()}").touch()
        while len(list(HERE.glob("at-work-*"))) < self.workers:
            time.sleep(0.02)
        for number, request in enumerate(requests):
            if number == 1 and self.workers > 1 and first_to(HERE / "killed"):
                os.kill(os.getpid(), signal.SIGKILL)
            yield Response(request.id, request.dataset, request.prompt_hash, text=f"Yes. {os.getpid()}")
    def describe(self):
        return {"kind": "pid"}
    def close(self):
        pass

@hookimpl
def imhi_models():
    yield ModelFamily("pid", "says yes, and which process it is", lambda spec, context: Pid(context.workers))
"""


def answers(folder: Path) -> dict[str, str]:
    rows = (folder / "responses" / "DR.jsonl").read_text().splitlines()
    return {row["id"]: row["text"] for row in map(json.loads, rows)}


def test_local_takes_no_argument(run_imhi: ImhiCommand) -> None:
    done = run_imhi("run", "--model", "baseline:majority", "--executor", "local:4")
    assert done.returncode == 2
    assert "local takes no argument" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["processes:2", "ray:2"])
def test_a_run_of_which_a_worker_is_killed_is_complete_and_the_same(
    run_imhi: ImhiCommand, tmp_path: Path, executor: str
) -> None:
    if executor == "ray:2":
        pytest.importorskip("ray", reason="the package ray is not installed (extra: ray)")
    (tmp_path / "pid.py").write_text(PLUGIN)
    words = ("run", "--plugin", "pid.py", "--model", "pid:x", "--dataset", "DR", "--json")
    here = {"HERE": str(tmp_path)}
    spread = run_imhi(*words, "--executor", executor, "--out", "spread", env=here)
    alone = run_imhi(*words, "--out", "here", env=here)
    assert spread.returncode == alone.returncode == 0, spread.stderr
    assert (tmp_path / "killed").exists()
    folder = tmp_path / json.loads(spread.stdout)["run"]
    found = answers(folder)
    assert len(found) == 16
    assert len((folder / "responses" / "DR.jsonl").read_text().splitlines()) == 16
    scores = [
        [[row[k] for k in ("metric", "value", "low", "high")] for row in json.loads(one)["scores"]]
        for one in (spread.stdout, alone.stdout)
    ]
    assert scores[0] == scores[1]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["model_details"] == {"kind": "pid"}
    (note,) = [note for note in manifest["notes"] if note.startswith("executor ")]
    assert "workers died 1 time" in note


COSTLY = """
from imhi import ModelFamily, Response, hookimpl

class Costly:
    def __init__(self, context):
        self.context = context
    def generate(self, requests):
        budget = self.context.budget
        for request in requests:
            if not budget.reserve(0.1):
                return
            budget.settle(0.1, 0.07)
            yield Response(request.id, request.dataset, request.prompt_hash, text="Yes.", cost=0.07)
    def describe(self):
        return {}
    def close(self):
        pass

@hookimpl
def imhi_models():
    yield ModelFamily("costly", "7 cents an answer", lambda spec, context: Costly(context), gpus=0)
"""


@pytest.mark.slow
def test_max_cost_holds_over_all_processes_and_the_run_goes_on_with_more(
    run_imhi: ImhiCommand, tmp_path: Path
) -> None:
    (tmp_path / "costly.py").write_text(COSTLY)
    words = ("run", "--plugin", "costly.py", "--model", "costly:x", "--dataset", "DR", "--json")
    words = (*words, "--executor", "processes:2", "--max-cost")
    stopped = run_imhi(*words, "0.5")
    assert stopped.returncode == 1, stopped.stderr
    folder = tmp_path / json.loads(stopped.stdout)["run"]
    totals = json.loads((folder / "manifest.json").read_text())["totals"]
    # The most an answer can cost must fit: with 0.42 spent, 0.1 does not.
    assert (totals["answered"], totals["cost"]) == (6, 0.42)
    assert totals["stopped_by_budget"]
    assert "10 were not asked, as --max-cost was reached" in stopped.stderr
    assert run_imhi(*words, "5").returncode == 0
    assert len(answers(folder)) == 16


def test_processes_refuse_a_number_they_cannot_keep(run_imhi: ImhiCommand) -> None:
    done = run_imhi("run", "--model", "baseline:majority", "--executor", "processes:none")
    assert done.returncode == 2
    assert "found 'none', expected a whole number above 0" in done.stderr


class TestPool:
    """The processes themselves, at other work than asking models."""

    @pytest.fixture
    def pool(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
        # Processes import nothing from the working directory unless PYTHONPATH names it, and this
        # file, which they import, imports from there.
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        pool = Pool(2, Budget(), print)
        yield pool
        pool.close()

    def test_results_come_back_whatever_the_work_and_again_for_other_work(self, pool: Pool) -> None:
        assert sorted(pool(doubled, range(11))) == [2 * n for n in range(11)]
        squares = Power(2)
        assert sorted(pool(squares, range(5))) == [0, 1, 4, 9, 16]
        assert sorted(pool(squares, range(5, 7))) == [25, 36]
        assert list(pool(doubled, [])) == []

    def test_an_error_of_a_process_is_raised_here(self, pool: Pool) -> None:
        with pytest.raises(HarnessError, match=r"^row 3 is odd$"):
            list(pool(refusing, range(6)))
        with pytest.raises(UnknownName, match="did you mean 'stress'"):
            list(pool(unknown, range(4)))
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            list(pool(dividing, range(6)))
        assert sorted(pool(doubled, range(3))) == [0, 2, 4]

    def test_work_that_kills_every_process_ends_with_one_line(self, pool: Pool) -> None:
        with pytest.raises(HarnessError, match="3 workers of executor processes died with this"):
            list(pool(dying, range(4)))
        assert sorted(pool(Power(3), range(3))) == [0, 1, 8]


def doubled(items: Sequence[int]) -> Iterator[int]:
    return (2 * item for item in items)


@dataclass
class Power:
    exponent: int

    def __call__(self, items: Sequence[int]) -> Iterator[int]:
        return (item**self.exponent for item in items)


def refusing(items: Sequence[int]) -> Iterator[int]:
    for item in items:
        if item == 3:
            raise HarnessError("row 3 is odd")
        yield item


def unknown(items: Sequence[int]) -> Iterator[int]:
    raise UnknownName("task", "strss", ["stress"])
    yield from items


def dividing(items: Sequence[int]) -> Iterator[float]:
    return (1 / item for item in items)


def dying(items: Sequence[int]) -> Iterator[int]:
    os.kill(os.getpid(), signal.SIGKILL)
    yield from items
