"""``anthropic:MODEL`` and ``gemini:MODEL`` one by one: asked in OpenAI's form, with a key of their own."""

from __future__ import annotations

import pytest

from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi.plugins.models.openai_api.batch.anthropic_server import host_of
from imhi.plugins.models.openai_api.batch.gemini_server import host_of as gemini_host_of
from tests.faulty_server import FaultyServer, answer
from tests.openai_asking import requests
from tests.plugins.models.openai_api.provider_asking import ProviderAsker

KEYS = {"anthropic": "ANTHROPIC_API_KEY", "gemini": "GEMINI_API_KEY"}


def test_requests_go_to_the_interface_in_openais_form(
    provider: ProviderAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEYS[provider.scheme], "key-of-the-provider")
    monkeypatch.setenv("OPENAI_API_KEY", "key-of-openai")
    with FaultyServer([answer("Yes, it is.")]) as server:
        text = f"{provider.scheme}:m,base_url={server.url}"
        model = ModelSpec.parse(text, provider.asker.families).create(provider.context())
        [response] = list(model.generate(requests(1)))
        [asked] = server.asked
    assert response.text == "Yes, it is."
    assert asked.body["messages"] == [{"role": "user", "content": "Is post 0 sad?"}]
    assert asked.headers["authorization"] == "Bearer key-of-the-provider"


def test_the_provider_is_asked_where_no_server_is_named(
    provider: ProviderAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEYS[provider.scheme], "key-of-the-provider")
    spec = ModelSpec.parse(f"{provider.scheme}:m", provider.asker.families)
    described = spec.create(provider.context()).describe()
    assert described["base_url"] in (
        "https://api.anthropic.com/v1",
        "https://generativelanguage.googleapis.com/v1beta/openai",
    )


def test_the_address_of_the_batches_follows_from_the_other() -> None:
    assert host_of("https://api.anthropic.com/v1") == "https://api.anthropic.com"
    assert host_of("http://gate/way/anthropic/v1") == "http://gate/way/anthropic"
    official = "https://generativelanguage.googleapis.com"
    assert gemini_host_of(f"{official}/v1beta/openai") == (official, "v1beta")
    assert gemini_host_of("http://gate/way/v1/openai") == ("http://gate/way", "v1")
    assert gemini_host_of("http://127.0.0.1:8000") == ("http://127.0.0.1:8000", "v1beta")


def test_a_client_that_is_not_installed_is_named_before_anything_is_asked(
    provider: ProviderAsker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(HarnessError, match=rf"\[{provider.scheme}\]"):
        provider.model("http://127.0.0.1:1/v1")
