"""200 with something that is no answer: pages, other JSON, errors, broken or endless bodies."""

from __future__ import annotations

from tests.faulty_server import Reply, garbled
from tests.plugins.models.openai_api.situations.situation import Expected, Situation, error, page

HINT = "not asked again; stops after 3 rows in a row, with a hint at `/v1`"


def stops() -> Expected:
    return Expected("foreign", HINT, sent=3, failed=3, stops="/v1")


def half(finish_reason: str) -> Reply:
    """Half an answer, with tokens that are paid for."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"content": "No. Reas"}}
    used = {"prompt_tokens": 10, "completion_tokens": 5}
    return error(200, {"id": "x", "model": "m", "choices": [choice], "usage": used})


FOREIGN = (
    Situation(
        "base_url without /v1",
        "LM Studio",
        "200 with an error that is a text, at every address it does not know.",
        "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/618",
        error(200, {"error": "no such endpoint: POST /chat/completions"}),
        stops(),
        shown="always",
        rows=8,
        path="",
    ),
    Situation(
        "front page",
        "new-api, Open WebUI",
        "200 with the page of a web interface.",
        "https://github.com/neavo/LinguaGacha/issues/137",
        page(200, "Sign in"),
        stops(),
        shown="always",
        rows=8,
        path="",
    ),
    Situation(
        "other JSON",
        "health checks, other interfaces",
        "200 with JSON that has neither choices nor an error.",
        "",
        error(200, {"status": "ok", "version": "1"}),
        stops(),
        shown="always",
        rows=8,
    ),
    Situation(
        "other JSON on the way",
        "gateways",
        "200 with JSON that is no answer, to one row.",
        "https://github.com/langgenius/dify/issues/9249",
        error(200, {"result": "fine"}),
        Expected("foreign", "that row fails; not asked again", sent=4, answered=3, failed=1),
        shown="row",
    ),
    Situation(
        "error under 200",
        "OpenRouter",
        "200 with an error whose code is the status of the provider: 502.",
        "https://openrouter.ai/docs/api/reference/errors-and-debugging",
        error(200, {"error": {"code": 502, "message": "the provider sent an error",
                              "metadata": {"provider_name": "P", "raw": "..."}}, "user_id": "u"}),
        Expected("passing", "read as that status: asked again", sent=5, answered=4),
    ),
    Situation(
        "no credit, under 200",
        "OpenRouter",
        "200 with an error whose code is 402.",
        "https://openrouter.ai/docs/api/reference/errors-and-debugging",
        error(200, {"error": {"code": 402, "message": "no credits are left"}}),
        Expected("quota", "read as that status: stops at once", sent=1,
                 stops="no credits are left"),
        shown="always",
    ),
    Situation(
        "known code under 200",
        "gateways",
        "200 with an error whose code is insufficient_quota.",
        "https://github.com/apache/rocketmq-dashboard/issues/2178",
        error(200, {"error": {"code": "insufficient_quota", "message": "the purse is empty"}}),
        Expected("quota", "read as that code: stops at once", sent=1, stops="the purse is empty"),
        shown="always",
    ),
    Situation(
        "error inside a choice",
        "OpenRouter",
        "200 with finish_reason error and an error beside the half of an answer.",
        "https://github.com/genkit-ai/genkit/pull/6259",
        error(200, {"id": "x", "model": "m", "choices": [
            {"index": 0, "finish_reason": "error", "message": {"content": "No. Reas"},
             "error": {"code": 502, "message": "the provider was lost"}}]}),
        Expected("passing", "no answer: asked again", sent=5, answered=4),
    ),
    Situation(
        "broken JSON",
        "gateways",
        "200 with the first half of an answer, and no more was promised.",
        "https://github.com/deepseek-ai/DeepSeek-V3/issues/599",
        garbled(),
        Expected("ill_formed", "asked again twice at most, then the row fails", sent=6, failed=2,
                 error="JSON", assumed=6),
        shown="always",
        rows=2,
        arguments=("retries=6",),
    ),
    Situation(
        "nothing but blank lines",
        "DeepSeek",
        "200 with blank lines that kept the connection alive, and no answer after them.",
        "https://github.com/bespokelabsai/curator/pull/463",
        Reply(body=b"\n\n\n\n"),
        Expected("ill_formed", "asked again, twice at most", sent=5, answered=4, assumed=1),
    ),
    Situation(
        "body without end",
        "a broken server",
        "200 with far more bytes than any answer has.",
        "",
        Reply(body=b'{"choices": [{"message": {"content": "' + b"a" * 1_000_000 + b'"}}]}'),
        Expected("too_large", "read up to `max_bytes`; that row fails, not asked again", sent=4,
                 answered=3, failed=1, error="max_bytes"),
        shown="row",
        arguments=("max_bytes=200000",),
    ),
    Situation(
        "packed body without end",
        "a broken server",
        "gzip of a few kilobytes that unpacks to megabytes.",
        "https://github.com/ogx-ai/ogx/pull/4494",
        Reply(body=b'{"choices": "' + b"a" * 3_000_000 + b'"}', packed=True),
        Expected("too_large", "unpacked up to `max_bytes`; that row fails, not asked again", sent=4,
                 answered=3, failed=1, error="max_bytes"),
        shown="row",
        arguments=("max_bytes=200000",),
    ),
    Situation(
        "no choice",
        "LiteLLM before Gemini",
        "200 with an empty list of choices: the thought took all the tokens.",
        "https://github.com/BerriAI/litellm/issues/36881",
        error(200, {"id": "x", "object": "chat.completion", "model": "m", "choices": []}),
        Expected("ill_formed", "asked again, twice at most", sent=5, answered=4),
    ),
    Situation(
        "broken off for want of resources",
        "DeepSeek",
        "200 with the half of an answer and the finish reason insufficient_system_resource.",
        "https://github.com/genkit-ai/genkit/pull/6259",
        half("insufficient_system_resource"),
        Expected("passing", "no answer: asked again", sent=5, answered=4, paid=5),
    ),
    Situation(
        "broken off by the network",
        "Z.ai",
        "200 with the half of an answer and the finish reason network_error.",
        "https://github.com/genkit-ai/genkit/pull/6259",
        half("network_error"),
        Expected("passing", "no answer: asked again", sent=5, answered=4, paid=5),
    ),
    Situation(
        "broken off by the server",
        "SGLang, vLLM, Z.ai",
        "200 with the half of an answer and the finish reason abort.",
        "https://github.com/earendil-works/pi/issues/1750",
        half("abort"),
        Expected("passing", "no answer: asked again", sent=5, answered=4, paid=5),
    ),
)  # fmt: skip
