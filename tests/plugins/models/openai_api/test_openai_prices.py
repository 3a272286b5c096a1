"""What tokens cost: whose price counts, and that no price is too low."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from genai_prices import Usage, calc_price

from imhi.plugins.models.openai_api.arguments import OpenAIArguments
from imhi.plugins.models.openai_api.known_models import TABLE, known_model, read_table
from imhi.plugins.models.openai_api.listed_prices import (
    listed_price,
    provider_at,
    provider_named,
    providers,
)
from imhi.plugins.models.openai_api.prices import (
    Price,
    no_price,
    price_of,
    priced_models,
    table_price,
)

OPENAI = "https://api.openai.com/v1"
DEEPSEEK = "https://api.deepseek.com/v1"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai"

# One price at all hours and for prompts of all lengths, so that the package's own sum is ours.
FLAT = [
    (OPENAI, "gpt-3.5-turbo"),
    (OPENAI, "gpt-4"),
    (OPENAI, "gpt-4o-2024-08-06"),
    (OPENAI, "gpt-4.1-mini"),
    (OPENAI, "gpt-5"),
    (OPENAI, "gpt-5.2"),
    (OPENAI, "o3-mini"),
    (DEEPSEEK, "deepseek-v3.2"),
    ("https://api.groq.com/openai/v1", "llama-3.3-70b-versatile"),
    ("https://api.mistral.ai/v1", "mistral-large-latest"),
    ("https://api.anthropic.com/v1", "claude-haiku-4-5"),
    ("https://openrouter.ai/api/v1", "openai/gpt-4o-mini"),
    ("https://api.moonshot.ai/v1", "kimi-k3"),
    (GOOGLE, "gemini-2.5-flash"),
]


def at(url: str, model: str, now: datetime | None = None) -> Price:
    table = read_table()
    provider = provider_at(url, table)
    assert provider is not None
    price = listed_price(provider, model, False, table, now)
    assert price is not None
    return price


def dollars(url: str, model: str, when: datetime | None = None, **usage: int) -> float:
    found = calc_price(Usage(**usage), model, provider_api_url=url, genai_request_timestamp=when)
    return float(found.total_price)


@pytest.mark.parametrize(("url", "model"), FLAT)
def test_a_million_tokens_cost_what_the_package_says(url: str, model: str) -> None:
    price = price_of(model, OpenAIArguments(base_url=url))
    assert price is not None
    million = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    assert price.cost(1_000_000, 1_000_000) == pytest.approx(dollars(url, model, **million))
    assert "genai-prices " in price.source and "(data to 20" in price.source


def test_the_server_tells_whose_price_it_is() -> None:
    def prompt(model: str, url: str | None) -> float | None:
        price = price_of(model, OpenAIArguments(base_url=url))
        return price and price.prompt

    assert prompt("gpt-4o", None) == prompt("gpt-4o", OPENAI) == 2.5
    assert prompt("deepseek-v3.2", None) is None and prompt("deepseek-v3.2", DEEPSEEK)
    assert prompt("gpt-4o", DEEPSEEK) is None
    anthropic = price_of("claude-haiku-4-5", OpenAIArguments(), provider="anthropic")
    assert anthropic is not None and "anthropic: claude-haiku-4-5" in anthropic.source


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v1",
        "http://localhost:8000/v1",
        "https://models.example.org/v1",
        "https://api.openai.com.example.org/v1",
        "https://example.org/api.openai.com/v1",
        "https://example.org/x.googleapis.com",
        "https://api.moonshot.example.org/v1",
        "http://api.openai.com@example.org/v1",
    ],
)
def test_a_server_nobody_knows_has_no_price_whatever_the_model_is_called(url: str) -> None:
    for model in ("gpt-4o", "kimi-k3", "gemini-2.5-flash"):
        assert table_price(model, url) is None
    assert provider_at(url, read_table()) is None
    given = OpenAIArguments(base_url=url, price_prompt=0.0, price_completion=0.0)
    assert price_of("gpt-4o", given) == Price(0, 0, "arguments price_prompt, price_completion")


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://api.openai.com:443/v1", "openai"),
        ("https://API.openai.com/v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://router.huggingface.co/novita/v3/openai", "huggingface_novita"),
        ("https://api.moonshot.cn/v1", "moonshotai"),
        ("https://api.together.ai/v1", "together"),
        ("https://api.together.xyz/v1", "together"),
        (GOOGLE, "google"),
    ],
)
def test_servers_that_are_known(url: str, provider: str) -> None:
    found = provider_at(url, read_table())
    assert found is not None and found.id == provider


def test_a_price_by_the_hour_is_that_of_the_dearest_hour() -> None:
    day = datetime(2026, 11, 30, tzinfo=UTC)
    hours = [day + timedelta(hours=hour) for hour in range(24)]
    model = "deepseek-v4-pro"
    amounts = {dollars(DEEPSEEK, model, hour, input_tokens=1_000_000) for hour in hours}
    assert len(amounts) > 1, "the package has two prices, or this shows nothing"
    for hour in hours:
        assert at(DEEPSEEK, model, hour).prompt == pytest.approx(max(amounts))
    assert "the dearest of what it takes by the hour" in at(DEEPSEEK, model).source


def test_a_price_that_is_announced_for_the_coming_month_counts_already() -> None:
    model, start = "gemini-4-argon", datetime(2026, 12, 1, tzinfo=UTC)
    dear, cheap = (
        dollars(GOOGLE, model, when, input_tokens=1_000_000)
        for when in (start, start - timedelta(days=1))
    )
    assert dear > cheap, "the package knows of a rise, or this shows nothing"
    assert at(GOOGLE, model, start - timedelta(days=40)).prompt == cheap
    assert at(GOOGLE, model, start - timedelta(days=2)).prompt == dear
    assert at(GOOGLE, model, start + timedelta(days=2)).prompt == dear


@pytest.mark.parametrize("tokens", [100, 1023, 1024, 272_000, 272_001, 900_000])
def test_long_prompts_cost_what_they_cost_and_their_caching_with_them(tokens: int) -> None:
    usage = {"input_tokens": tokens, "output_tokens": 1000}
    assert at(OPENAI, "gpt-5.4").cost(tokens, 1000) == pytest.approx(
        dollars(OPENAI, "gpt-5.4", **usage)
    )
    written = tokens if tokens > 1023 else 0
    assert at(OPENAI, "gpt-6-sol").cost(tokens, 1000) == pytest.approx(
        dollars(OPENAI, "gpt-6-sol", cache_write_tokens=written, **usage)
    )


def test_several_requests_together_cost_no_less_than_each_by_itself() -> None:
    price = at(OPENAI, "gpt-6-sol")
    assert price.cost(300_000, 3000) > 3 * price.cost(100_000, 1000)


def test_a_tier_stands_in_the_manifest() -> None:
    described = at(OPENAI, "gpt-5.4").describe()
    assert described["prompt_usd_per_million"] == 2.5
    assert described["longer_prompts"] == [
        {
            "above_tokens": 272_000,
            "prompt_usd_per_million": 5.0,
            "completion_usd_per_million": 22.5,
        }
    ]
    assert "longer_prompts" not in at(OPENAI, "gpt-4o").describe()


def test_no_model_of_any_provider_costs_more_than_we_say() -> None:
    now = datetime.now(UTC)
    hours = [now + timedelta(hours=hour) for hour in (0, 6, 12, 18)]
    usages = [
        {"input_tokens": 900, "output_tokens": 500},
        {"input_tokens": 150_000, "output_tokens": 500},
        {"input_tokens": 900_000, "output_tokens": 500, "output_reasoning_tokens": 400},
    ]
    compared = 0
    for provider in providers():
        for model in priced_models(provider.id):
            price = table_price(model, provider=provider.id)
            assert price is not None, f"{provider.id}: {model}"
            for usage in usages:
                ours = price.cost(usage["input_tokens"], usage["output_tokens"])
                for hour in hours:
                    theirs = calc_price(
                        Usage(**usage),
                        model,
                        provider_id=provider.id,
                        genai_request_timestamp=hour,
                    )
                    assert ours >= float(theirs.total_price) - 1e-9, f"{provider.id}: {model}"
                    compared += 1
    assert compared > 10_000


@pytest.mark.parametrize(
    ("url", "model", "words"),
    [
        ("https://api.perplexity.ai", "sonar", "Perplexity charges for every request as well"),
        (OPENAI, "text-embedding-3-small", "OpenAI charges for something else than tokens of text"),
        (OPENAI, "gpt-9", "no price of 'gpt-9' at OpenAI is known; nearest: gpt-5"),
        ("http://127.0.0.1:9/v1", "gpt-4", "is known, nor whose server http://127.0.0.1:9 is; add"),
    ],
)
def test_a_model_without_a_price_is_told_why(url: str, model: str, words: str) -> None:
    options = OpenAIArguments(base_url=url)
    assert price_of(model, options) is None
    assert words in no_price(model, options)
    assert "price_prompt=USD,price_completion=USD" in no_price(model, options)


OURS = """
prices:
  - provider: openai
    names: ["gpt-4o", "ft:gpt-4.1-*"]
    prompt: 3
    completion: 12
    batch: {prompt: 1.5, completion: 6}
    date: "2026-11"
    source: a price list
  - provider: deepseek
    names: ["*"]
    prompt: 7
    completion: 7
    date: "2026-11"
    source: another
"""


def test_a_price_of_ours_wins_over_the_package(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(OURS, encoding="utf-8")
    source = "ours.yaml, 2026-11: a price list"
    assert table_price("gpt-4o", path=path) == Price(3, 12, source)
    assert table_price("ft:gpt-4.1-2025-04-14:me::1", path=path) == Price(3, 12, source)
    half = Price(1.5, 6, f"{source}; batches at half price")
    assert table_price("gpt-4o", OPENAI, batch=True, path=path) == half
    whole = table_price("any", DEEPSEEK, batch=True, path=path)
    assert whole == Price(7, 7, "ours.yaml, 2026-11: another; batches at the whole price")
    # What is not in it is the package's still, and another provider's model is not meant.
    assert table_price("gpt-4o-mini", path=path) == table_price("gpt-4o-mini")
    azure = "https://mine.openai.azure.com/openai/v1"
    assert table_price("gpt-4o", azure, path=path) == table_price("gpt-4o", azure)


def test_every_price_of_ours_is_one_the_package_has_not_or_has_otherwise() -> None:
    for ours in read_table(TABLE).overrides:
        provider = provider_named(ours.provider)
        assert provider is not None, ours
        for name in ours.names:
            theirs = listed_price(provider, name.replace("*", ""), False, read_table(TABLE))
            assert theirs is None or (theirs.prompt, theirs.completion) != (
                ours.prompt,
                ours.completion,
            ), f"{name}: the package has the same price by now"


@pytest.mark.parametrize(
    ("model", "limit", "refuses"),
    [
        ("o1", "max_completion_tokens", ("temperature", "top_p")),
        ("o4-mini-2025-04-16", "max_completion_tokens", ("temperature", "top_p")),
        ("gpt-5-mini", "max_completion_tokens", ("temperature", "top_p")),
        ("gpt-5-chat-latest", "max_completion_tokens", ()),
        ("gpt-5.1", "max_completion_tokens", ()),
        ("gpt-5.4-mini", "max_completion_tokens", ()),
        ("gpt-5.5-2026-04-23", "max_completion_tokens", ("temperature", "top_p")),
        ("gpt-5.6-sol", "max_completion_tokens", ("temperature", "top_p")),
        ("gpt-6-sol", "max_completion_tokens", ()),
    ],
)
def test_what_newer_models_ask_for_is_known(
    model: str, limit: str, refuses: tuple[str, ...]
) -> None:
    known = known_model(model)
    assert known is not None and (known.token_limit, known.refuses) == (limit, refuses)


@pytest.mark.parametrize(
    ("model", "refuses"),
    [
        ("claude-opus-4-7", ("temperature", "top_p")),
        ("claude-opus-5-5", ("temperature", "top_p")),
        ("claude-sonnet-5-20260630", ("temperature", "top_p")),
        ("claude-fable-5-1", ("temperature", "top_p")),
        ("claude-opus-4-6", None),
        ("claude-sonnet-4-6", None),
        ("claude-haiku-4-5", None),
    ],
)
def test_models_of_anthropic_that_refuse_settings_in_words_are_known(
    model: str, refuses: tuple[str, ...] | None
) -> None:
    known = known_model(model)
    assert (known.refuses if known else None) == refuses


def test_models_that_take_everything_are_not_listed() -> None:
    assert [known_model(name) for name in ("gpt-4o", "gpt-3.5-turbo", "deepseek-chat", "m")] == [
        None
    ] * 4


_OFFLINE = """
import socket

class Forbidden(socket.socket):
    def __init__(self, *arguments, **named):
        raise AssertionError("a socket was opened")

def forbidden(*arguments, **named):
    raise AssertionError("a name was looked up")

socket.socket = Forbidden
socket.create_connection = socket.getaddrinfo = forbidden
try:
    socket.socket()
except AssertionError:
    pass
else:
    raise SystemExit("the sockets are not forbidden")

import threading
from imhi.plugins.models.openai_api.prices import nearest, table_price
for model in ("gpt-4o", "gpt-9"):
    price = table_price(model, "https://api.openai.com/v1")
    print(price.prompt if price else nearest(model)[0])
print(threading.active_count())
"""


def test_prices_are_found_without_a_network() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OFFLINE], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["2.5", "gpt-5", "1"], done.stderr
