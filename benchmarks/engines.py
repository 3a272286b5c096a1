"""Engines side by side: the same model, the same prompts, one run, equal answers counted.

    python benchmarks/engines.py --model FOLDER [--source official:PATH] [--rows 64]
        [--new-tokens 48] [--stop TEXT ...] [--way WAY ...] [--rounds 3]
        [--vllm-python PYTHON] [--gguf FILE --llamacpp-python PYTHON] [--earlier-python PYTHON]
        [--beside WAY] [--one-by-one] [--json FILE]

Each way (``engine_ways.py``) loads its model in a process of its own; then all answer in turn, round after
round, so that a slow minute of the machine meets them alike. Printed are medians as ratios to the way
``--beside`` (the published loop), and how many answers are those of ``transformers`` asked one by one
(``--one-by-one``, once; else those of the first way). What is not installed is left out, with the reason.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from imhi import RunSettings, load_plugins, resolve  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.records import as_row  # noqa: E402

WAYS = Path(__file__).with_name("engine_ways.py")
REFERENCE = "one-by-one"


def default_ways(options: argparse.Namespace) -> list[str]:
    """Return every way that can be tried with what was given."""
    ways = ["published", "hflm:8", "hflm:16", "hflm:32", "imhi:hf:{model}"]
    if options.earlier_python:
        ways.append("earlier:hf:{model}")
    if options.vllm_python:
        ways += ["raw-vllm", "imhi:vllm:{model},dtype={dtype}"]
    if options.gguf and options.llamacpp_python:
        ways += ["llama.cpp:4", "llama.cpp:16", "imhi:gguf:{gguf}"]
    return ways


def rows_of(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return requests for the first rows of the datasets of a source, the same number of each."""
    registry, count = load_plugins().registry, options.rows
    settings = RunSettings(
        source=options.source,
        dataset=tuple(options.dataset),
        max_new_tokens=1,
        prompt=options.prompt,
        shots=options.shots,
    )
    style = registry.prompts.get(options.prompt)
    context = Context.of(settings, registry, style)
    build = resolve(style.build)(context)
    datasets = context.select_datasets(settings)
    found: list[dict[str, Any]] = []
    for place, dataset in enumerate(datasets):
        share = count // len(datasets) + (place < count % len(datasets))
        examples = islice(context.examples(dataset, "test"), share)
        found += [as_row(request) for _, request in context.requests(examples, build)]
    return found


@dataclass
class Running:
    """A way at work: its process, which engine it is, and what it measured."""

    way: str
    process: subprocess.Popen[str]
    engine: str = ""
    seconds: list[float] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def read(self) -> dict[str, Any] | None:
        """Return what the process says next; None where it has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def answer(self) -> bool:
        """Let it answer all prompts; False where it has died."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        measured = self.read()
        if measured is None:
            return False
        self.seconds.append(measured["seconds"])
        self.answers = measured["answers"]
        return True

    def stop(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def start(way: str, python: str, task: Path, log: Path) -> Running:
    """Start the process of a way, and wait until its model is loaded.

    Raises:
        RuntimeError: it ended, with the last line it said.
    """
    with log.open("w") as errors:
        process = subprocess.Popen(
            [python, str(WAYS), way, str(task)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    running = Running(way, process)
    loaded = running.read()
    if loaded is None:
        said = log.read_text(errors="replace").strip().splitlines()
        raise RuntimeError(said[-1] if said else f"exit code {process.wait()}")
    running.engine = loaded["engine"]
    return running


def python_of(way: str, options: argparse.Namespace) -> str:
    """Return the Python that a way needs."""
    if "vllm" in way.partition(",")[0].partition("/")[0]:
        return options.vllm_python or sys.executable
    if way.startswith(("llama.cpp", "imhi:gguf:")):
        return options.llamacpp_python or sys.executable
    if way.startswith("earlier:"):
        return options.earlier_python or sys.executable
    return sys.executable


def table(
    ways: Sequence[Running], beside: str, answers: list[str], names: str
) -> list[dict[str, Any]]:
    """Print medians as ratios, and return them."""
    medians = {one.way: statistics.median(one.seconds) for one in ways}
    by = medians.get(beside) or next(iter(medians.values()))
    print(
        f"\n{'way':44} {'engine':26} {'speed':>6} {'spread':>11} {'equal':>9}   (equal to {names})"
    )
    rows = []
    for one in ways:
        ratios = sorted(by / seconds for seconds in one.seconds)
        equal = sum(a == b for a, b in zip(one.answers, answers, strict=True))
        row = {
            "way": one.way,
            "engine": one.engine,
            "speed": round(by / medians[one.way], 3),
            "seconds": [round(seconds, 2) for seconds in one.seconds],
            "equal": equal,
            "of": len(answers),
        }
        rows.append(row)
        print(
            f"{one.way[-44:]:44} {one.engine:26} {row['speed']:>6.2f} "
            f"{ratios[0]:>5.2f}-{ratios[-1]:<5.2f} {equal:>4} of {len(answers)}"
        )
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="folder of a causal checkpoint")
    parser.add_argument("--gguf", default="", help="the same model for llama.cpp")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--dataset", action="append", default=[], help="default: all")
    parser.add_argument("--prompt", default="instruction", help="the style prompts are written in")
    parser.add_argument("--shots", type=int, default=5, help="examples in few-shot styles")
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=48)
    parser.add_argument("--stop", action="append", default=[], help="a text that ends an answer")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--way", action="append", help="default: all that can be tried")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--beside", default="published", help="the way that counts as 1")
    parser.add_argument("--one-by-one", action="store_true", help="hold all answers to those")
    parser.add_argument("--vllm-python", help="a Python that has vllm and this harness")
    parser.add_argument("--llamacpp-python", help="a Python that has xllamacpp and this harness")
    parser.add_argument("--earlier-python", help="a Python that has d3fd539 installed")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    task = {
        "model": options.model,
        "gguf": options.gguf,
        "rows": rows_of(options),
        "new_tokens": options.new_tokens,
        "stop": [text.encode().decode("unicode_escape") for text in options.stop],
        "dtype": options.dtype,
    }
    names = {"model": options.model, "gguf": options.gguf, "dtype": options.dtype}
    ways = [way.format(**names) for way in options.way or default_ways(options)]
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        path = Path(temporary) / "task.json"
        path.write_text(json.dumps(task), encoding="utf-8")

        def started(way: str) -> Running | None:
            try:
                running = start(
                    way, python_of(way, options), path, Path(temporary) / f"{len(way)}.log"
                )
            except RuntimeError as error:
                print(f"{way}: left out: {error}", flush=True)
                return None
            print(f"{way}: loaded", flush=True)
            return running

        reference = None
        if options.one_by_one and (one := started(REFERENCE)):
            one.answer()
            reference = one.answers
            one.stop()
        running = [one for way in ways if (one := started(way))]
        for one in running:
            stack.callback(one.stop)
        for place in range(options.rounds):
            for one in list(running):
                if not one.answer():
                    print(f"{one.way}: ended in round {place + 1}, left out", flush=True)
                    running.remove(one)
                else:
                    print(f"round {place + 1}: {one.way}: {one.seconds[-1]:.1f} s", flush=True)
        if not running:
            sys.exit("no way could be measured")
        told = REFERENCE if reference else running[0].way
        rows = table(running, options.beside, reference or running[0].answers, told)
    if options.json:
        measured = {"rows": len(task["rows"]), "new_tokens": options.new_tokens, "ways": rows}
        options.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
