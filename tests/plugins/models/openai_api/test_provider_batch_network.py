"""``anthropic:...,mode=batch`` and ``gemini:...,mode=batch``: calls that go wrong, and where the key and
the posts go. Whatever happens, no batch is made twice."""

from __future__ import annotations

import json
import time

import pytest

from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from tests.batch_results import Fault, garbled_reply
from tests.openai_asking import PRICED, requests
from tests.plugins.models.openai_api.provider_asking import (
    ENDPOINTS,
    SERVERS,
    ProviderAsker,
    charged_once,
)
from tests.provider_batches import Ending, ProviderBatches

PASSING = {
    "429": Fault(status=429, headers={"Retry-After": "0"}),
    "500": Fault(),
    "page": Fault(status=502, body=b"<html>Bad gateway</html>"),
    "hang": Fault("hang"),
    "reset": Fault("reset"),
    "cut": Fault("cut"),
    "garbled": garbled_reply(done=False),
}
# Where the bytes of a file go, the client of Gemini itself asks again after 1, 2 and 4 seconds what came
# back without its own header.
PATIENT = ("upload",)


@pytest.mark.parametrize("shift", range(len(PASSING)), ids=lambda shift: f"from-{shift}")
def test_every_call_may_fail_for_any_passing_reason_and_is_repeated(
    provider: ProviderAsker, shift: int
) -> None:
    kinds = list(PASSING.values())
    endpoints = [name for name in provider.endpoints if name not in PATIENT]
    with provider.server() as server:
        for number, endpoint in enumerate(endpoints):
            server.faults[endpoint].append(kinds[(number + shift) % len(kinds)])
        # The list is read only where it is not known whether the batch was made.
        server.faults["create"].append(Fault("reset", done=True))
        responses = provider.ask(server.url, 3, "timeout=0.3,retries=9")
    assert not any(server.faults.values()), "each fault was met"
    assert [(response.attempts, response.error) for response in responses] == [(1, None)] * 3
    assert charged_once(server, 3) and server.sizes == [3]


@pytest.mark.parametrize("provider", ["gemini"], indirect=True)
def test_a_file_whose_bytes_were_lost_is_sent_again(provider: ProviderAsker) -> None:
    with provider.server() as server:
        server.faults["upload"].append(Fault("reset"))
        responses = provider.ask(server.url, 3)
    assert not any(response.error for response in responses) and charged_once(server, 3)


UNKNOWN = {
    "500": Fault(done=True),
    "409": Fault(status=409, done=True),
    "hang": Fault("hang", done=True),
    "reset": Fault("reset", done=True),
    "cut": Fault("cut", done=True),
    "garbled": garbled_reply(),
    "form": Fault(status=200, body=b'{"object": "batch"}', done=True),
    "zipped": Fault(status=200, headers={"Content-Encoding": "gzip"}, body=b"no zip", done=True),
}


@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_batch_that_was_made_unheard_is_found_and_not_made_again(
    provider: ProviderAsker, fault: str
) -> None:
    with provider.server(endings=[Ending(looks=3)]) as server:
        server.faults["create"].append(UNKNOWN[fault])
        responses = provider.ask(server.url, 3, "timeout=0.3")
    assert len(responses) == 3 and server.calls("create") == 1
    assert server.sizes == [3] and charged_once(server, 3)


def test_a_batch_is_found_among_many_and_before_the_server_lists_it(
    provider: ProviderAsker,
) -> None:
    with provider.server() as server:
        provider.ask(server.url, 30, "batch_requests=1")
        # Listed late: by the time the list has it, another look is taken.
        server.faults["create"].append(Fault("reset", done=True))
        server.faults["list"].extend([None] * (provider.scheme == "anthropic"))
        context = provider.context(seed=1)
        answers = provider.model(server.url, "batch_requests=1,poll=0.2", context)
        server.unlisted = 1
        [response] = list(answers.generate(requests(1, start=50)))
    assert not response.error and len(server.made) == 31
    assert charged_once(server, 31)


@pytest.mark.parametrize(
    ("provider", "endpoint"),
    [(scheme, one) for scheme in SERVERS for one in ENDPOINTS[scheme] if one not in PATIENT],
    indirect=["provider"],
)
def test_when_the_tries_are_used_up_another_process_goes_on(
    provider: ProviderAsker, endpoint: str
) -> None:
    scheme = provider.scheme
    with provider.server() as server:
        if endpoint == "list":
            server.faults["create"].append(Fault(done=True))
            server.faults["list"].extend([None] * (scheme == "anthropic"))
        server.faults[endpoint].extend([Fault(done=endpoint == "create")] * 3)
        if endpoint == "create":
            server.faults["list"].extend([None] * (scheme == "anthropic") + [Fault()] * 3)
        with pytest.raises(HarnessError, match="run the same command again to go on") as raised:
            provider.ask(server.url, 4, "retries=2")
        assert "\n" not in str(raised.value) and "HTTP 500: it broke" in str(raised.value)
        for faults in server.faults.values():
            faults.clear()
        responses = provider.ask(server.url, 4)
    assert [response.attempts for response in responses] == [1] * 4
    assert server.sizes == [4] and charged_once(server, 4)


@pytest.mark.parametrize("which", ["retrieve", "results"])
def test_what_the_server_lost_is_not_asked_again_unless_the_user_says_so(
    provider: ProviderAsker, which: str
) -> None:
    endpoint = provider.results if which == "results" else which
    with provider.server() as server:
        server.faults[endpoint].extend([Fault(status=404)] * 2)
        for _ in range(2):
            with pytest.raises(
                HarnessError, match=r"HTTP 404.*ask \(and pay\) again, remove"
            ) as said:
                provider.ask(server.url, 2)
        [file] = provider.folder.glob(f"{provider.scheme}-batch-*.jsonl")
        assert str(file) in str(said.value) and server.sizes == [2]
        file.unlink()
        assert len(provider.ask(server.url, 2)) == 2
    assert server.sizes == [2, 2]


def test_a_refused_batch_is_sent_anew_by_the_next_command(provider: ProviderAsker) -> None:
    with provider.server() as server:
        body = b'{"error": {"type": "invalid_request_error", "message": "no"}}'
        server.faults["create"].append(Fault(status=400, body=body))
        with pytest.raises(HarnessError, match=r"making the batch: HTTP 400: no; .*mode=live"):
            provider.ask(server.url, 2)
        assert not server.made
        assert len(provider.ask(server.url, 2)) == 2
    assert charged_once(server, 2)


def test_a_server_that_is_not_there_is_said_to_be_not_there(provider: ProviderAsker) -> None:
    with provider.server() as server:
        gone = server.url
    began = time.monotonic()
    with pytest.raises(HarnessError, match=r": no connection"):
        provider.ask(gone, 2, "retries=9")
    assert time.monotonic() - began < 30


def test_a_bad_copy_of_the_answers_is_read_again_at_no_cost(provider: ProviderAsker) -> None:
    context = provider.context()
    with provider.server() as server:
        body = b'{"custom_id": "a\n{}\n'
        server.faults[provider.results].append(Fault(status=200, body=body))
        responses = provider.ask(server.url, 3, PRICED, context)
    assert not any(response.error for response in responses) and server.sizes == [3]
    assert context.budget.spent == pytest.approx(0.06)


@pytest.mark.parametrize("status", [301, 307])
def test_no_redirect_is_followed_so_that_key_and_posts_go_nowhere_else(
    provider: ProviderAsker, status: int
) -> None:
    class Elsewhere(ProviderBatches):
        def route(self, asked):  # type: ignore[no-untyped-def]
            raise AssertionError(asked)

    for endpoint in set(provider.endpoints) - {*PATIENT, "list"}:
        with provider.server() as server, Elsewhere() as elsewhere:
            to = {"Location": f"{elsewhere.host}/v1/"}
            server.faults[endpoint].append(Fault(status=status, body=b"{}", headers=to))
            with pytest.raises(HarnessError, match=f"HTTP {status}"):
                provider.ask(server.url, 2)
            assert not elsewhere.called
        for file in provider.folder.glob("*.jsonl"):
            file.unlink()


def test_the_key_stands_in_no_message_whatever_the_server_quotes(
    provider: ProviderAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"anthropic": "sk-ant-api03-0123456789SECRET", "gemini": "AIzaSy0123456789abcSECRET"}
    variable = {"anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}[provider.scheme]
    secret = key[provider.scheme]
    monkeypatch.setenv(variable, secret)
    # What the clients would read by themselves counts for nothing here.
    monkeypatch.setenv("GOOGLE_API_KEY", "AIza-of-somebody-else")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "of-somebody-else")
    quoting = b'{"error": {"message": "Incorrect API key provided: %s"}}' % secret.encode()
    said = []
    for endpoint in set(provider.endpoints) - {*PATIENT, "list"}:
        with provider.server() as server:
            server.faults[endpoint].append(Fault(status=401, body=quoting))
            with pytest.raises(HarnessError, match=f"refuses the key in {variable}") as raised:
                provider.ask(server.url)
            said.append(f"{raised.value} {raised.value!r} {raised.value.__context__!r}")
            sent = {
                call.headers.get("x-goog-api-key") or call.headers.get("authorization")
                for call in server.called
                if call.endpoint != "upload"
            }
            assert sent <= {secret, f"Bearer {secret}"}
        for file in provider.folder.glob("*.jsonl"):
            said.append(file.read_text())
            file.unlink()
    assert said and not [text for text in said if "SECRET" in text]
    assert not [text for text in said if "Is post" in text], "nor do the posts"


@pytest.mark.parametrize(
    ("provider", "variable"),
    [("anthropic", "ANTHROPIC_BASE_URL"), ("gemini", "GOOGLE_GEMINI_BASE_URL")],
    indirect=["provider"],
)
def test_a_server_named_in_the_environment_only_is_refused(
    provider: ProviderAsker, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    scheme = provider.scheme
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    spec = ModelSpec.parse(f"{scheme}:m,mode=batch", provider.asker.families)
    with pytest.raises(HarnessError, match=f"{scheme}: {variable} is set but base_url= is not"):
        spec.create(provider.context())


def test_a_missing_key_is_said_to_be_missing(provider: ProviderAsker) -> None:
    spec = ModelSpec.parse(f"{provider.scheme}:m", provider.asker.families)
    with pytest.raises(HarnessError, match=f"{provider.scheme}: no key for https://.*_API_KEY"):
        spec.create(provider.context())


def test_what_is_read_is_bounded_whoever_sends_it(provider: ProviderAsker) -> None:
    large = json.dumps({"data": [], "x": " " * 300_000}).encode()
    with provider.server() as server:
        for endpoint in ENDPOINTS[provider.scheme]:
            server.faults[endpoint].extend([Fault(status=200, body=large)] * 20)
        with pytest.raises(HarnessError, match="more than 100,000 bytes"):
            provider.ask(server.url, 2, "max_bytes=100000,retries=1")
