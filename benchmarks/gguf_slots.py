"""``gguf:`` against llama.cpp's own server, at 1, 4, 8 and 16 slots: generation times, and how many greedy
answers are equal.

    python benchmarks/gguf_slots.py --gguf FILE [--model FOLDER] [--source official:PATH] [--dataset DR]
        [--rows 32] [--new-tokens 48] [--slots 1,4,8,16] [--repeats 3] [--json FILE]

The server is xllamacpp's, in a process of its own, with its own defaults but for the context (as much per
slot) and threads (as many); it is asked by plain HTTP requests, as many in flight as it has slots, each with
``temperature`` 0, ``cache_prompt`` false and the same prompt text. Only generation is timed, after a first
asking that warms up; the two sides take turns, and medians are compared. Ratios say how many times as fast
``gguf:`` is as the server, and at the end as the server at its best number of slots. Equal answers: of
``gguf:`` with itself at one slot, with itself at one slot asked again, with the server at one slot, and with
``hf:`` on the unpacked weights where ``--model`` names their folder.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from imhi import Request, RunSettings, load_plugins, resolve  # noqa: E402
from imhi._core.context import Context  # noqa: E402
from imhi._core.models import ModelSpec  # noqa: E402
from imhi._core.registry import Registry  # noqa: E402
from tests.real_servers import Served, llama_cpp  # noqa: E402

Answers = list[str]


def requests_of(
    registry: Registry, source: str, dataset: str, rows: int, new_tokens: int
) -> tuple[Context, list[Request]]:
    """Return the context of a run, and its first requests."""
    settings = RunSettings(source=source, dataset=(dataset,), max_new_tokens=new_tokens)
    style = registry.prompts.get("instruction")
    context = Context.of(settings, registry, style)
    examples = islice(context.examples(dataset, "test"), rows)
    return context, [one for _, one in context.requests(examples, resolve(style.build)(context))]


class InProcess:
    """A model of this project that is asked several times."""

    def __init__(self, name: str, registry: Registry, context: Context) -> None:
        self.model = ModelSpec.parse(name, registry).create(context)

    def ask(self, requests: Sequence[Request]) -> tuple[float, Answers]:
        """Return the seconds that answering took, and the answers."""
        started = time.perf_counter()
        found = {one.id: one for one in self.model.generate(requests)}
        seconds = time.perf_counter() - started
        if errors := [one.error for one in found.values() if one.error]:
            raise SystemExit(f"{len(errors)} requests failed: {errors[0]}")
        return seconds, [found[request.id].text for request in requests]


def ask_server(
    served: Served, requests: Sequence[Request], in_flight: int, new_tokens: int
) -> tuple[float, Answers]:
    """Ask by plain requests, as many in flight as the server has slots."""

    def one(request: Request) -> str:
        body: dict[str, object] = {
            "prompt": request.prompt,
            "max_tokens": new_tokens,
            "temperature": 0,
        }
        body["cache_prompt"] = (
            False  # or the prompts of the time before would not be computed again
        )
        status, answer = served.post("/completions", body)
        if status != 200:
            raise SystemExit(f"the server answers {status}: {answer}")
        return str(answer["choices"][0]["text"])

    started = time.perf_counter()
    with ThreadPoolExecutor(in_flight) as pool:
        answers = list(pool.map(one, requests))
    return time.perf_counter() - started, answers


def equal(some: Answers, others: Answers) -> str:
    """Say how many texts are the same."""
    return f"{sum(a == b for a, b in zip(some, others, strict=True))} of {len(some)}"


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure everything; print it as it comes."""
    import xllamacpp

    registry = load_plugins().registry
    context, requests = requests_of(
        registry, arguments.source, arguments.dataset, arguments.rows, arguments.new_tokens
    )
    slots = [int(one) for one in arguments.slots.split(",")]
    # Bytes bound tokens from above.
    window = max(len(one.prompt.encode()) for one in requests) // 2 + arguments.new_tokens
    result: dict[str, Any] = {
        "engine": "llama.cpp", "xllamacpp": xllamacpp.__version__, "file": Path(arguments.gguf).name,
        "rows": len(requests), "new_tokens": arguments.new_tokens, "slots": {},
    }  # fmt: skip
    answers: dict[tuple[str, int], Answers] = {}
    print(f"llama.cpp, xllamacpp {xllamacpp.__version__}, {len(requests)} prompts", flush=True)
    for number in slots:
        ours = InProcess(f"gguf:{arguments.gguf},slots={number}", registry, context)
        times: dict[str, list[float]] = {"gguf": [], "server": []}
        with llama_cpp(Path(arguments.gguf), window=window, slots=number) as served:
            ours.ask(requests)
            ask_server(served, requests[:number], number, arguments.new_tokens)
            for _ in range(arguments.repeats):
                seconds, answers["gguf", number] = ours.ask(requests)
                times["gguf"].append(seconds)
                seconds, answers["server", number] = ask_server(
                    served, requests, number, arguments.new_tokens
                )
                times["server"].append(seconds)
        if number == 1:
            answers["again", 1] = ours.ask(requests)[1]
        ours.model.close()
        medians = {side: statistics.median(all) for side, all in times.items()}
        result["slots"][number] = {"seconds": times, "ratio": medians["server"] / medians["gguf"]}
        print(
            f"{number:>3} slots: gguf: {medians['gguf']:.1f} s, server {medians['server']:.1f} s, "
            f"{result['slots'][number]['ratio']:.2f} times as fast",
            flush=True,
        )
    best = {
        side: min(statistics.median(one["seconds"][side]) for one in result["slots"].values())
        for side in ("gguf", "server")
    }
    result["best_against_best"] = best["server"] / best["gguf"]
    print(f"best against the server's best: {result['best_against_best']:.2f}")
    result["equal"] = _equalities(arguments, registry, context, requests, slots, answers)
    return result


def _equalities(
    arguments: argparse.Namespace,
    registry: Registry,
    context: Context,
    requests: Sequence[Request],
    slots: Sequence[int],
    answers: dict[tuple[str, int], Answers],
) -> dict[str, str]:
    found = {}
    reference = answers.get(("gguf", 1))
    if reference is not None:
        found["one slot, asked again"] = equal(answers["again", 1], reference)
        found["one slot, the server's"] = equal(answers["server", 1], reference)
        for number in slots:
            if number > 1:
                found[f"{number} slots, one slot"] = equal(answers["gguf", number], reference)
    if arguments.model:
        unpacked = InProcess(f"hf:{arguments.model}", registry, context)
        expected = unpacked.ask(requests)[1]
        unpacked.model.close()
        for number in slots:
            found[f"{number} slots, hf:"] = equal(answers["gguf", number], expected)
    for what, share in found.items():
        print(f"equal, {what}: {share}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--gguf", required=True, help="the file")
    parser.add_argument("--model", help="folder of the same weights, unpacked")
    parser.add_argument("--source", default="demo")
    parser.add_argument("--dataset", default="dreaddit")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--new-tokens", type=int, default=48)
    parser.add_argument("--slots", default="1,4,8,16")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the result there as well")
    arguments = parser.parse_args()
    result = measure(arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
