"""How a build grows: rows per second and memory of each stage, at 10,000 and at 105,000 rows.

Raw files are made of a source's rows, repeated and edited (two words in five are exchanged for
words of other posts, so that copies are no near-duplicates), each with its explanation; then every
stage that needs no model is run on them in a process of its own. Printed are rows per second, the
ratio of the two sizes (1 is linear growth, above 1 the larger one is slower per row) and the most
memory a process held.

    python benchmarks/build_growth.py --source official:../shared/imhi [--executor processes:2] [--json FILE]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from imhi._core.declarations import Dataset
from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Example
from imhi._core.sources import open_source

STAGES = ("read", "explain", "check", "write")
SHARES = {"train": 0.75, "val": 0.1, "test": 0.15}
EDITED = 0.4


def examples(
    source: str, datasets: list[str]
) -> tuple[dict[str, list[Example]], dict[str, Dataset]]:
    """Return the rows of a source that have an explanation, by dataset."""
    registry = load_plugins().registry
    _, opened = open_source(source, registry)
    found = {
        name: [
            example
            for split in ("train", "val", "test")
            if split in opened.splits(name)
            for example in opened.examples(name, split)
            if example.explanation.strip()
        ]
        for name in datasets
    }
    declared = {name: registry.datasets.get(name) for name in datasets}
    return {name: rows for name, rows in found.items() if rows}, declared


def edited(
    rows: list[Example], count: int, draw: random.Random
) -> Iterator[tuple[Example, str, str]]:
    """Yield rows with an edited post and explanation, ``count`` of them."""
    words = [word for row in rows[:2000] for word in row.post.split()]
    for number in range(count):
        row = rows[number % len(rows)]
        post = [word if draw.random() > EDITED else draw.choice(words) for word in row.post.split()]
        text = row.explanation.split()
        # The argument stays: only its quotes of the post would have changed.
        text[draw.randrange(len(text))] = draw.choice(words)
        yield row, " ".join(post), " ".join(text)


def write_raw(
    folder: Path, source: dict[str, list[Example]], declared: dict[str, Dataset], total: int
) -> list[str]:
    """Write raw files and a preset for each dataset; return the ``--raw`` arguments."""
    arguments = []
    everything = sum(map(len, source.values()))
    for name, rows in source.items():
        count = round(total * len(rows) / everything)
        place = folder / name
        place.mkdir(parents=True)
        aspects = [question.aspect for question in declared[name].questions]
        draw = random.Random(f"{name}/{total}")
        made = edited(rows, count, draw)
        for split, share in SHARES.items():
            with (place / f"{split}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(
                    ["text", "explanation", *(f"label{i}" for i in range(len(aspects)))]
                )
                for _ in range(round(count * share)):
                    row, post, explanation = next(made, (None, "", ""))
                    if row is None:
                        break
                    # One question per post: a row of the file is a row of the build.
                    cells = [row.label if aspect == row.aspect else "-" for aspect in aspects]
                    writer.writerow([post, explanation, *cells])
        preset = folder / f"{name}.yaml"
        preset.write_text(json.dumps(preset_of(declared[name], aspects)), encoding="utf-8")
        arguments += ["--raw", f"{preset}={place}"]
    return arguments


def preset_of(dataset: Dataset, aspects: list[str]) -> dict[str, object]:
    """Return a preset for the files of :func:`write_raw`, as JSON, which is YAML."""
    values: dict[str, str | None] = {"-": None, **{name: name for name in dataset.label_names}}
    columns = {
        aspect: {"column": f"label{number}", "values": values}
        for number, aspect in enumerate(aspects)
    }
    labels = {"label": columns[aspects[0]]} if len(aspects) == 1 else {"labels": columns}
    return {
        "dataset": dataset.name,
        "files": {split: {"path": f"{split}.csv"} for split in SHARES},
        "post": "text",
        "explanation": "explanation",
        "clean": "strict",
        **labels,
    }


def measure(build: Path, stage: str, executor: str) -> tuple[float, float]:
    """Run a stage; return seconds and the most memory its process held, in MB (that of processes
    which an executor started is not in it)."""
    more = ["--executor", executor] if stage in ("explain", "check") else []
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "imhi", "build", stage, str(build), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1):
        said = process.stderr.read().decode() if process.stderr else ""
        raise SystemExit(f"imhi build {stage} left with {code}: {said[-500:]}")
    return seconds, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="official:../shared/imhi")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 105_000])
    parser.add_argument("--datasets", default="DR,dreaddit,SAD,IRF,MultiWD")
    parser.add_argument("--executor", default="local")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures there as well")
    asked = parser.parse_args()
    source, declared = examples(asked.source, asked.datasets.split(","))
    figures: dict[int, dict[str, tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for total in asked.rows:
            folder = Path(temporary) / str(total)
            arguments = write_raw(folder, source, declared, total)
            build = folder / "build"
            new = [sys.executable, "-m", "imhi", "build", "new", str(build), *arguments]
            subprocess.run(new, check=True, capture_output=True)
            figures[total] = {stage: measure(build, stage, asked.executor) for stage in STAGES}
    print(f"{'stage':10}" + "".join(f"{n:>12,} s{'rows/s':>9}{'MB':>7}" for n in asked.rows))
    for stage in (*STAGES, "all"):
        line = f"{stage:10}"
        for total in asked.rows:
            seconds = sum(s for s, _ in figures[total].values())
            memory = max(m for _, m in figures[total].values())
            if stage != "all":
                seconds, memory = figures[total][stage]
            line += f"{seconds:>14.1f}{total / seconds:>9,.0f}{memory:>7,.0f}"
        print(line)
    first, last = asked.rows[0], asked.rows[-1]
    per_row = [sum(s for s, _ in figures[n].values()) / n for n in (first, last)]
    peak = [max(m for _, m in figures[n].values()) for n in (first, last)]
    print(f"time per row, {last:,} against {first:,}: {per_row[1] / per_row[0]:.2f}")
    print(f"most memory, {last:,} against {first:,}: {peak[1] / peak[0]:.2f}")
    if asked.json:
        kept = {
            "rows": last,
            "minutes": per_row[1] * last / 60,
            "time_per_row": per_row[1] / per_row[0],
            "memory": peak[1] / peak[0],
        }
        asked.json.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
