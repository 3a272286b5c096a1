"""Requests that are refused for what they hold, or for how long they are."""

from __future__ import annotations

import json

from tests.faulty_server import Reply
from tests.plugins.models.openai_api.situations.situation import Expected, Situation, error

SET_ASIDE = "an answer that was filtered, no error; not asked again"
FAILS = "that row fails; not asked again"


def filtered() -> Expected:
    return Expected("content", SET_ASIDE, sent=4, answered=3, filtered=1)


def fails(kind: str, sentence: str) -> Expected:
    return Expected(kind, FAILS, sent=4, answered=3, failed=1, error=sentence)  # type: ignore[arg-type]


HELD_BACK = {"id": "x", "object": "chat.completion", "model": "m",
             "choices": [{"index": 0, "finish_reason": "content_filter",
                          "message": {"role": "assistant", "content": None}}],
             "usage": {"prompt_tokens": 10, "completion_tokens": 5}}  # fmt: skip

CONTENTS = (
    Situation(
        "prompt refused by a filter",
        "Azure OpenAI",
        "400 with code content_filter, and a param that names the prompt.",
        "https://github.com/compl-ai/compl-ai/issues/20",
        error(400, {"error": {"message": "the prompt met a policy", "type": None, "param": "prompt",
                              "code": "content_filter", "status": 400,
                              "innererror": {"code": "ResponsibleAIPolicyViolation",
                                             "content_filter_result": {
                                                 "self_harm": {"filtered": True,
                                                               "severity": "medium"}}}}}),
        filtered(),
        shown="row",
    ),
    Situation(
        "prompt refused behind a gateway",
        "LiteLLM before Azure",
        "400 whose code is \"400\": that it was the filter says a field of the provider.",
        "https://github.com/BerriAI/litellm/pull/16231",
        error(400, {"error": {"message": "a policy was met", "type": None, "param": None,
                              "code": "400", "provider_specific_fields": {
                                  "innererror": {"code": "ResponsibleAIPolicyViolation"}}}}),
        filtered(),
        shown="row",
    ),
    Situation(
        "answer held back",
        "Azure OpenAI, OpenAI",
        "200 with the finish reason content_filter and no content; it is paid for.",
        "https://github.com/microsoft/semantic-kernel/issues/5240",
        Reply(body=HELD_BACK),
        Expected("content", SET_ASIDE, sent=4, answered=3, filtered=1, paid=4),
        shown="row",
    ),
    Situation(
        "prompt refused by an inspection",
        "DashScope",
        "400 with code data_inspection_failed.",
        "https://github.com/QwenLM/qwen-code/issues/3145",
        error(400, {"error": {"code": "data_inspection_failed", "param": None,
                              "type": "data_inspection_failed",
                              "message": "an inspection found something"}, "request_id": "0"}),
        filtered(),
        shown="row",
    ),
    Situation(
        "prompt refused, told by the type",
        "Kimi",
        "400 with type content_filter and no code.",
        "https://platform.kimi.ai/docs/api/errors.md",
        error(400, {"error": {"type": "content_filter", "message": "too risky"}}),
        filtered(),
        shown="row",
    ),
    Situation(
        "prompt flagged, under 403",
        "OpenRouter",
        "403 whose metadata hold the reasons, and the flagged text itself.",
        "https://openrouter.ai/docs/api/reference/errors-and-debugging",
        error(403, {"error": {"code": 403, "message": "moderation wanted a word",
                              "metadata": {"reasons": ["self-harm"], "flagged_input": "...",
                                           "provider_name": "OpenAI", "model_slug": "m"}}}),
        filtered(),
        shown="row",
    ),
    Situation(
        "answer held back, in a word of its own",
        "Z.ai",
        "200 with the finish reason sensitive.",
        "https://github.com/genkit-ai/genkit/pull/6259",
        Reply(body={**HELD_BACK, "choices": [{"index": 0, "finish_reason": "sensitive",
                                              "message": {"role": "assistant", "content": ""}}]}),
        Expected("content", SET_ASIDE, sent=4, answered=3, filtered=1, paid=4),
        shown="row",
    ),
    Situation(
        "prompt too long",
        "OpenAI, OpenRouter",
        "400 with code context_length_exceeded and a param that names the messages.",
        "https://github.com/mckaywrigley/chatbot-ui/issues/102",
        error(400, {"error": {"message": "more tokens than fit", "type": "invalid_request_error",
                              "param": "messages", "code": "context_length_exceeded"}}),
        fails("too_long", "more tokens than fit"),
        shown="row",
    ),
    Situation(
        "prompt too long for the slot",
        "llama.cpp",
        "400 of type exceed_context_size_error, with both counts.",
        "https://github.com/ggml-org/llama.cpp/pull/15780",
        error(400, {"error": {"code": 400, "message": "the slot is too small",
                              "type": "exceed_context_size_error", "n_prompt_tokens": 1407,
                              "n_ctx": 256}}),
        fails("too_long", "the slot is too small"),
        shown="row",
    ),
    Situation(
        "prompt too long, under 200",
        "llama.cpp in a stream",
        "The body of a 200 is an error whose code is 400.",
        "https://github.com/oobabooga/textgen/issues/7257",
        error(200, {"error": {"code": 400, "message": "the slot is too small",
                              "type": "exceed_context_size_error", "n_prompt_tokens": 14429,
                              "n_ctx": 8192}}),
        fails("too_long", "the slot is too small"),
        shown="row",
    ),
    Situation(
        "prompt too long, in words only",
        "vLLM, SGLang",
        "400 with the flat error of vLLM, whose code is the status and whose param is null.",
        "https://github.com/vllm-project/vllm/issues/20409",
        error(400, {"object": "error", "message": "16384 tokens are the most, 19591 were asked",
                    "type": "BadRequestError", "param": None, "code": 400}),
        fails("request", "16384 tokens are the most"),
        shown="row",
    ),
    Situation(
        "input does not validate",
        "TGI",
        "422 whose error is a text, beside an error_type.",
        "https://github.com/huggingface/huggingface_hub/issues/2514",
        error(422, {"error": "inputs and new tokens must fit", "error_type": "validation"}),
        fails("request", "inputs and new tokens must fit"),
        shown="row",
    ),
    Situation(
        "input does not validate, under 200",
        "Hugging Face's Inference API",
        "The body of a 200 names the status in a field of its own, http_status_code.",
        "https://github.com/huggingface/huggingface_hub/issues/2763",
        error(200, {"error": {"message": "inputs and new tokens must fit",
                              "http_status_code": 422}}),
        fails("request", "inputs and new tokens must fit"),
        shown="row",
    ),
    Situation(
        "refused by the provider behind a gateway",
        "OpenRouter",
        "400 whose message is always the same; what the provider said is JSON within metadata.raw.",
        "https://github.com/open-webui/computer/issues/293",
        error(400, {"error": {"code": 400, "message": "the provider sent an error",
                              "metadata": {"provider_name": "P", "raw": json.dumps(
                                  {"error": {"message": "no more than one picture",
                                             "type": "invalid_request_error"}})}}}),
        fails("request", "no more than one picture"),
        shown="row",
    ),
    Situation(
        "window too small",
        "LM Studio",
        "400 whose error is a text.",
        "https://github.com/Gitlawb/openclaude/issues/353",
        error(400, {"error": "n_keep is larger than n_ctx"}),
        fails("request", "n_keep is larger than n_ctx"),
        shown="row",
    ),
    Situation(
        "one request beyond the minute's tokens",
        "Groq",
        "413 with the code of a rate limit: no pause makes it smaller.",
        "https://github.com/continuedev/continue/issues/10218",
        error(413, {"error": {"message": "one request, too many tokens", "type": "tokens",
                              "code": "rate_limit_exceeded"}}),
        fails("request", "one request, too many tokens"),
        shown="row",
    ),
    Situation(
        "generation failed",
        "TGI (424)",
        "A 4xx of no other kind.",
        "https://github.com/huggingface/text-generation-inference/blob/main/router/src/server.rs",
        error(424, {"error": "the generation broke off", "error_type": "generation"}),
        fails("request", "the generation broke off"),
        shown="row",
    ),
)  # fmt: skip
