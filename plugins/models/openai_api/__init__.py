"""``openai:MODEL``: OpenAI and every server that speaks its wire form (vLLM, SGLang, llama.cpp,
``transformers serve``, gateways).

Requests run concurrently; what fails for a passing reason is asked again; what they cost is
counted and kept within ``--max-cost``; the key is read from the environment and written nowhere.
With ``mode=batch`` they go in files by the Batch API instead, at half the price.
"""

from __future__ import annotations

from collections.abc import Iterable

from imhi import Argument, ModelFamily, ModelPreset, hookimpl, parse_count
from imhi.plugins.models.openai_api.arguments import (
    parse_api,
    parse_base_url,
    parse_mode,
    parse_price,
    parse_retries,
    parse_seconds,
    parse_variable,
)

_ARGUMENTS = (
    Argument("base_url", "server, usually ending in /v1; default api.openai.com", None,
             parse_base_url),
    Argument("api", "chat (the server applies its chat template) or completions (bare prompt)",
             "chat", parse_api),
    Argument("key_env", "environment variable that holds the key", "OPENAI_API_KEY",
             parse_variable, changes_answers=False),
    Argument("mode", "live (requests one by one) or batch (the Batch API: half price, answers within "
             "24 h)", "live", parse_mode, changes_answers=False),
    Argument("timeout", "seconds one attempt may take", 60.0, parse_seconds,
             changes_answers=False),
    Argument("concurrency", "requests in flight at most", 16, parse_count, changes_answers=False),
    Argument("retries", "times a request is sent again after 408, 409, 429, 5xx, a timeout, a "
             "lost connection or a garbled answer", 6, parse_retries, changes_answers=False),
    Argument("backoff", "seconds before the first retry; doubled each time, at most 60", 1.0,
             parse_seconds, changes_answers=False),
    Argument("max_requests_per_minute", "requests sent per minute at most", None, parse_count,
             changes_answers=False),
    Argument("poll", "mode=batch: seconds between two looks at a batch", 60.0, parse_seconds,
             changes_answers=False),
    Argument("batch_requests", "mode=batch: requests in one batch at most", 50_000, parse_count,
             changes_answers=False),
    Argument("batch_bytes", "mode=batch: bytes in the file of one batch at most", 200_000_000,
             parse_count, changes_answers=False),
    Argument("price_prompt", "US dollars per million prompt tokens", None, parse_price,
             changes_answers=False),
    Argument("price_completion", "US dollars per million completion tokens", None, parse_price,
             changes_answers=False),
)  # fmt: skip


@hookimpl
def imhi_models() -> Iterable[ModelFamily | ModelPreset]:
    yield ModelFamily(
        scheme="openai",
        summary="OpenAI, or any server with its chat or completions interface",
        create="imhi.plugins.models.openai_api.model:create",
        arguments=_ARGUMENTS,
        estimate="imhi.plugins.models.openai_api.model:estimate",
        together="imhi.plugins.models.openai_api.model:together",
        examples=(
            "openai:gpt-4o-mini",
            "openai:gpt-4o-mini,mode=batch",
            "openai:my-model,base_url=http://127.0.0.1:8000/v1",
            "openai:my-model,base_url=http://127.0.0.1:8000/v1,api=completions,concurrency=64",
        ),
    )
    yield ModelPreset("chatgpt", "openai:gpt-3.5-turbo", "ChatGPT, as in the IMHI paper")
    yield ModelPreset("gpt-4", "openai:gpt-4", "GPT-4, as in the IMHI paper")
