"""``openai:``: many rows against a server on which everything goes wrong that can."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from tests.faulty_server import Asked, FaultyServer, Reply
from tests.plugins.models.openai_api.situations import SITUATIONS
from tests.plugins.models.openai_api.situations.situation import ANSWER, TEXT, Situation

ROWS = 300
MOST_MEMORY = 300_000_000

ASKING = """
import json, resource, sys, time
from pathlib import Path
from imhi._core.context import Context
from imhi._core.models import ModelSpec
from imhi._core.records import Request
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from imhi.plugins.models import openai_api

registry = Registry()
for thing in openai_api.imhi_models():
    registry.add(thing, "openai")
context = Context(registry, None, "test", generation=Generation(max_new_tokens=8))
spec = ModelSpec.parse(f"openai:m,base_url={sys.argv[1]},{sys.argv[2]}", registry)
requests = [Request(str(i), "DR", f"post {i:03d}", str(i), "", "") for i in range(int(sys.argv[3]))]
began = time.monotonic()
rows = [[r.id, r.text, r.error, r.finish_reason] for r in spec.create(context).generate(requests)]
took = time.monotonic() - began
# The peak of this program alone: what getrusage tells includes that of the process which started it.
status = Path("/proc/self/status")
if status.exists():
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    peak = int(lines["VmHWM"].split()[0]) * 1024
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"rows": rows, "seconds": took, "peak": peak}))
"""


def mixable(situation: Situation) -> bool:
    """Say whether a row may meet this among others that are answered, without stopping the run."""
    stops = situation.expected.kind in ("quota", "key", "redirect", "parameter", "answer")
    further = {pair.partition("=")[0] for pair in situation.arguments} - {
        "max_bytes",
        "stream",
        "timeout",
    }
    return not stops and situation.taken is None and not further


def interleaved() -> list[Situation]:
    """The situations that can be mixed, those of one kind as far apart as can be."""
    kinds: dict[str, list[Situation]] = {}
    for situation in filter(mixable, SITUATIONS):
        kinds.setdefault(situation.expected.kind, []).append(situation)
    rounds = zip_longest(*kinds.values())
    return [one for each in rounds for one in each if one is not None]


def outcome(text: str, error: str | None, finish_reason: str | None) -> str:
    """What became of a row."""
    if error:
        return "failed"
    return "filtered" if finish_reason == "content_filter" else text


def expected_of(situation: Situation | None) -> str:
    """What is to become of a row that meets this, at every attempt where it fails by it."""
    if situation is None:
        return TEXT
    if situation.expected.kind == "content":
        return "filtered"
    mended = situation.expected.kind in ("passing", "rate", "ill_formed") and not stays(situation)
    return TEXT if mended else "failed"


def stays(situation: Situation) -> bool:
    return situation.expected.failed > 0


def test_of_300_rows_of_which_every_third_meets_a_fault_each_is_answered_or_recorded() -> None:
    faults = interleaved()
    assert len(faults) >= 35
    tries: Counter[str] = Counter()

    def fault_of(prompt: str) -> Situation | None:
        row = int(prompt[-3:])
        # The first rows are answered: what goes wrong before any answer is no chance event.
        if row < 20 or row % 10 not in (2, 5, 8):
            return None
        return faults[(row // 10 * 3 + (2, 5, 8).index(row % 10)) % len(faults)]

    def script(asked: Asked) -> Reply:
        situation = fault_of(asked.prompt)
        tries[asked.prompt] += 1
        if situation is None or (tries[asked.prompt] > 1 and not stays(situation)):
            return ANSWER
        return situation.fault

    with FaultyServer(script) as server:
        arguments = "retries=2,backoff=0.02,timeout=2,max_bytes=200000,concurrency=16"
        done = subprocess.run(
            [sys.executable, "-c", ASKING, server.url, arguments, str(ROWS)],
            capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[4],
        )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    rows = {int(row): (text, error, finish) for row, text, error, finish in told["rows"]}
    assert len(told["rows"]) == ROWS and sorted(rows) == list(range(ROWS))
    for row, found in rows.items():
        situation = fault_of(f"{row:03d}")
        assert outcome(*found) == expected_of(situation), (
            f"row {row}, {situation and situation.name}: {found}"
        )
    assert told["seconds"] < 40
    assert told["peak"] < MOST_MEMORY, f"{told['peak'] / 1e6:.0f} MB"
