"""Answers that are unusual, and ways of asking that some servers want."""

from __future__ import annotations

from typing import Any

from tests.faulty_server import Reply, answer, status
from tests.plugins.models.openai_api.situations.situation import (
    ANSWER,
    HEADER_KEY,
    KEY,
    TEXT,
    Expected,
    Situation,
)


def completion(message: dict[str, Any], finish_reason: str = "stop", **fields: Any) -> Reply:
    """An answer with this message, of 10 and 5 tokens."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": message}
    used = {"prompt_tokens": 10, "completion_tokens": 5}
    return Reply(body={"id": "x", "model": "m", "choices": [choice], "usage": used, **fields})


REFUSED = status(404, "not without its headers")

ANSWERS = (
    Situation(
        "no content, though tokens were used",
        "vLLM (gpt-oss)",
        "200 whose content is null; the usage counts tokens.",
        "https://github.com/vllm-project/vllm/issues/41902",
        completion({"role": "assistant", "content": None}),
        Expected("answer", "an empty answer, asked once and paid once", sent=4, answered=4, text=""),
        shown="always",
    ),
    Situation(
        "thought took all the tokens",
        "DeepSeek, vLLM, Gemini",
        "200 with a thought, no content and the finish reason length.",
        "https://github.com/vllm-project/vllm/issues/52640",
        completion({"role": "assistant", "content": None, "reasoning_content": "Let me see"},
                   "length"),
        Expected("answer", "an empty answer with a thought, asked once and paid once", sent=4,
                 answered=4, text=""),
        shown="always",
    ),
    Situation(
        "packed answer",
        "Cloudflare, nginx",
        "gzip of an answer.",
        "https://github.com/Anionex/agent-vision-toolkit/pull/36",
        Reply(text=TEXT, usage=(10, 5), model="m", packed=True),
        Expected("answer", "unpacked", sent=4, answered=4),
        shown="always",
    ),
    Situation(
        "JSON that is called a text",
        "proxies",
        "An answer with the content type text/plain.",
        "",
        Reply(text=TEXT, usage=(10, 5), model="m", content_type="text/plain"),
        Expected("answer", "read all the same", sent=4, answered=4),
        shown="always",
    ),
    Situation(
        "another model answers",
        "LM Studio",
        "The model asked for is ignored; the answer names the one that is loaded.",
        "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/619",
        answer(TEXT, usage=(10, 5), model="gemma-3-1b-it-qat:2"),
        Expected("answer", "answered; a note names the model", sent=4, answered=4,
                 note="gemma-3-1b-it-qat:2"),
        shown="always",
    ),
    Situation(
        "the key in an answer",
        "echo servers, gateways in debug mode",
        "The text of the answer repeats the key.",
        "https://github.com/maximhq/bifrost/issues/3954",
        answer(f"No. Reasoning: {KEY}", usage=(10, 5), model="m"),
        Expected("answer", "masked as `[key]`", sent=4, answered=4, text="No. Reasoning: [key]"),
        shown="always",
    ),
    Situation(
        "the key as the name of the model",
        "gateways in debug mode",
        "Model, fingerprint and finish reason repeat the key.",
        "https://github.com/maximhq/bifrost/issues/3954",
        completion({"role": "assistant", "content": TEXT}, f"{KEY}", model=f"m {KEY}",
                   system_fingerprint=f"{KEY}"),
        Expected("answer", "masked as `[key]`", sent=4, answered=4),
        shown="always",
    ),
    Situation(
        "a key in a header, a version in the query",
        "Azure OpenAI",
        "The key is expected as api-key, the version as ?api-version=.",
        "https://github.com/microsoft/semantic-kernel/issues/4802",
        REFUSED,
        Expected("answer", "sent as header.NAME and query.NAME say", sent=4, answered=4),
        shown="always",
        taken=lambda asked: bool(asked.headers.get("api-key"))
        and asked.query == "api-version=2024-10-21"
        and asked.path == "/openai/deployments/m/chat/completions",
        arguments=("header.api-key=SECOND_KEY", "query.api-version=2024-10-21"),
        path="/openai/deployments/m",
    ),
    Situation(
        "the key of a header in an answer",
        "echo servers, gateways in debug mode",
        "The text of the answer repeats what was sent as api-key.",
        "https://github.com/maximhq/bifrost/issues/3954",
        answer(f"No. Reasoning: {HEADER_KEY}", usage=(10, 5), model="m"),
        Expected("answer", "masked as `[key]`", sent=4, answered=4, text="No. Reasoning: [key]"),
        shown="always",
        arguments=("header.api-key=SECOND_KEY",),
    ),
    Situation(
        "thinking switched off",
        "vLLM, SGLang",
        "A parameter that only this server has.",
        "https://github.com/OpenWhispr/openwhispr/issues/844",
        REFUSED,
        Expected("answer", "sent as body.NAME says", sent=4, answered=4),
        shown="always",
        taken=lambda asked: asked.body.get("chat_template_kwargs") == {"enable_thinking": False}
        and asked.body.get("top_k") == 20,
        arguments=("body.chat_template_kwargs.enable_thinking=false", "body.top_k=20"),
    ),
    Situation(
        "content in parts",
        "Mistral, gateways before Anthropic",
        "The content is a list of texts.",
        "",
        completion({"role": "assistant", "content": [{"type": "text", "text": TEXT}]}),
        Expected("answer", "put together", sent=4, answered=4),
        shown="always",
        good=ANSWER,
    ),
)  # fmt: skip
