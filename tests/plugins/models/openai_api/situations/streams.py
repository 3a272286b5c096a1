"""Streams of events: asked for, or sent though nobody asked."""

from __future__ import annotations

import json

from tests.event_streams import EVENT_STREAM, begun, event, stream_of
from tests.faulty_server import Reply
from tests.plugins.models.openai_api.situations.situation import (
    ANSWER,
    TEXT,
    Expected,
    Situation,
)


def streamed(body: bytes, action: str = "reply") -> Reply:
    return Reply(body=body, content_type=EVENT_STREAM, action=action)


STREAMED = ("stream=true",)
GOOD = streamed(stream_of(TEXT))
COMMENT = b": the provider is at work\n\n"
LOST = event({"error": {"code": 502, "message": "the provider was lost"},
              "choices": [{"index": 0, "delta": {"content": ""},
                           "finish_reason": "error"}]})  # fmt: skip
OLD_ERROR = b"error: " + json.dumps(
    {"code": 400, "message": "the slot is too small", "type": "exceed_context_size_error"}
).encode() + b"\n\n"  # fmt: skip

STREAMS = (
    Situation(
        "a stream that was asked for",
        "all; DashScope's thinking models only so",
        "Thought and answer come in pieces, the usage in an event without a choice.",
        "https://github.com/alibaba/spring-ai-alibaba/issues/867",
        streamed(stream_of(TEXT, thought="Nothing is said.")),
        Expected("answer", "put together", sent=4, answered=4,
                 last_body=lambda body: body["stream"] is True
                 and body["stream_options"] == {"include_usage": True}),
        shown="always",
        arguments=STREAMED,
    ),
    Situation(
        "a stream that nobody asked for",
        "Unsloth, sub2api",
        "text/event-stream although the request did not ask for it.",
        "https://github.com/unslothai/unsloth/issues/6570",
        GOOD,
        Expected("answer", "put together all the same", sent=4, answered=4,
                 last_body=lambda body: not body.get("stream")),
        shown="always",
    ),
    Situation(
        "comments between the events",
        "OpenRouter, DeepSeek (keep-alive)",
        "Lines that begin with a colon keep the connection alive.",
        "https://github.com/symfony/ai/pull/1068",
        streamed(stream_of(TEXT, between=COMMENT)),
        Expected("answer", "left out", sent=4, answered=4),
        shown="always",
        arguments=STREAMED,
    ),
    Situation(
        "usage inside the last choice",
        "Kimi",
        "The usage stands in the choice that ends the stream, and in no event of its own.",
        "https://github.com/earendil-works/pi/issues/2017",
        streamed(stream_of(TEXT, used=None, used_in_choice=(10, 5))),
        Expected("answer", "counted all the same", sent=4, answered=4),
        shown="always",
        arguments=STREAMED,
    ),
    Situation(
        "JSON though a stream was asked for",
        "small servers",
        "The parameter stream is not known and not refused.",
        "https://github.com/warpllm/warpllm/issues/26",
        ANSWER,
        Expected("answer", "read all the same", sent=4, answered=4),
        shown="always",
        arguments=STREAMED,
    ),
    Situation(
        "error inside a stream",
        "OpenRouter, vLLM",
        "After some of the answer an event with an error, whose code is a status.",
        "https://openrouter.ai/docs/api/reference/errors-and-debugging",
        streamed(begun("No. Reas") + LOST + b"data: [DONE]\n\n"),
        Expected("passing", "read as that status: asked again; the half is no answer", sent=5,
                 answered=4),
        good=GOOD,
        arguments=STREAMED,
    ),
    Situation(
        "error inside a stream, without a choice",
        "vLLM",
        "After some of the answer an event that holds an error and nothing else.",
        "https://github.com/vllm-project/vllm/issues/48707",
        streamed(begun("No. Reas") + event({"error": {"message": "the engine stumbled", "code": 500,
                                                      "type": "InternalServerError",
                                                      "param": None}}) + b"data: [DONE]\n\n"),
        Expected("passing", "read as that status: asked again; the half is no answer", sent=5,
                 answered=4),
        good=GOOD,
        arguments=STREAMED,
    ),
    Situation(
        "event of type error",
        "Anthropic, TGIS",
        "An event that is called error, in the form of the server's other errors.",
        "https://github.com/foundation-model-stack/fms-guardrails-orchestrator/issues/146",
        streamed(begun("No. Reas") + b"event: error\n" + event(
            {"type": "error", "error": {"type": "overloaded_error", "message": "too much to do"}})),
        Expected("passing", "read as what its code says: asked again", sent=5, answered=4),
        good=GOOD,
        arguments=STREAMED,
    ),
    Situation(
        "input does not validate, in a stream",
        "TGI",
        "200 and an event whose error is a text, beside an error_type.",
        "https://github.com/huggingface/text-generation-inference/issues/2749",
        streamed(event({"error": "inputs and new tokens must fit", "error_type": "validation"})),
        Expected("foreign", "that row fails; not asked again", sent=4, answered=3, failed=1,
                 error="inputs and new tokens must fit"),
        shown="row",
        good=GOOD,
        arguments=STREAMED,
    ),
    Situation(
        "error as a field of its own in a stream",
        "llama.cpp until September 2025",
        "A line that begins with error: where data: should be.",
        "https://github.com/ggml-org/llama.cpp/pull/16109",
        streamed(OLD_ERROR),
        Expected("too_long", "read as that error: the row fails, not asked again", sent=4, answered=3,
                 failed=1, error="the slot is too small"),
        shown="row",
        good=GOOD,
        arguments=STREAMED,
    ),
    Situation(
        "stream that ends too early",
        "gateways",
        "The body is complete, and holds neither a reason why the answer ended nor [DONE].",
        "https://github.com/vercel/ai/issues/19165",
        streamed(begun("No. Reas")),
        Expected("passing", "asked again; may have been charged", sent=5, answered=4, assumed=1),
        good=GOOD,
        arguments=STREAMED,
    ),
    Situation(
        "stream that breaks off",
        "any server",
        "The connection ends before a reason why the answer ended.",
        "https://github.com/earendil-works/pi/issues/8460",
        streamed(begun("No. Reas"), action="close"),
        Expected("passing", "asked again; may have been charged", sent=5, answered=4, assumed=1),
        good=GOOD,
        arguments=STREAMED,
    ),
    Situation(
        "stream that never ends",
        "LM Studio, vLLM under load",
        "Comments keep coming, one byte at a time.",
        "https://github.com/langgenius/dify/issues/21161",
        Reply(body=COMMENT * 200, content_type=EVENT_STREAM, pace=0.02),
        Expected("passing", "`timeout` counts from the request to the end; may have been charged",
                 sent=6, failed=2, error="0.4 s", assumed=6, seconds=2.4),
        shown="always",
        rows=2,
        arguments=("stream=true", "timeout=0.4"),
    ),
)  # fmt: skip
