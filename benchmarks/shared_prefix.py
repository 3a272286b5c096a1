"""Prompts that begin with the same examples: read once for all, or once for each.

    python benchmarks/shared_prefix.py --model FOLDER [--source official:PATH] [--dataset dreaddit]
        [--rows 16] [--shots 5] [--new-tokens 16] [--repeats 3] [--json FILE]

One set of answered examples stands before every post of a dataset; ``hf:`` answers the same prompts in
turn with and without knowing that they begin alike, ``--repeats`` times each. Prints the median seconds
of both (elapsed, and of processor time of all threads), their ratio, how many tokens of prompts were
read, and in how many rows the answers are equal.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from imhi import Request, RunSettings, load_plugins, resolve  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.models import ModelSpec  # noqa: E402
from imhi.plugins.models.hf import shared_prefix, stretches  # noqa: E402


def asked(options: argparse.Namespace) -> tuple[Context, Any, list[Request]]:
    """Return a context, the registry of plugins, and requests that all show the same examples."""
    registry = load_plugins().registry
    settings = RunSettings(
        source=options.source,
        prompt="few-shot-fixed",
        shots=options.shots,
        max_new_tokens=options.new_tokens,
    )
    style = registry.prompts.get("few-shot-fixed")
    context = Context.of(settings, registry, style)
    rows = islice(context.examples(options.dataset, "test"), options.rows)
    requests = [request for _, request in context.requests(rows, resolve(style.build)(context))]
    return context, registry, requests


def without_sharing(prompts: Sequence[Sequence[int]]) -> list[shared_prefix.Sharing]:
    """Return all prompts as ones that share nothing."""
    return [shared_prefix.Sharing(tuple(range(len(prompts))))]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of a causal checkpoint")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--dataset", default="dreaddit")
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--shots", type=int, default=5)
    parser.add_argument("--new-tokens", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    context, registry, requests = asked(options)
    model: Any = ModelSpec.parse(f"hf:{options.model}", registry).create(context)
    list(model.generate(requests[:1]))  # the first call warms up
    reader = model._worker.stretches.reader
    divisions = {"shared": shared_prefix.sharings, "each": without_sharing}
    elapsed: dict[str, list[float]] = {name: [] for name in divisions}
    worked: dict[str, list[float]] = {name: [] for name in divisions}
    texts: dict[str, dict[str, str]] = {}
    tokens: dict[str, int] = {}
    for _ in range(options.repeats):
        for name, division in divisions.items():
            before, started, cpu = reader.tokens, time.perf_counter(), time.process_time()
            with mock.patch.object(stretches, "sharings", division):
                texts[name] = {one.id: one.text for one in model.generate(requests)}
            elapsed[name].append(time.perf_counter() - started)
            worked[name].append(time.process_time() - cpu)
            tokens[name] = reader.tokens - before
    equal = sum(texts["shared"][key] == text for key, text in texts["each"].items())
    found = {
        "rows": len(requests),
        "prompt_tokens_read": tokens,
        "seconds": {name: statistics.median(values) for name, values in elapsed.items()},
        "processor_seconds": {name: statistics.median(values) for name, values in worked.items()},
        "equal_answers": equal,
    }
    found["ratio"] = found["seconds"]["each"] / found["seconds"]["shared"]
    processor = found["processor_seconds"]
    found["processor_ratio"] = processor["each"] / processor["shared"]
    for name in divisions:
        print(
            f"{name:8} {found['seconds'][name]:8.1f} s, {processor[name]:8.1f} s of processors, "
            f"{tokens[name]} tokens of prompts read"
        )
    print(
        f"{found['ratio']:.2f}x per row ({found['processor_ratio']:.2f}x by processor time); answers "
        f"equal in {equal} of {len(requests)} rows"
    )
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
