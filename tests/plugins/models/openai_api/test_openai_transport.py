"""``openai:``: posts go to the one address that was named, and what comes back is bounded."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from tests.faulty_server import FaultyServer, Reply, answer, echo
from tests.openai_asking import PRICED, Asker

GOOD = {"choices": [{"finish_reason": "stop", "message": {"content": "Yes."}}]}


def packed(body: object, encoding: str = "gzip", spaces: int = 0) -> Reply:
    """An answer in a Content-Encoding, with white space before it."""
    data = b" " * spaces + json.dumps(body).encode()
    data = gzip.compress(data) if encoding == "gzip" else zlib.compress(data)
    return Reply(body=data, headers={"Content-Encoding": encoding})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_ends_the_run(asker: Asker, status: int) -> None:
    with FaultyServer(echo) as other:
        away = Reply(status, body=b"", headers={"Location": f"{other.url}/chat/completions"})
        with (
            FaultyServer([away]) as server,
            pytest.raises(
                HarnessError,
                match=r"redirects to http.*if that is the right server, give base_url=http://[^/]*/v1$",
            ),
        ):
            asker.ask(server.url, 6, "concurrency=1")
    assert other.asked == [] and len(server.asked) == 1


def test_a_proxy_of_the_environment_gets_nothing_that_is_meant_for_this_machine(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with FaultyServer(echo) as proxy, FaultyServer(echo) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        [response] = asker.ask(server.url)
    assert response.error is None
    assert proxy.asked == [] and len(server.asked) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_packed_answers_are_read_though_none_are_asked_for(asker: Asker, encoding: str) -> None:
    with FaultyServer([packed(GOOD, encoding)]) as server:
        [response] = asker.ask(server.url)
    assert response.text == "Yes."
    assert server.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_an_answer_packed_otherwise_fails_alone_and_at_once(asker: Asker, encoding: str) -> None:
    with FaultyServer([Reply(body=b"x", headers={"Content-Encoding": encoding})]) as server:
        [response] = asker.ask(server.url)
    assert response.error == f"the answer is packed ({encoding}), expected plain JSON"
    assert response.attempts == 1


def test_an_answer_may_have_so_many_bytes_unpacked_and_no_more(asker: Asker) -> None:
    small, large = packed(GOOD, spaces=50_000), packed(GOOD, spaces=200_000)
    with FaultyServer([small, large, Reply(body=b" " * 200_000), answer("No.")]) as server:
        responses = asker.ask(server.url, 4, "concurrency=1,max_bytes=100000")
    assert [response.text for response in responses] == ["Yes.", "", "", "No."]
    for response in responses[1:3]:
        assert "more than 100,000 bytes" in str(response.error) and response.attempts == 1


BOUNDED = """
import resource, sys
from imhi._core.registry import Registry
from imhi.plugins.models import openai_api
from tests.openai_asking import Asker

registry = Registry()
for thing in openai_api.imhi_models():
    registry.add(thing, "openai")
asker = Asker(registry)
asker.ask(sys.argv[1], 1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
[response] = asker.ask(sys.argv[1], 1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, response.error)
"""


def test_unpacking_a_large_answer_takes_no_more_memory_than_the_bound() -> None:
    with FaultyServer([answer("Yes."), packed(GOOD, spaces=60_000_000)]) as server:
        done = subprocess.run(
            [sys.executable, "-c", BOUNDED, server.url], capture_output=True, text=True,
            timeout=60, check=True, cwd=Path(__file__).parents[4],
        )  # fmt: skip
    kibibytes, _, error = done.stdout.partition(" ")
    assert "more than 16,000,000 bytes" in error
    assert int(kibibytes) < 40_000


def test_a_body_that_is_not_packed_as_it_says_is_asked_for_again(asker: Asker) -> None:
    broken = Reply(body=b"no gzip at all", headers={"Content-Encoding": "gzip"})
    with FaultyServer([broken, answer("Yes.")]) as server:
        [response] = asker.ask(server.url)
    assert (response.text, response.attempts) == ("Yes.", 2)


@pytest.mark.parametrize(
    ("reply", "cost"),
    [
        (Reply(body={"error": "Unexpected endpoint"}), 0.0),
        (Reply(body={"error": {"message": "m", "code": 400}}), 0.0),
        (Reply(500, body={"error": "m", "usage": {"prompt_tokens": 9}}), 0.0),
        (
            Reply(
                body={"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}},
            ),
            0.02,
        ),
    ],
)
def test_what_is_no_answer_costs_what_the_server_says_it_used(
    asker: Asker, reply: Reply, cost: float
) -> None:
    context = asker.context()
    with FaultyServer([reply]) as server:
        [response] = asker.ask(server.url, 1, f"retries=0,{PRICED}", context)
    assert response.error is not None
    assert context.budget.spent == pytest.approx(cost) == response.cost
