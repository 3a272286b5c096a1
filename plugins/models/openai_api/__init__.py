"""``openai:MODEL``: OpenAI and every server that speaks its wire form (vLLM, SGLang, llama.cpp,
``transformers serve``, gateways).

Requests run concurrently; what fails for a passing reason is asked again; what they cost is
counted and kept within ``--max-cost``; the key is read from the environment and written nowhere.
With ``mode=batch`` they go in files by the Batch API instead, at half the price.
"""

from __future__ import annotations

from collections.abc import Iterable

from imhi import Argument, ModelFamily, ModelPreset, hookimpl
from imhi.plugins.models.openai_api.arguments import OpenAIArguments


@hookimpl
def imhi_models() -> Iterable[ModelFamily | ModelPreset]:
    yield ModelFamily(
        scheme="openai",
        summary="OpenAI, or any server with its chat or completions interface",
        create="imhi.plugins.models.openai_api.model:create",
        arguments=Argument.all_of(OpenAIArguments),
        estimate="imhi.plugins.models.openai_api.model:estimate",
        prices="imhi.plugins.models.openai_api.price_list:PriceList",
        answers=("text", "choice"),
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
