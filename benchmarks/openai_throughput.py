"""How close ``openai:`` comes to the ideal rate, beside a plain ``AsyncOpenAI`` gather.

A server on loopback, in a process of its own, answers each request after a fixed latency. Ideal is
``ceil(n / concurrency)`` rounds of that latency. Run from the project's root::

    python benchmarks/openai_throughput.py [--requests 1280] [--concurrency 64] [--latency 0.2]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from faulty_server import server_process  # noqa: E402

PROMPT = 'Consider this post: "{words}" Question: Does the poster suffer from stress? ({number})'


def prompts(count: int) -> list[str]:
    words = " ".join(f"word{number}" for number in range(150))
    return [PROMPT.format(words=words, number=number) for number in range(count)]


def plain_gather(url: str, texts: list[str], concurrency: int) -> float:
    """Seconds taken by one task per prompt behind a semaphore, default transport."""
    import openai

    async def ask_all() -> None:
        gate = asyncio.Semaphore(concurrency)
        client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0)

        async def ask(text: str) -> None:
            async with gate:
                await client.chat.completions.create(
                    model="m", messages=[{"role": "user", "content": text}], max_tokens=512,
                    temperature=0,
                )  # fmt: skip

        async with client:
            await asyncio.gather(*[ask(text) for text in texts])

    started = time.perf_counter()
    asyncio.run(ask_all())
    return time.perf_counter() - started


def harness_model(url: str, texts: list[str], concurrency: int) -> float:
    """Seconds taken by ``openai:`` from the first request to the last response."""
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec
    from imhi._core.records import Request
    from imhi._core.registry import Registry
    from imhi._core.settings import Generation
    from imhi.plugins.models import openai_api

    registry = Registry()
    for thing in openai_api.imhi_models():
        registry.add(thing, "openai")
    generation = Generation(max_new_tokens=512)
    context = Context(registry, None, "test", generation=generation)  # type: ignore[arg-type]
    text = f"openai:m,base_url={url},concurrency={concurrency}"
    model = ModelSpec.parse(text, registry).create(context)
    requests = [
        Request(str(number), "DR", prompt, str(number), prompt, "")
        for number, prompt in enumerate(texts)
    ]
    started = time.perf_counter()
    responses = list(model.generate(requests))
    seconds = time.perf_counter() - started
    assert len(responses) == len(texts) and all(r.error is None for r in responses)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1280)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--latency", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    import openai  # noqa: F401  (its import is not what is measured)

    ideal = math.ceil(options.requests / options.concurrency) * options.latency
    texts = prompts(options.requests)
    ways = {"openai: (this project)": harness_model, "plain AsyncOpenAI gather": plain_gather}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    with server_process("--latency", str(options.latency), "--answer", "No. Reasoning: x") as url:
        for way in ways.values():
            way(url, texts[: options.concurrency], options.concurrency)
        for _ in range(options.rounds):
            for name, way in ways.items():
                taken[name].append(way(url, texts, options.concurrency))
    rows = [
        {
            "way": name,
            "seconds": round(statistics.median(seconds), 3),
            "requests_per_second": round(options.requests / statistics.median(seconds), 1),
            "share_of_ideal": round(ideal / statistics.median(seconds), 3),
        }
        for name, seconds in taken.items()
    ]
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
            f"{row['share_of_ideal']:7.1%} of ideal"
        )


if __name__ == "__main__":
    main()
