"""How much faster two processes are than one; what a slow worker costs; what a message takes.

* A run of ``--rows`` made-up posts by a model that costs CPU (``burning_runs.py``), as whole commands
  beside each other: ``local``, ``processes:1`` and ``processes:2`` (``--rounds`` times, medians): seconds of
  the stage ``respond``, of the command, and the most memory of the process that hands out.
* Two workers of which one is ``--slower`` times as slow: portions that are pulled, beside halves that are
  dealt.
* Microseconds of a loan: what a model waits when it asks whether it may spend more.

Run from the project's root, on an idle machine of two cores or more::

    python benchmarks/executors.py [--rows 50000] [--units 100000] [--ray] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imhi import Budget  # noqa: E402
from imhi.plugins.executors.processes import Pool  # noqa: E402
from imhi.runs import LentBudget, Place  # noqa: E402

PLUGIN = ROOT / "benchmarks" / "burning_runs.py"


def timed_run(rows: int, units: int, executor: str) -> dict[str, float]:
    """Run a whole command; return its seconds, those of asking, and the MiB of its main process."""
    with tempfile.TemporaryDirectory() as out:
        words = ["run", "--plugin", str(PLUGIN), "--source", f"burning:{rows}", "--dataset", "DR"]
        words += ["--model", f"burning:{units}", "--metric", "accuracy", "--executor", executor]
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "imhi", *words, "--out", out, "--json"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        assert os.waitstatus_to_exitcode(status) == 0, executor
        (manifest,) = Path(out).glob("*/manifest.json")
        totals = json.loads(manifest.read_text())["totals"]
        assert totals["answered"] == rows
        unit = 1024 * 1024 if sys.platform == "darwin" else 1024
        mebibytes = usage.ru_maxrss / unit
        return {"respond": totals["respond_seconds"], "command": seconds, "MiB": mebibytes}


@dataclass
class Uneven:
    """Work of a hundredth of a second an item, ``slower`` times that for worker 0."""

    slower: float
    seconds: float = 0.01

    def begin(self, place: Place) -> None:
        if place.number == 0:
            self.seconds *= self.slower

    def key(self, thing: int) -> int:
        return thing

    def __call__(self, items: Sequence[int]) -> Iterator[int]:
        for item in items:
            time.sleep(self.seconds)
            yield item


@dataclass
class Borrowing:
    """Work that asks for money an item and gives it back, so that each is a message."""

    def begin(self, place: Place) -> None:
        assert place.lend is not None
        self.budget = LentBudget(1.0, lend=place.lend)

    def __call__(self, items: Sequence[int]) -> Iterator[float]:
        for _ in items:
            started = time.perf_counter()
            assert self.budget.fits(1e-9)
            yield time.perf_counter() - started
            self.budget.give_back()


def seconds_of(work: Any, count: int, workers: int) -> float:
    """Return how long a started pool takes for so many items."""
    pool = Pool(workers, Budget(), print)
    try:
        list(pool(work, range(4 * workers)))  # the processes are there
        started = time.perf_counter()
        assert len(list(pool(work, range(count)))) == count
        return time.perf_counter() - started
    finally:
        pool.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--units", type=int, default=100_000, help="work of an answer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slower", type=float, default=10.0)
    parser.add_argument("--ray", action="store_true", help="ray:1 and ray:2 besides")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)

    executors = ["local", "processes:1", "processes:2", *(["ray:1", "ray:2"] * chosen.ray)]
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in executors}
    for _ in range(chosen.rounds):
        for name in executors:
            taken[name].append(timed_run(chosen.rows, chosen.units, name))
    medians = {
        name: {what: statistics.median(one[what] for one in runs) for what in runs[0]}
        for name, runs in taken.items()
    }
    print(f"{chosen.rows:,} rows, {chosen.units:,} units of work each, {chosen.rounds} rounds")
    for name, found in medians.items():
        print(
            f"  {name:12} respond {found['respond']:8.1f} s  command {found['command']:8.1f} s  "
            f"main process {found['MiB']:6.0f} MiB"
        )
    ratios = {}
    for one, two in (("local", "processes:2"), ("processes:1", "processes:2"), ("ray:1", "ray:2")):
        if two in medians:
            ratios[f"{two} against {one}"] = medians[one]["respond"] / medians[two]["respond"]
    for pair, ratio in ratios.items():
        print(f"  {pair}: respond {ratio:.2f}x")

    items = 400
    pulled = seconds_of(Uneven(chosen.slower), items, 2)
    dealt = seconds_of(Uneven(chosen.slower), items // 2, 1)  # the slow one's half
    print(f"one of two workers {chosen.slower:g} times as slow, {items} items of 10 ms:")
    print(f"  pulled {pulled:.2f} s, dealt {dealt:.2f} s: {dealt / pulled:.2f}x")

    pool = Pool(1, Budget(1.0), print)
    waits = sorted(pool(Borrowing(), range(2000)))
    pool.close()
    loan = 1e6 * statistics.median(waits)
    print(f"a loan: {loan:.0f} microseconds there and back")
    if chosen.json:
        found = {
            "rows": chosen.rows,
            "runs": medians,
            "ratios": ratios,
            "pulled_against_dealt": dealt / pulled,
            "loan_microseconds": loan,
        }
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
