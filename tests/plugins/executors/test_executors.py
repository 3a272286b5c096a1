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
import os, time

class Pid:
    def __init__(self, workers):
        self.workers = workers
    def generate(self, requests):
        Path(f"at-work-{os.getpid()}").touch()
        while len(list(Path().glob("at-work-*"))) < self.workers:
            time.sleep(0.02)
        for request in requests:
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
def test_ray_spreads_a_single_file_plugin_over_two_processes(
    run_imhi: ImhiCommand, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="the package ray is not installed (extra: ray)")
    (tmp_path / "pid.py").write_text(PLUGIN)
    arguments = ("run", "--plugin", "pid.py", "--model", "pid:x", "--dataset", "DR", "--json")
    spread = run_imhi(*arguments, "--executor", "ray:2", "--out", "spread")
    here = run_imhi(*arguments, "--out", "here")
    assert spread.returncode == here.returncode == 0, spread.stderr
    assert len(set(answers(tmp_path / json.loads(here.stdout)["run"]).values())) == 1
    found = answers(tmp_path / json.loads(spread.stdout)["run"])
    assert len(found) == 16
    assert len(set(found.values())) == 2
    pick = [
        [row[k] for k in ("metric", "value", "low", "high")]
        for row in json.loads(spread.stdout)["scores"]
    ]
    same = [
        [row[k] for k in ("metric", "value", "low", "high")]
        for row in json.loads(here.stdout)["scores"]
    ]
    assert pick == same
    manifest = json.loads(
        (tmp_path / json.loads(spread.stdout)["run"] / "manifest.json").read_text()
    )
    assert manifest["model_details"] == {"kind": "pid"}


@pytest.mark.slow
def test_processes_spread_a_single_file_plugin_over_two_processes(
    run_imhi: ImhiCommand, tmp_path: Path
) -> None:
    (tmp_path / "pid.py").write_text(PLUGIN)
    arguments = ("run", "--plugin", "pid.py", "--model", "pid:x", "--dataset", "DR", "--json")
    spread = run_imhi(*arguments, "--executor", "processes:2", "--out", "spread")
    here = run_imhi(*arguments, "--out", "here")
    assert spread.returncode == here.returncode == 0, spread.stderr
    found = answers(tmp_path / json.loads(spread.stdout)["run"])
    assert len(found) == 16 and len(set(found.values())) == 2
    scores = [json.loads(run.stdout)["scores"] for run in (spread, here)]
    assert [row["value"] for row in scores[0]] == [row["value"] for row in scores[1]]
    manifest = json.loads(
        (tmp_path / json.loads(spread.stdout)["run"] / "manifest.json").read_text()
    )
    assert manifest["model_details"] == {"kind": "pid"}


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
