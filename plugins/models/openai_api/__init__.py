"""``openai:MODEL``: OpenAI and every server that speaks its wire form (vLLM, SGLang, llama.cpp,
``transformers serve``, gateways). ``anthropic:MODEL`` and ``gemini:MODEL``: the same at these two
providers, which speak it too.

Requests run concurrently; what fails for a passing reason is asked again; what they cost is
counted and kept within ``--max-cost``; the key is read from the environment and written nowhere.
With ``mode=batch`` they go in batches instead, at half the price, by each provider's own interface.
"""

from __future__ import annotations

from collections.abc import Iterable

from imhi import Argument, ModelFamily, ModelPreset, hookimpl
from imhi.plugins.models.openai_api.providers import PROVIDERS

_SUMMARIES = {
    "openai": "OpenAI, or any server with its chat or completions interface",
    "anthropic": "Anthropic's Claude models",
    "gemini": "Google's Gemini models",
}
_EXAMPLES = {
    "openai": (
        "openai:gpt-4o-mini",
        "openai:gpt-4o-mini,mode=batch",
        "openai:my-model,base_url=http://127.0.0.1:8000/v1",
        "openai:my-model,base_url=http://127.0.0.1:8000/v1,api=completions,concurrency=64",
    ),
    "anthropic": ("anthropic:claude-haiku-4-5", "anthropic:claude-haiku-4-5,mode=batch"),
    "gemini": ("gemini:gemini-2.5-flash", "gemini:gemini-2.5-flash,mode=batch"),
}


@hookimpl
def imhi_models() -> Iterable[ModelFamily | ModelPreset]:
    for scheme, provider in PROVIDERS.items():
        yield ModelFamily(
            scheme=scheme,
            summary=_SUMMARIES[scheme],
            create="imhi.plugins.models.openai_api.model:create",
            arguments=Argument.all_of(provider.arguments),
            cache_key="imhi.plugins.models.openai_api.reuse:cache_key",
            estimate="imhi.plugins.models.openai_api.model:estimate",
            prices=f"imhi.plugins.models.openai_api.price_list:{scheme}",
            answers=("text", "choice"),
            gpus=0,
            together="imhi.plugins.models.openai_api.model:together",
            examples=_EXAMPLES[scheme],
        )
    yield ModelPreset("chatgpt", "openai:gpt-3.5-turbo", "ChatGPT, as in the IMHI paper")
    yield ModelPreset("gpt-4", "openai:gpt-4", "GPT-4, as in the IMHI paper")
