"""``imhi models prices``: what tokens cost, by model and by provider."""

from __future__ import annotations

import json

import pytest

from imhi._core.cli.app import run


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["models", "prices", *words]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["models", "prices", *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return " ".join(shown.err.split())


@pytest.mark.parametrize("name", ["openai:gpt-3.5-turbo", "chatgpt", "gpt-3.5-turbo"])
def test_a_model_is_named_as_elsewhere_or_as_its_provider_names_it(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    found = json.loads(said(capsys, name, "--json"))
    assert (found["model"], found["provider"]) == ("gpt-3.5-turbo", "openai")
    assert found["rates"] == [{"above": 0, "prompt": 0.5, "completion": 1.5}]
    assert found["batch"] == [{"above": 0, "prompt": 0.25, "completion": 0.75}]
    assert "genai-prices" in found["source"]


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_table_holds_every_amount_and_where_it_is_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = said(capsys, "gpt-5.4")
    assert max(map(len, shown.splitlines())) <= int(columns)
    rows = [line.split() for line in shown.splitlines()]
    assert ["any", "prompt", "2.50", "15.00", "1.25", "7.50"] in rows
    assert ["prompts", "above", "272000", "tokens", "5.00", "22.50", "2.50", "11.25"] in rows
    assert "from genai-prices" in shown and "openai: gpt-5.4" in " ".join(shown.split())


def test_a_server_tells_the_provider_and_given_prices_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "openai:deepseek-v4-pro,base_url=https://api.deepseek.com/v1"
    found = json.loads(said(capsys, text, "--json"))
    assert found["provider"] == "deepseek" and found["batch"] == []
    given = "openai:m,base_url=http://127.0.0.1:9/v1,price_prompt=1,price_completion=2,mode=batch"
    found = json.loads(said(capsys, given, "--json"))
    assert found["rates"] == [{"above": 0, "prompt": 1.0, "completion": 2.0}]
    assert (found["provider"], found["batch"]) == ("http://127.0.0.1:9/v1", [])


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_models_of_a_provider(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = said(capsys, "--provider", "openai")
    assert max(map(len, shown.splitlines())) <= int(columns)
    rows = [line.split() for line in shown.splitlines()]
    assert ["gpt-4o-mini", "0.15", "0.60", "0.075", "/", "0.30"] in rows
    assert ["gpt-6-sol", "2.00", "10.00", "1.00", "/", "5.00", "1023,", "272000"] in rows
    assert "text-embedding-3-small" not in shown
    found = json.loads(said(capsys, "--provider", "openai", "--json"))["prices"]
    assert len(found) == sum(row[1:2] > ["0"] and "." in row[1] for row in rows if len(row) > 3)


def test_amounts_stay_whole_where_names_are_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = said(capsys, "--provider", "openrouter")
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown and max(map(len, shown.splitlines())) <= 80


def test_without_a_name_the_providers_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Anthropic" in said(capsys)
    providers = json.loads(said(capsys, "--json"))["providers"]
    assert {"openai": "OpenAI", "anthropic": "Anthropic"}.items() <= providers.items()


def test_what_is_not_known_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("gpt-9", "openai:gpt-9"):
        line = refused(capsys, name)
        assert line.startswith("imhi: openai:gpt-9: no price of 'gpt-9' is known; nearest: gpt-")
    assert "no prices are known of models of hf: (they are of: openai:" in refused(
        capsys, "hf:gpt2"
    )
    assert "unknown model scheme 'opnai'" in refused(capsys, "opnai:gpt-4")
    assert "did you mean 'deepseek'?" in refused(capsys, "--provider", "dpseek")
    assert "expected one of them" in refused(capsys, "gpt-4", "--provider", "openai")


def test_models_alone_lists_them_still(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--json"]) == 0
    assert "openai" in [f["scheme"] for f in json.loads(capsys.readouterr().out)["families"]]
