"""Long runs: when a resumed run asks its first request, what it takes to run again with nothing to ask
and to list what has no label; what is left by processes that were killed.

Run from the project's root. ``--base FOLDER`` measures a checkout of an earlier commit in the same run,
in turns, and prints ratios::

    python benchmarks/long_runs.py [--rows 50000] [--datasets 10] [--base ../base] [--kills 60]

The rows are strings of common words and mean nothing. ``first_request``: seconds from the command to
the first request, with half of the answers missing; ``nothing``: the whole command, processor seconds
count; ``unparsed``: ``imhi show --unparsed`` where not one answer has a label.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from beside import Installed, Measured
from made_answers import WORDS

PLUGIN = Path(__file__).with_name("made_answers.py")
_DATASET = """- dataset: {name}
  rows: {name}.jsonl
  question: Does the poster suffer from tiredness?
  labels:
    'yes': This post shows tiredness.
    'no': This post shows no tiredness.
"""


def write_rows(folder: Path, rows: int, datasets: int) -> Path:
    """Write made-up rows in so many datasets; return the file that declares them."""
    folder.mkdir(parents=True)
    names = [f"long{number}" for number in range(datasets)]
    for name in names:
        with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as stream:
            for number in range(rows // datasets):
                chosen = random.Random(f"{name} {number}")
                post = " ".join(chosen.choices(WORDS, k=chosen.randint(40, 160)))
                row = {"id": str(number), "post": post, "label": chosen.choice(["yes", "no"])}
                stream.write(json.dumps(row) + "\n")
    task = folder / "task.yaml"
    listed = "".join(_DATASET.format(name=name) for name in names)
    task.write_text(f"task: long detection\nsummary: Is it?\ndatasets:\n{listed}")
    return task


class Runs:
    """The runs of one version, made once."""

    def __init__(self, version: Installed, task: Path, place: Path) -> None:
        self.version, self.place, self.first = version, place, place / "first"
        self.plugins = ["--plugin", str(task), "--plugin", str(PLUGIN)]
        place.mkdir()
        self._run("readable", "whole")
        self._run("silent", "silent", "--labeler", "strict", "--metric", "accuracy")
        shutil.copytree(place / "whole", place / "half")
        (run,) = (path.parent for path in (place / "half").glob("*/manifest.json"))
        for path in (run / "responses").iterdir():
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(lines[: len(lines) // 2]))
        for name in ("predictions", "scores"):
            shutil.rmtree(run / name)

    def _run(self, model: str, out: str, *more: str, **env: str) -> Measured:
        words = ["run", *self.plugins, "--source", "own", "--model", f"made:{model}", *more]
        return self.version.measure([*words, "--out", str(self.place / out)], env)

    def first_request(self) -> float:
        """Return the seconds until a resumed run asks."""
        started = time.time()
        self._run("readable", "half", MADE_FIRST=str(self.first))
        return float(self.first.read_text()) - started

    def nothing(self) -> Measured:
        """Return what a run takes that has nothing to ask."""
        return self._run("readable", "whole")

    def unparsed(self) -> Measured:
        """Return what listing the answers without a label takes."""
        words = ["show", "last", "--unparsed", "--out", str(self.place / "silent")]
        return self.version.measure([*words, *self.plugins])


def middles(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the medians of one version's rounds."""
    first = sorted(one["first_request"] for one in rounds)[len(rounds) // 2]
    found: dict[str, Any] = {"first_request": round(first, 2)}
    for name in ("nothing", "unparsed"):
        found[name] = Measured.middle([one[name] for one in rounds]).rounded()
    return found


def left_by_kills(version: Installed, kills: int, place: Path) -> dict[str, Any]:
    """Kill a run at random moments, and let it end; return what temporary files and folders there were
    on the way, and at the end."""
    task = write_rows(place / "rows", 3000, 2)
    out = place / "runs"
    words = [*version.words, "run", "--plugin", str(task), "--plugin", str(PLUGIN)]
    words += ["--source", "own", "--model", "made:readable", "--out", str(out)]

    def left() -> int:
        found = [*out.rglob(".*.tmp"), *out.glob(".prepare-*")] if out.exists() else []
        names.extend(path.relative_to(out).as_posix() for path in found)
        return len(found)

    env = {**os.environ, **version.env, "OMP_NUM_THREADS": "1"}
    names: list[str] = []
    chosen, most, lasting, killed, longest = random.Random(0), 0, 0, 0, 0.0
    while killed < kills:
        started = time.monotonic()
        process = subprocess.Popen(
            words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait = chosen.uniform(0.3, 1.1) * (longest or 4.0)
        try:
            process.wait(wait)
            longest = max(longest, time.monotonic() - started)
            lasting += left()  # what a run that ended has left is left for ever
            shutil.rmtree(out)  # it was faster: begin anew
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            most = max(most, left())
    version.measure(words[len(version.words) :])
    left_over = lasting + left()
    return {"kills": killed, "most_at_once": most, "left": left_over, "seen": sorted({*names})}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--datasets", type=int, default=1)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--base", type=Path, help="a checkout of an earlier commit")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imhi-long-runs-") as made:
        place = Path(made)
        versions = {"ours": Installed.ours()}
        if given.base:
            versions["base"] = Installed.checkout(given.base.resolve(), place / "base-installed")
        result: dict[str, Any] = {"rows": given.rows, "datasets": given.datasets}
        if given.times:
            task = write_rows(place / "rows", given.rows, given.datasets)
            runs = {name: Runs(one, task, place / name) for name, one in versions.items()}
            rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in runs}
            for _ in range(given.times):
                for name, one in runs.items():
                    kinds = ("first_request", "nothing", "unparsed")
                    rounds[name].append({kind: getattr(one, kind)() for kind in kinds})
            result |= {name: middles(several) for name, several in rounds.items()}
        if given.times and given.base:
            ours, base = result["ours"], result["base"]
            result["ratios"] = {
                "first_request": round(ours["first_request"] / base["first_request"], 3),
                "nothing_cpu": round(ours["nothing"]["cpu"] / base["nothing"]["cpu"], 3),
                "unparsed_cpu": round(ours["unparsed"]["cpu"] / base["unparsed"]["cpu"], 3),
            }
        if given.kills:
            result["kills"] = {
                name: left_by_kills(one, given.kills, place / f"kills-{name}")
                for name, one in versions.items()
            }
    json.dump(result, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
