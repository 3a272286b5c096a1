"""What the answer cache costs and saves: a run without it, filling it, and answered by it.

The model answers at once, so that what is measured is the harness alone: seconds per 50,000 requests
without a cache, into an empty one, out of a full one, and out of one that holds ten times as much; the
memory of each beside that of the run without. Ratios of runs beside each other::

    python benchmarks/answer_cache.py [--rows 50000] [--times 10]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGIN = """
from imhi import Dataset, Label, ModelFamily, Question, Response, Source, Task, hookimpl

ROWS = {rows}
WORDS = "nobody at home knows how the week went and the nights are long " * 8


class Made:
    def __init__(self, *given):
        pass

    def generate(self, requests):
        for one in requests:
            text = f"Yes, there is stress. Reasoning: {{one.id}} {{WORDS}}"
            yield Response(one.id, one.dataset, one.prompt_hash, text, finish_reason="stop")

    def describe(self):
        return {{}}

    def close(self):
        pass


def rows():
    for n in range(ROWS):
        yield {{"post": f"post {{n}}: {{WORDS}}", "label": "yes", "split": "test"}}


@hookimpl
def imhi_tasks():
    labels = (Label("yes", "Yes, there is stress."), Label("no", "No, there is no stress."))
    yield Task("many", "a benchmark", (Dataset("many", labels, (Question("Stress?", "Stress"),), rows=rows),))


@hookimpl
def imhi_models():
    yield ModelFamily("at-once", "answers at once", Made, cache_key=lambda spec, context: {{"weights": 1}})
"""

CHILD = """
import json, resource, sys, time
from pathlib import Path
from imhi._core.executors import ExecutorSpec
from imhi._core.plan import plan_run
from imhi._core.plugin_manager import load_plugins
from imhi._core.settings import RunSettings
from imhi._core.stages.prepare import prepare
from imhi._core.stages.respond import respond
plugin, out, cache, tokens = sys.argv[1:]
manager = load_plugins([plugin])
settings = RunSettings(("at-once:m",), source="own", dataset=("many",), labeler="strict", out=Path(out),
                       max_new_tokens=int(tokens), cache=Path(cache) if cache else None)
plan = plan_run(settings, manager.registry)
ready = prepare(plan, plan.models[0], manager, plan.open_data(manager.registry))
started = time.perf_counter()
respond(ready.folder, plan.models[0].spec, ready.context, plan.executor)
seconds = time.perf_counter() - started
totals = ready.folder.manifest().totals
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "mib": peak, "cached": totals.cached, "answered": totals.answered}))
"""


def measured(plugin: Path, out: Path, cache: Path | str) -> dict[str, float]:
    """Return seconds of the stage ``respond``, memory of the process in MiB, and what came of it."""
    words = [sys.executable, "-c", CHILD, str(plugin), str(out), str(cache), "64"]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def grow(cache: Path, times: int) -> None:
    """Add entries of other requests to the file of answers, ``times`` as many as there are."""
    (segment,) = cache.rglob("*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    with segment.with_name(segment.name.replace("-0", "-1", 1)).open("wb") as stream:
        for n in range(times):
            for number, line in enumerate(lines):
                key = f"{n:08x}{number:024x}".encode()
                stream.write(line[:8] + key + line[40:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="imhi-answer-cache-") as place:
        folder = Path(place)
        plugin = folder / "many.py"
        plugin.write_text(PLUGIN.format(rows=given.rows), encoding="utf-8")
        cache = folder / "cache"
        plain = measured(plugin, folder / "plain", "")
        print(f"{given.rows:,} requests to a model that answers at once, stage respond")
        steps = {"without a cache": plain}
        steps["into an empty cache"] = measured(plugin, folder / "cold", cache)
        steps["out of a full cache"] = measured(plugin, folder / "warm", cache)
        grow(cache, given.times)
        name = f"out of one with {given.times} times as much"
        steps[name] = measured(plugin, folder / "grown", cache)
        for what, found in steps.items():
            print(
                f"{what:36} {found['seconds']:7.1f} s  x{found['seconds'] / plain['seconds']:.2f}  "
                f"{found['mib']:6.0f} MiB  {found['cached']:,.0f} of {found['answered']:,.0f} cached"
            )
        size = sum(path.stat().st_size for path in cache.rglob("*.jsonl")) / 1e6
        print(f"the cache then has {size:.0f} MB")


if __name__ == "__main__":
    main()
