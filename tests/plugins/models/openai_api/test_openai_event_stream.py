"""Streams of events are put together to the answer that would have come at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from imhi.plugins.models.openai_api.event_stream import assemble, is_stream
from imhi.plugins.models.openai_api.failures import NoAnswer


def events(*deltas: dict[str, Any], finish: str | None = "stop", **last: Any) -> str:
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": one}]} for one in deltas]
    chunks.append({"choices": [{"delta": {}, "finish_reason": finish}], **last})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks)


def test_texts_and_thoughts_are_joined_apart() -> None:
    stream = events(
        {"role": "assistant", "content": None},
        {"reasoning_content": "Hm, "},
        {"reasoning_content": "lost sleep."},
        {"content": "Yes. "},
        {"content": "Reasoning: x"},
        model="m-1",
    )
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 9}}
    body = assemble(f"{stream}data: {json.dumps(usage)}\n\ndata: [DONE]\n\n")
    assert body["choices"][0]["finish_reason"] == "stop"
    message = body["choices"][0]["message"]
    assert message["content"] == "Yes. Reasoning: x"
    assert message["reasoning_content"] == "Hm, lost sleep."
    assert (body["model"], body["usage"]["completion_tokens"]) == ("m-1", 9)


def test_bare_completions_are_joined() -> None:
    chunks: list[Any] = [{"text": "Ye"}, {"text": "s.", "finish_reason": "length"}]
    stream = "".join(f"data: {json.dumps({'choices': [one]})}\r\n\r\n" for one in chunks)
    assert assemble(stream)["choices"] == [{"text": "Yes.", "finish_reason": "length"}]


def test_comments_names_and_lines_without_a_space_are_events_like_others() -> None:
    stream = ': still there\n\nevent: message\nid: 7\ndata:{"choices":\ndata:[{"text":"No."}]}\n\n'
    assert is_stream(stream)
    assert assemble(f"{stream}data: [DONE]")["choices"] == [{"text": "No."}]


@pytest.mark.parametrize(
    "stream",
    [
        'data: {"error": {"message": "no room", "code": 503}}\n\n',
        'event: error\ndata: {"error": {"message": "no room", "code": 503}}\n\n',
    ],
)
def test_an_error_within_a_stream_is_that_error(stream: str) -> None:
    assert assemble(events({"content": "Ye"}, finish=None) + stream)["error"]["code"] == 503


def test_a_plain_text_as_the_data_of_an_error_event_is_its_sentence() -> None:
    assert assemble("event: error\ndata: no room\n\n")["error"] == "no room"


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (events({"content": "Ye"}, finish=None), "passing"),
        (": only comments\n\n", "passing"),
        ("data: no JSON\n\n", "ill_formed"),
    ],
)
def test_a_stream_that_breaks_off_is_no_answer(stream: str, kind: str) -> None:
    with pytest.raises(NoAnswer) as raised:
        assemble(stream)
    assert raised.value.failure.kind == kind and raised.value.failure.billed
