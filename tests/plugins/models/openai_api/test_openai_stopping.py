"""``openai:``: ending before everything is answered."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from imhi._core.budget import Budget
from imhi._core.records import Response
from tests.faulty_server import (
    Asked,
    FaultyServer,
    Reply,
    echo,
    hang,
)
from tests.openai_asking import PRICED, Asker, requests


def test_closing_the_iterator_ends_what_is_in_flight(asker: Asker) -> None:
    def script(asked: Asked) -> Reply:
        return echo(asked) if asked.index < 5 else hang()

    with FaultyServer(script) as server:
        answers = asker.model(server.url, "concurrency=4").generate(requests(100))
        taken = [next(answers) for _ in range(5)]
        began = time.monotonic()
        answers.close()
        took = time.monotonic() - began
        time.sleep(0.1)
        sent = len(server.asked)
    assert len(taken) == 5 and took < 30
    assert sent <= 9 and "openai-requests" not in [t.name for t in threading.enumerate()]


def test_nothing_asked_is_nothing_sent(asker: Asker) -> None:
    with FaultyServer(echo) as server:
        assert asker.ask(server.url, 0) == []
    assert server.asked == []


def test_a_budget_used_up_before_sends_nothing(asker: Asker) -> None:
    context = asker.context(budget=Budget(limit=1.0, spent=1.0))
    with FaultyServer(echo) as server:
        assert asker.ask(server.url, 5, PRICED, context) == []
    assert server.asked == [] and context.budget.exhausted


def test_it_works_where_an_event_loop_runs_already(asker: Asker) -> None:
    async def notebook(url: str) -> list[Response]:
        return asker.ask(url, 5)

    with FaultyServer(echo) as server:
        assert len(asyncio.run(notebook(server.url))) == 5


INTERRUPTED = """
import json, os, signal, sys, threading
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
spec = ModelSpec.parse(f"openai:m,base_url={sys.argv[1]},concurrency=4", registry)
model = spec.create(context)
requests = [Request(str(i), "DR", f"post {i}", str(i), "", "") for i in range(50)]
try:
    for number, response in enumerate(model.generate(requests)):
        print(response.id, flush=True)
        if number == 9:
            os.kill(os.getpid(), getattr(signal, sys.argv[2])) if sys.argv[2] == "SIGKILL" else (
                threading.Timer(0.3, os.kill, (os.getpid(), getattr(signal, sys.argv[2]))).start())
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_what_was_yielded_before_the_process_was_killed_has_been_delivered(name: str) -> None:
    def script(asked: Asked) -> Reply:
        return echo(asked) if asked.index < 10 else hang()

    with FaultyServer(script) as server:
        done = subprocess.run(
            [sys.executable, "-c", INTERRUPTED, server.url, name],
            capture_output=True, text=True, timeout=30, cwd=Path(__file__).parents[4],
        )  # fmt: skip
    lines = done.stdout.split()
    assert len(set(lines[:10])) == 10
    assert lines[10:] == (["interrupted"] if name == "SIGINT" else [])
