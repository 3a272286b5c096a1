"""How answers are read: what came with status 200 becomes a :class:`Reply`, or no answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imhi import ThoughtFormat, finish_reasons, read_message
from imhi.plugins.models.openai_api.event_stream import assemble, is_stream
from imhi.plugins.models.openai_api.failures import Failure, NoAnswer
from imhi.plugins.models.openai_api.server_errors import error_under_success, read_error
from imhi.plugins.models.openai_api.wire import ServerJson

_MOST_TOKENS = 10**9
_REASON = re.compile(r"[\w .:/-]{1,40}")
_WITHOUT_TEXT = (finish_reasons.FILTERED, finish_reasons.LENGTH)


@dataclass(frozen=True)
class Reply:
    """What one answer held. ``text`` is empty for refusals and filtered answers, whose
    ``finish_reason`` (:mod:`imhi.finish_reasons`) says so, and where a thought took all the tokens.
    ``completion_tokens`` as the server counts them; ``paid_tokens`` with those of thoughts that it
    counts elsewhere."""

    text: str
    finish_reason: str | None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    paid_tokens: int | None = None
    model: str | None = None
    fingerprint: str | None = None
    thought: str = ""
    thought_tokens: int | None = None

    def fields(self) -> dict[str, Any]:
        """Return what a response holds of it."""
        names = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "thought")
        return {name: getattr(self, name) for name in (*names, "thought_tokens")}


def read_reply(
    data: object,
    api: str,
    formats: Iterable[ThoughtFormat] = (),
    failed: Callable[[object], Failure] = error_under_success,
) -> Reply:
    """Read an answer out of what came with status 200: parsed JSON, a text, or a stream of events.

    Args:
        failed: reads a body that holds an error.

    Raises:
        NoAnswer: an error under the wrong status, a gateway's word that the model failed, or no
            answer of this interface.
    """
    if isinstance(data, str):
        data = _of_text(data)
    if isinstance(data, list) and any(
        isinstance(one, Mapping) and one.get("error") for one in data
    ):
        raise NoAnswer(failed(data))
    if not isinstance(data, Mapping):
        raise _foreign(f"the answer is a JSON {type(data).__name__}, expected an object")
    usage = data.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    used = _tokens(usage)
    if data.get("error"):  # beside a choice too: what a stream held before it broke is no answer
        raise NoAnswer(failed(data), used)
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        if choices == []:
            raise NoAnswer(Failure("ill_formed", "the answer has no choice"), used)
        fields = ", ".join(str(name)[:40] for name in list(data)[:8]) or "none"
        raise _foreign(f"the answer has no list 'choices' (fields: {fields})")
    choice = choices[0]
    try:
        finish = _finish_reason(choice, failed)
        thought = ""
        if api == "chat":
            content, thought, finish = _chat_text(choice, finish, formats, used)
        else:
            content = _bare_text(choice, finish)
    except NoAnswer as error:
        raise NoAnswer(error.failure, used) from None
    prompt_tokens, completion_tokens = (
        count(usage.get(name)) for name in ("prompt_tokens", "completion_tokens")
    )
    return Reply(
        readable(content),
        finish,
        prompt_tokens,
        completion_tokens,
        used[1] if used else None,
        _name(data.get("model")),
        _name(data.get("system_fingerprint")),
        readable(thought),
        _thought_tokens(usage, used, completion_tokens),
    )


def cut_at_stop(reply: Reply, stop: Sequence[str]) -> Reply:
    """Return an answer that ends before the first stop text, which some servers leave in."""
    ends = [end for text in stop if (end := reply.text.find(text)) >= 0]
    if not ends:
        return reply
    return replace(reply, text=reply.text[: min(ends)], finish_reason=finish_reasons.STOP)


def _of_text(text: str) -> object:
    if is_stream(text):
        return assemble(text)
    # Text that was parsed already, and is none.
    if text.lstrip()[:1] in ("{", "["):
        failure = Failure("ill_formed", "the answer is not JSON, though it begins so", billed=True)
        raise NoAnswer(failure)
    if not text.strip():
        raise NoAnswer(Failure("ill_formed", "the answer is empty", billed=True))
    said = read_error(400, {}, text).message.removeprefix("HTTP 400: ")
    raise _foreign(f"the answer is not JSON: {said[:120]}")


def _foreign(what: str) -> NoAnswer:
    return NoAnswer(Failure("foreign", what))


def _tokens(usage: ServerJson) -> tuple[int, int] | None:
    """Return prompt tokens and all others, as far as the server tells both: thoughts are paid for,
    and some count them in the total alone (Gemini, xAI)."""
    prompt, completion = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    if prompt is None or completion is None:
        return None
    return prompt, max(completion, (count(usage.get("total_tokens")) or 0) - prompt)


def _finish_reason(choice: ServerJson, failed: Callable[[object], Failure]) -> str | None:
    """Return why the answer ended.

    Raises:
        NoAnswer: the model failed, as a gateway says: that is no answer.
    """
    finish = finish_reasons.normalised(choice.get("finish_reason"))
    error = choice.get("error")
    if finish == finish_reasons.ERROR or error:
        native = choice.get("native_finish_reason")
        told = error or native or choice.get("finish_reason")
        failure = failed({"error": told})
        text = f"the server ended the answer with an error: {failure.message}"
        # A model that broke off may well not do so the next time.
        kind = "passing" if failure.kind in ("foreign", "request") else failure.kind
        raise NoAnswer(Failure(kind, text, failure.wait))
    # What the provider itself said, where a gateway makes "stop" of it.
    native = finish_reasons.normalised(choice.get("native_finish_reason"))
    if native == finish_reasons.FILTERED:
        return native
    return finish if finish is None or _REASON.fullmatch(finish) else "(what is no reason)"


def _chat_text(
    choice: ServerJson,
    finish: str | None,
    formats: Iterable[ThoughtFormat],
    used: tuple[int, int] | None,
) -> tuple[str, str, str | None]:
    """Return text, thought and finish reason."""
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise _foreign("the answer's choice has no message")
    said = read_message(message, formats)
    if said.refused:
        return "", said.thought, finish_reasons.FILTERED
    if said.text is not None:
        return said.text, said.thought, finish
    content = message.get("content")
    # A filter may hold back everything; a thought, shown or hidden, may use up all the tokens.
    if content is None and (finish in _WITHOUT_TEXT or said.thought or (used and used[1])):
        return "", said.thought, finish
    if content is None:
        text = "the answer's content is missing or null, and no tokens were used for it"
        raise NoAnswer(Failure("ill_formed", text))
    raise _foreign(f"the answer's content is {_kind(content)}, expected a text")


def _bare_text(choice: ServerJson, finish: str | None) -> str:
    text = choice.get("text")
    if isinstance(text, str):
        return text
    if text is None and finish in _WITHOUT_TEXT:
        return ""
    raise _foreign(f"the answer's text is {_kind(text)}, expected a text")


def _thought_tokens(
    usage: ServerJson, used: tuple[int, int] | None, completion_tokens: int | None
) -> int | None:
    """Return the tokens of thoughts, shown or hidden; None where there are none, or none are told."""
    details = usage.get("completion_tokens_details")
    told = details.get("reasoning_tokens") if isinstance(details, Mapping) else None
    beside = used[1] - (completion_tokens or 0) if used else 0
    return count(told) or count(usage.get("reasoning_tokens")) or beside or None


def _kind(value: object) -> str:
    return "missing or null" if value is None else f"a JSON {type(value).__name__}"


def count(value: object) -> int | None:
    """Return a number of tokens; None for what is none, or more than any answer has."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return value if number and 0 <= value <= _MOST_TOKENS else None  # type: ignore[operator,return-value]


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def readable(text: str) -> str:
    """Return a text that can be written to a file: JSON can spell half of a surrogate pair."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
