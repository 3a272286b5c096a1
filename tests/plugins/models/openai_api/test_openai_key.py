"""``openai:``: the key is sent to the server and written nowhere."""

from __future__ import annotations

import io
import json
import logging

import pytest

from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.records import as_row
from tests.faulty_server import (
    Asked,
    FaultyServer,
    Reply,
    echo,
    status,
)
from tests.openai_asking import Asker, requests

KEY = "sk-test-0123456789abcdefSECRET"


def test_without_a_key_a_remote_server_is_refused_naming_the_variable(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HarnessError, match="OPENAI_API_KEY is not set") as raised:
        ModelSpec.parse("chatgpt", asker.families).create(asker.context())
    assert "\n" not in str(raised.value)
    with pytest.raises(HarnessError, match="MY_KEY is not set"):
        asker.model("http://127.0.0.1:9/v1", "key_env=MY_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", "two words")
    with pytest.raises(HarnessError, match="white space") as raised:
        ModelSpec.parse("chatgpt", asker.families).create(asker.context())
    assert "two words" not in str(raised.value)


@pytest.mark.parametrize("key", [KEY, "local.token.with-its-own-form-7351"])
def test_the_key_is_sent_and_otherwise_appears_nowhere(
    key: str,
    asker: Asker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key + "\n")
    caplog.set_level(logging.DEBUG)
    context = asker.context()

    def script(asked: Asked) -> Reply:
        # A server that quotes the key back, as some do.
        if asked.index < 3:
            return status(500, f"Bearer {key} failed; its head sk-test-0123***CRET")
        if asked.index == 9:
            return status(401, f"Incorrect API key provided: {key}").after(0.2)
        return echo(asked)

    out = io.StringIO()
    with FaultyServer(script) as server:
        model = asker.model(server.url, "retries=0,concurrency=1", context)
        try:
            for response in model.generate(requests(12)):
                out.write(json.dumps(as_row(response)) + "\n")
        except HarnessError as error:
            out.write(f"{error} {error!r} {error.__cause__!r} {error.__context__!r}\n")
    spec = ModelSpec.parse(f"openai:m,base_url={server.url}", asker.families)
    out.write(
        json.dumps(model.describe())
        + repr(model)
        + repr(vars(model)["_mask"])
        + repr(vars(model)["_secrets"])
    )
    out.write(json.dumps(spec.fingerprint(context)) + repr(context.notes) + caplog.text)
    out.write("".join(capfd.readouterr()))
    written = out.getvalue()
    assert server.asked[0].headers["authorization"] == f"Bearer {key}"
    assert written.count('"error"') == 3 and "refuses the key in OPENAI_API_KEY" in written
    assert key not in written and "sk-test-0123" not in written


@pytest.mark.parametrize(
    "model",
    [
        "openai:m,base_url=https://user:hunter2@example.org/v1",
        "openai:m,base_url=https://example.org/v1?key=hunter2",
        "openai:m,key_env=sk-hunter2",
    ],
)
def test_secrets_in_a_model_name_are_refused_and_not_repeated(asker: Asker, model: str) -> None:
    with pytest.raises(HarnessError) as raised:
        ModelSpec.parse(model, asker.families)
    assert "hunter2" not in str(raised.value)
    assert "environment variable" in str(raised.value) or "may be a secret" in str(raised.value)


def test_a_server_named_only_in_the_environment_is_refused(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.example/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(HarnessError, match=r"OPENAI_BASE_URL is set but base_url= is not given"):
        ModelSpec.parse("chatgpt", asker.families).create(asker.context())
