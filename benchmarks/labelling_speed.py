"""Seconds to label all answers of seven models in one process; growth with an answer's length.

Run from the project's root, with both folders beside the project. ``--beside PYTHON`` measures the
harness that another interpreter has installed (an earlier commit's, in an environment of its own) in
the same run, in turns, and prints the ratio::

    python benchmarks/labelling_speed.py [--labeler hybrid] [--beside OTHER/.venv/bin/python]
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SENTENCE = "The post says that it was a long day, and nothing in it speaks of stress or of the cause of it. "
LENGTHS = (2_000, 10_000, 100_000)


def opened(imhi: Path) -> tuple[Any, Any]:
    """Return a context on the official files and the class of responses, of whichever version is
    installed."""
    try:
        from imhi._core.context import Context
        from imhi._core.plugin_manager import load_plugins
        from imhi._core.records import Response
        from imhi._core.sources import open_source
    except ImportError:  # version 0.1, whose parts were packages of their own
        from harness.context import Context, open_source  # type: ignore[import-not-found,no-redef]
        from harness.plugin_manager import load_plugins  # type: ignore[import-not-found,no-redef]
        from harness.records import Response  # type: ignore[import-not-found,no-redef]
    registry = load_plugins().registry
    return Context(registry, open_source(f"official:{imhi}", registry)[1], "test"), Response


def label_all(context: Any, response: Any, outputs: Path, labeler: str) -> tuple[int, float]:
    """Return the number of answers and the processor seconds that labelling them took; reading the
    files is not counted, learning from training rows is."""
    import sklearn.feature_extraction.text
    import sklearn.svm  # noqa: F401  an import is no labelling

    count, seconds = 0, 0.0
    read = context.labeler(labeler)
    names = list(dict.fromkeys(path.stem for path in sorted(outputs.glob("*/*.csv"))))
    for name in names:
        dataset = context.dataset(name)
        examples = list(context.examples(dataset.name, "test"))
        aspects = [example.aspect for example in examples]
        for path in sorted(outputs.glob(f"*/{name}.csv")):
            with path.open(encoding="utf-8", newline="") as stream:
                texts = [row["generated_text"] for row in csv.DictReader(stream)]
            responses = [
                response(example.id, dataset.name, "", text=text)
                for example, text in zip(examples, texts, strict=True)
            ]
            started = time.process_time()
            read(dataset, aspects, responses)
            seconds += time.process_time() - started
            count += len(responses)
    return count, seconds


def growth(context: Any, response: Any, labeler: str) -> dict[int, float]:
    """Return the processor seconds of one answer by its length in characters, the best of five."""
    read = context.labeler(labeler)
    dataset = context.dataset("dreaddit")
    taken = {}
    for length in LENGTHS:
        text = (SENTENCE * (length // len(SENTENCE) + 1))[:length]
        answers = [response("1", dataset.name, "", text=text)]
        times = []
        for _ in range(5):
            started = time.process_time()
            read(dataset, [""], answers)
            times.append(time.process_time() - started)
        taken[length] = min(times)
    return taken


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Return what one process measures."""
    context, response = opened(given.imhi)
    count, seconds = label_all(context, response, given.outputs, given.labeler)
    lengths = growth(context, response, given.labeler)
    return {"answers": count, "seconds": seconds, "growth": lengths}


def in_process(python: str, given: argparse.Namespace) -> dict[str, Any]:
    """Return what a process of another interpreter measures."""
    paths = ["--outputs", str(given.outputs), "--imhi", str(given.imhi)]
    command = [python, str(Path(__file__)), "--once", "--labeler", given.labeler, *paths]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--outputs", type=Path, default=ROOT.parent / "shared" / "model_outputs")
    parser.add_argument("--imhi", type=Path, default=ROOT.parent / "shared" / "imhi")
    parser.add_argument("--labeler", default="hybrid")
    parser.add_argument("--beside", help="another interpreter")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.outputs, given.imhi = given.outputs.resolve(), given.imhi.resolve()
    if given.once:
        csv.field_size_limit(10**9)
        print(json.dumps(measured(given)))
        return
    pythons = [sys.executable, *([given.beside] if given.beside else [])]
    rounds = [[in_process(python, given) for python in pythons] for _ in range(given.times)]
    middles = [
        statistics.median(one[place]["seconds"] for one in rounds) for place in range(len(pythons))
    ]
    for place, python in enumerate(pythons):
        first = rounds[0][place]
        lengths = {int(k): v for k, v in first["growth"].items()}
        grown = lengths[100_000] / lengths[2_000]
        print(
            f"{python}: {first['answers']:,} answers in {middles[place]:.1f} s of processor time;"
        )
        print(f"  an answer of 100,000 characters takes {grown:.0f} times one of 2,000")
    if given.beside:
        print(f"{middles[1] / middles[0]:.2f} times as fast")


if __name__ == "__main__":
    main()
