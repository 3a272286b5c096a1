"""``openai:``: what a run records, and how a model is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from tests.faulty_server import (
    FaultyServer,
    answer,
)
from tests.openai_asking import FREE, Asker, requests


def test_the_record_says_which_model_answered_at_which_price(asker: Asker) -> None:
    with FaultyServer([answer("Yes.", model="m-2024-01-01")]) as server:
        model = asker.model(server.url, FREE)
        list(model.generate(requests(2)))
    described = json.loads(json.dumps(model.describe()))
    assert described["model"] == "m" and described["base_url"] == server.url
    assert described["served_models"] == ["m-2024-01-01"]
    assert described["system_fingerprints"] == ["fp_faulty"]
    assert described["price"]["prompt_usd_per_million"] == 0


def test_limits_and_prices_do_not_make_another_model(asker: Asker) -> None:
    def identity(text: str) -> Any:
        return ModelSpec.parse(text, asker.families).fingerprint(asker.context())

    plain = identity("openai:m,base_url=http://127.0.0.1:9/v1")
    assert plain == identity(f"openai:m,base_url=http://127.0.0.1:9/v1/,timeout=3,{FREE},retries=0")
    assert plain != identity("openai:m,base_url=http://127.0.0.1:10/v1")
    assert plain != identity("openai:m,base_url=http://127.0.0.1:9/v1,api=completions")


@pytest.mark.parametrize(
    "argument",
    ["timeout=0", "timeout=inf", "concurrency=0", "retries=-1", "api=chats", "base_url=localhost",
     "base_url=http://localhost/v1/chat/completions",
     "price_prompt=-1", "backoff=x"],
)  # fmt: skip
def test_a_bad_argument_is_named(asker: Asker, argument: str) -> None:
    name, _, value = argument.partition("=")
    with pytest.raises(HarnessError, match=f"argument {name}: found '{value}', expected"):
        ModelSpec.parse(f"openai:m,{argument}", asker.families)


def test_importing_the_plugin_imports_nothing_heavy() -> None:
    code = (
        "import sys, imhi.plugins.models.openai_api as p; list(p.imhi_models()); "
        "print([m for m in ('openai', 'asyncio', 'yaml', 'httpx', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
