"""Batches at three providers: whatever the step at which a process is killed (SIGKILL), the same command
goes on, answers all that is left, and each request is charged once."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.batch_process import answered, start
from tests.batch_results import End, Fault
from tests.batch_server import BatchServer
from tests.plugins.models.openai_api.provider_asking import (
    ENDPOINTS,
    RESULTS,
    SERVERS,
    charged_once,
    first_time,
)
from tests.provider_batches import Ending, Fate

POSTS = 4
BUSY = 1  # the number of the post whose first try fails
CALLS = {**ENDPOINTS, "openai": ("upload", "create", "list", "retrieve", "download")}
READS = {**RESULTS, "openai": "download"}

Moment = Literal["before", "after", "midway"]
"""The call is not done at the server yet; it is done and its answer has not arrived; half of the answer
has."""


def moments() -> Iterator[tuple[str, str, Moment]]:
    for scheme, endpoints in CALLS.items():
        for endpoint in endpoints:
            yield scheme, endpoint, "before"
            yield scheme, endpoint, "after"
        yield scheme, READS[scheme], "midway"


FAULTS: dict[Moment, Fault] = {
    "before": Fault("hang"),
    "after": Fault("hang", done=True),
    "midway": Fault("stall", done=True),
}


def serving(scheme: str) -> Any:
    """Return a server at which one request fails the first time and a batch takes a while."""
    if scheme == "openai":
        return BatchServer(ends=[End(looks=2)])
    return SERVERS[scheme](first_time(Fate("busy"), BUSY), [Ending(looks=2)])


def kill(process: BaseProcess) -> None:
    assert process.is_alive()
    process.kill()
    process.join(10)


def finish(process: BaseProcess) -> None:
    process.join(30)
    assert process.exitcode == 0


@pytest.mark.parametrize(("scheme", "endpoint", "moment"), list(moments()))
def test_killed_at_any_call(scheme: str, endpoint: str, moment: Moment, tmp_path: Path) -> None:
    with serving(scheme) as server:
        reads_the_list = scheme != "anthropic" and endpoint == "list"
        if reads_the_list:
            # The list is read where it is not known whether the batch was made.
            server.faults["create"].append(Fault("reset", done=True))
        server.faults[endpoint].append(FAULTS[moment])
        process = start(scheme, server.url, tmp_path, POSTS)
        server.wait_for(lambda: server.calls(endpoint) > 0)
        kill(process)
        finish(start(scheme, server.url, tmp_path, POSTS))
    assert sorted(answered(tmp_path)) == ["0", "1", "2", "3"]
    assert charged_once(server, POSTS)


@pytest.mark.parametrize("scheme", SERVERS)
def test_killed_at_every_call_one_after_the_other(scheme: str, tmp_path: Path) -> None:
    with serving(scheme) as server:
        for endpoint in CALLS[scheme]:
            for moment in ("before", "after"):
                fault = FAULTS[moment]
                server.faults[endpoint].append(fault)
                calls = server.calls(endpoint)
                process = start(scheme, server.url, tmp_path, POSTS)
                server.wait_for(
                    lambda endpoint=endpoint, calls=calls, process=process: (
                        server.calls(endpoint) > calls or not process.is_alive()
                    )
                )
                if process.is_alive():
                    kill(process)
        finish(start(scheme, server.url, tmp_path, POSTS))
    assert sorted(answered(tmp_path)) == ["0", "1", "2", "3"]
    assert charged_once(server, POSTS)


@pytest.mark.parametrize("scheme", SERVERS)
@pytest.mark.parametrize("written", range(1, POSTS))
def test_killed_while_the_answers_are_written_down(
    scheme: str, written: int, tmp_path: Path
) -> None:
    with serving(scheme) as server:
        process = start(scheme, server.url, tmp_path, POSTS, stops_after=written)
        server.wait_for(lambda: len(answered(tmp_path)) == written)
        kill(process)
        finish(start(scheme, server.url, tmp_path, POSTS))
    assert sorted(answered(tmp_path)) == ["0", "1", "2", "3"]
    assert charged_once(server, POSTS)
