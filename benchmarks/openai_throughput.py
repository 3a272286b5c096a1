"""How close ``openai:`` comes to the ideal rate and what memory it takes, beside ``AsyncOpenAI``.

A server on loopback, in a process of its own, answers each request after a fixed latency. Ideal is
``ceil(n / concurrency)`` rounds of that latency. Each way runs in a process of its own; prompts are
made when they are sent, and answers dropped when they came, as in a run. From the project's root::

    python benchmarks/openai_throughput.py [--requests 1280] [--concurrency 64] [--latency 0.2]
    python benchmarks/openai_throughput.py --requests 50000 --latency 0 --rounds 1
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

PROMPT = 'Consider this post: "{words}" Question: Does the poster suffer from stress? ({number})'
WORDS = " ".join(f"word{number}" for number in range(150))
WAYS = {"harness": "openai: (this project)", "gather": "plain AsyncOpenAI gather"}


class Prompts(Sequence[str]):
    """So many prompts, made when they are looked at."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: Any) -> Any:
        if number >= self.count:
            raise IndexError(number)
        return PROMPT.format(words=WORDS, number=number)


class Requests(Prompts):
    """The same as requests of the harness."""

    def __getitem__(self, number: Any) -> Any:
        from imhi._core.records import Request

        prompt = super().__getitem__(number)
        return Request(str(number), "DR", prompt, str(number), prompt, "")


def plain_gather(url: str, count: int, concurrency: int) -> float:
    """Seconds taken by workers that share the prompts, default transport."""
    import openai

    async def ask_all() -> float:
        client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)
        prompts = iter(Prompts(count))

        async def work() -> None:
            for prompt in prompts:
                await client.chat.completions.create(
                    model="m",
                    messages=[{"role": "user", "content": prompt}],
                    max_tokens=512,
                    temperature=0,
                )

        async with client:
            started = time.perf_counter()
            await asyncio.gather(*[work() for _ in range(concurrency)])
            return time.perf_counter() - started

    return asyncio.run(ask_all())


def harness_model(url: str, count: int, concurrency: int) -> float:
    """Seconds taken by ``openai:`` from the first request to the last response."""
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec
    from imhi._core.registry import Registry
    from imhi._core.settings import Generation
    from imhi.plugins.models import openai_api

    registry = Registry()
    for thing in openai_api.imhi_models():
        registry.add(thing, "openai")
    generation = Generation(max_new_tokens=512)
    context = Context(registry, None, "test", generation=generation)  # type: ignore[arg-type]
    model = ModelSpec.parse(f"openai:m,base_url={url},concurrency={concurrency}", registry).create(
        context
    )
    started = time.perf_counter()
    answered = sum(response.error is None for response in model.generate(Requests(count)))
    seconds = time.perf_counter() - started
    assert answered == count
    return seconds


def one_round(way: str, url: str, count: int, concurrency: int) -> tuple[float, float]:
    """Seconds and peak memory in MiB of one way, in a process of its own."""
    code = (
        "import resource, sys; sys.path[:0] = [sys.argv[1]]; import openai_throughput as bench; "
        "ask = {'harness': bench.harness_model, 'gather': bench.plain_gather}[sys.argv[2]]; "
        "ask(sys.argv[3], int(sys.argv[5]), int(sys.argv[5])); "
        "seconds = ask(sys.argv[3], int(sys.argv[4]), int(sys.argv[5])); "
        "print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    here = str(Path(__file__).resolve().parent)
    arguments = [sys.executable, "-c", code, here, way, url, str(count), str(concurrency)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    seconds, peak = map(float, done.stdout.split())
    return seconds, peak


def main() -> None:
    from faulty_server import server_process

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1280)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ideal = math.ceil(options.requests / options.concurrency) * options.latency
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    with server_process("--latency", str(options.latency), "--answer", "No. Reasoning: x") as url:
        for _ in range(options.rounds):
            for way in WAYS:
                taken[way].append(one_round(way, url, options.requests, options.concurrency))
    rows = []
    for way, rounds in taken.items():
        seconds, peak = (statistics.median(figures) for figures in zip(*rounds, strict=True))
        rows.append(
            {
                "way": WAYS[way],
                "seconds": round(seconds, 3),
                "requests_per_second": round(options.requests / seconds, 1),
                "share_of_ideal": round(ideal / seconds, 3),
                "peak_mib": round(peak, 1),
            }
        )
    if options.json:
        print(json.dumps({"ideal_seconds": ideal, "rows": rows}))
        return
    print(
        f"{options.requests} requests, {options.concurrency} in flight, {options.latency} s each: "
        f"ideal {ideal:.2f} s; median of {options.rounds} rounds"
    )
    for row in rows:
        print(
            f"{row['way']:<26} {row['seconds']:7.2f} s {row['requests_per_second']:7.1f}/s "
            f"{row['share_of_ideal']:7.1%} of ideal {row['peak_mib']:6.1f} MiB"
        )
    ours, theirs = rows
    print(
        f"ratios: {theirs['seconds'] / ours['seconds']:.2f} times as fast, "
        f"{ours['peak_mib'] / theirs['peak_mib']:.2f} of the memory"
    )


if __name__ == "__main__":
    main()
