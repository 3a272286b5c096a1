"""Parameters a server does not take: named in a field, which teaches, or in words, which does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.faulty_server import Asked
from tests.plugins.models.openai_api.situations.situation import Expected, Situation, error

ONCE = "left out from then on"
FORBIDDEN = {"type": "extra_forbidden", "msg": "not a field of this server"}


def without(name: str) -> Callable[[Asked], bool]:
    """Requests that do not have the parameter."""
    return lambda asked: name not in asked.body


def openai(message: str, param: str | None, code: str | None) -> dict[str, Any]:
    """An error as OpenAI writes it."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": param,
                      "code": code}}  # fmt: skip


def violations(*fields: dict[str, str]) -> list[dict[str, Any]]:
    """Gemini's BadRequest, in the list its OpenAI interface puts around errors."""
    detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [*fields]}
    return [{"error": {"code": 400, "message": "the request has a field too many",
                       "status": "INVALID_ARGUMENT", "details": [detail]}}]  # fmt: skip


def roles(body: Any) -> list[str]:
    return [message["role"] for message in body["messages"]]


PARAMETERS = (
    Situation(
        "max_tokens is called max_completion_tokens",
        "OpenAI (o-series, GPT-5)",
        "400 with param max_tokens and code unsupported_parameter.",
        "https://github.com/CherryHQ/cherry-studio/issues/1403",
        error(400, openai("that name is no longer taken", "max_tokens", "unsupported_parameter")),
        Expected("parameter", "renamed from then on", sent=5, answered=4, note="max_completion_tokens",
                 last_body=lambda body: body["max_completion_tokens"] == 32),
        shown="always",
        taken=without("max_tokens"),
    ),
    Situation(
        "only one temperature",
        "OpenAI (o-series, GPT-5)",
        "400 with param temperature and code unsupported_value.",
        "https://github.com/johny-b/llmcomp/issues/69",
        error(400, openai("only the default is taken", "temperature", "unsupported_value")),
        Expected("parameter", ONCE, sent=5, answered=4, note="temperature"),
        shown="always",
        taken=without("temperature"),
    ),
    Situation(
        "unknown field, named in `field`",
        "Google APIs",
        "400 with BadRequest and a violation that has a field.",
        "https://github.com/MinLL/SkyrimNet-GamePlugin/issues/77",
        error(400, violations({"field": "seed", "description": "there is no such field"})),
        Expected("parameter", ONCE, sent=5, answered=4, note="seed"),
        shown="always",
        taken=without("seed"),
    ),
    Situation(
        "unknown field, named in the description of a violation",
        "Gemini",
        "400 with a violation that has no field: its description quotes the name.",
        "https://github.com/Vali-98/ChatterUI/issues/227",
        error(400, violations({"description": 'Unknown name "seed": Cannot find field.'})),
        Expected("parameter", ONCE, sent=5, answered=4, note="seed"),
        shown="always",
        taken=without("seed"),
    ),
    Situation(
        "extra_forbidden in a message that is an object",
        "Mistral",
        "422 whose message holds a list of details with locations.",
        "https://github.com/editor-code-assistant/eca/issues/231",
        error(422, {"object": "error", "type": "invalid_request_error", "param": None, "code": None,
                    "message": {"detail": [FORBIDDEN | {"loc": ["body", "seed"], "input": 0}]}}),
        Expected("parameter", ONCE, sent=5, answered=4, note="seed"),
        shown="always",
        taken=without("seed"),
    ),
    Situation(
        "extra_forbidden in FastAPI's detail",
        "servers made with FastAPI",
        "422 whose detail has locations, and repeats the whole input.",
        "https://github.com/skypilot-org/skypilot/pull/9701",
        error(422, {"detail": [FORBIDDEN | {"loc": ["body", "seed"], "input": 0}]}),
        Expected("parameter", ONCE, sent=5, answered=4, note="seed"),
        shown="always",
        taken=without("seed"),
    ),
    Situation(
        "no role system",
        "OpenAI (o1-mini)",
        "400 with param messages[0].role.",
        "https://github.com/CherryHQ/cherry-studio/issues/1403",
        error(400, openai("that role is not for this model", "messages[0].role",
                          "unsupported_value")),
        Expected("parameter", "the system prompt goes before the user's message from then on", sent=5,
                 answered=4, note="system",
                 last_body=lambda body: roles(body) == ["user"]
                 and "You judge posts." in body["messages"][0]["content"]),
        shown="always",
        taken=lambda asked: "system" not in roles(asked.body),
        system="You judge posts.",
    ),
    Situation(
        "stream_options refused",
        "Mistral",
        "422 about stream_options, with stream=true.",
        "https://github.com/dnakov/anon-kode/issues/53",
        error(422, {"object": "error", "type": "invalid_request_error", "param": None, "code": None,
                    "message": {"detail": [FORBIDDEN | {
                        "loc": ["body", "stream_options", "include_usage"], "input": True}]}}),
        Expected("parameter", ONCE, sent=5, answered=4, note="stream_options"),
        shown="always",
        taken=without("stream_options"),
        arguments=("stream=true",),
    ),
    Situation(
        "left out by the user",
        "any server",
        "body.seed=null keeps the seed from being sent at all.",
        "https://github.com/Vali-98/ChatterUI/issues/227",
        error(400, openai("no seeds here", "seed", "unsupported_parameter")),
        Expected("answer", "nothing is refused", sent=4, answered=4),
        shown="always",
        taken=without("seed"),
        arguments=("body.seed=null",),
    ),
    Situation(
        "a parameter named in words only",
        "vLLM, Groq",
        "400 whose sentence speaks of the seed and whose param is null.",
        "https://github.com/fanenr/chatbot/issues/21",
        error(400, openai("'seed' is not supported here", None, None)),
        Expected("parameter", "nothing is learnt from it: the row fails with the server's sentence",
                 sent=4, failed=4, error="'seed' is not supported here"),
        shown="always",
        taken=without("seed"),
    ),
    Situation(
        "a parameter that cannot be left out",
        "OpenAI",
        "400 with param messages.",
        "https://github.com/vllm-project/vllm/pull/46038",
        error(400, openai("a message has the wrong form", "messages", "invalid_value")),
        Expected("parameter", "the row fails with the server's sentence", sent=4, answered=3, failed=1,
                 error="a message has the wrong form"),
        shown="row",
    ),
    Situation(
        "the same refusal to everyone",
        "DashScope (enable_thinking)",
        "400 with the same sentence for every row: the model thinks, and only streams then.",
        "https://github.com/alibaba/spring-ai-alibaba/issues/867",
        error(400, openai("thinking wants a stream", None, "invalid_parameter_error")),
        Expected("request", "stops after the first 10 rows, with the sentence", sent=10, failed=10,
                 error="thinking wants a stream", stops="thinking wants a stream"),
        shown="always",
        rows=14,
    ),
    Situation(
        "no role system, in words only",
        "vLLM (Gemma)",
        "400 with the sentence of a chat template and no param, for every row.",
        "https://github.com/vllm-project/vllm/pull/2964",
        error(400, {"object": "error", "message": "the template has no such role", "param": None,
                    "type": "BadRequestError", "code": 400}),
        Expected("request", "stops after the first 10 rows, with the sentence", sent=10, failed=10,
                 error="the template has no such role", stops="the template has no such role"),
        shown="always",
        rows=14,
        system="You judge posts.",
    ),
)  # fmt: skip
