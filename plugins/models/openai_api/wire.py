"""The wire form: what is sent for a request, and how an answer is read."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imhi import Generation, Request, ThoughtFormat, finish_reasons, read_message
from imhi.plugins.models.openai_api.choosing import constraint

TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
DROPPABLE = ("seed", "temperature", "top_p", "stop", "response_format")

_REFUSES_PARAMETER = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|not permitted|not allowed|"
    r"extra_forbidden|extra (?:inputs|fields)|invalid parameter",
    re.IGNORECASE,
)
# Servers refuse a schema in many words, and not always by the parameter's name.
_REFUSES_SCHEMA = re.compile(
    r"response[_ ]format|json[_ ]schema|structured outputs?|guided decoding", re.IGNORECASE
)


_WITHOUT_TEXT = (finish_reasons.FILTERED, finish_reasons.LENGTH)

Payload = dict[str, object]
"""The body of one request, by parameter."""
ServerJson = Mapping[str, object]
"""What a server sent, not looked at yet."""


class IllFormed(Exception):
    """A body that is not the answer asked for; the text says what is wrong with it."""


@dataclass(frozen=True)
class Reply:
    """What one answer held. ``text`` is empty for refusals and filtered answers, whose
    ``finish_reason`` (:mod:`imhi.finish_reasons`) says so, and where a thought took all the tokens."""

    text: str
    finish_reason: str | None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    model: str | None = None
    fingerprint: str | None = None
    thought: str = ""
    thought_tokens: int | None = None

    def fields(self) -> dict[str, Any]:
        """Return what a response holds of it."""
        names = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "thought")
        return {name: getattr(self, name) for name in (*names, "thought_tokens")}


@dataclass
class Dialect:
    """Which parameters the server takes; learnt from its table entry and from what it refuses.

    ``changes`` counts what was learnt, so that a request refused for what is known by now is
    told from one that teaches something new.
    """

    token_limit: str = "max_tokens"
    dropped: set[str] = field(default_factory=set)
    changes: int = 0
    limit_switched: bool = False

    def learn(self, message: str, sent: Collection[str], parameter: str | None = None) -> str:
        """Adapt to a server that refuses a parameter (HTTP 400 or 422).

        Args:
            message: the server's whole error, in which a parameter stands in quotes.
            sent: the parameters of the refused request.
            parameter: the parameter, where the server names it in a field of its own.

        Returns:
            What was changed, or an empty text where the error is about something else.
        """
        parameter = self._refused(message, sent, parameter)
        if not parameter:
            return ""
        if parameter in TOKEN_LIMITS:
            if self.limit_switched:
                return ""  # Both names were refused: an answer must stay bounded.
            self.limit_switched = True
            self.token_limit = TOKEN_LIMITS[1 - TOKEN_LIMITS.index(parameter)]
            self.changes += 1
            return f"{parameter} is called {self.token_limit}"
        self.dropped.add(parameter)
        self.changes += 1
        return f"{parameter} is not taken and was left out"

    def _refused(self, message: str, sent: Collection[str], parameter: str | None) -> str:
        """Return which of the parameters sent the server refuses; empty where none is."""
        candidates = [name for name in (self.token_limit, *DROPPABLE) if name in sent]
        if _REFUSES_PARAMETER.search(message):
            if parameter in candidates:
                return str(parameter)
            quoted = {name: re.search(rf"['\"`]{name}['\"`]", message) for name in candidates}
            positions = [(match.start(), name) for name, match in quoted.items() if match]
            if positions:
                return min(positions)[1]
        refuses_schema = parameter == "response_format" or _REFUSES_SCHEMA.search(message)
        return "response_format" if "response_format" in candidates and refuses_schema else ""


def payload(
    request: Request,
    model: str,
    api: str,
    generation: Generation,
    seed: int,
    dialect: Dialect,
    choice_form: str = "",
) -> Payload:
    """Return the body to send. Greedy decoding is asked for in so many words (temperature 0); the
    answer is held to the request's choices in the form ``choice_form``, if there is one."""
    body: Payload = {"model": model}
    if api == "chat":
        system = request.system or generation.system
        messages = [{"role": "system", "content": system}] if system else []
        body["messages"] = [*messages, {"role": "user", "content": request.prompt}]
    else:
        body["prompt"] = request.prompt
    if generation.max_new_tokens is not None:
        body[dialect.token_limit] = generation.max_new_tokens
    body["temperature"] = generation.temperature
    # Sent whenever it counts: servers fill what is missing from the checkpoint's own defaults.
    if generation.top_p < 1 or generation.temperature > 0:
        body["top_p"] = generation.top_p
    if generation.stop:
        body["stop"] = list(generation.stop)
    body["seed"] = seed
    if api == "chat" and generation.answer_schema is not None:
        body["response_format"] = response_format(generation.answer_schema)
    body = {name: value for name, value in body.items() if name not in dialect.dropped}
    if choice_form:
        before = request.prompt if api == "completions" else ""
        body |= constraint(choice_form, request.choices, before=before)
    return body


def response_format(schema: ServerJson) -> Payload:
    """Return the parameter that holds an answer to a JSON schema (OpenAI, Structured Outputs)."""
    form = {"name": "answer", "schema": dict(schema), "strict": True}
    return {"type": "json_schema", "json_schema": form}


def schema_text(api: str, generation: Generation) -> str:
    """Return the schema as it is sent, since servers count it among the prompt's tokens; empty
    where none is sent."""
    if api != "chat" or generation.answer_schema is None:
        return ""
    return json.dumps(response_format(generation.answer_schema))


def read_reply(data: object, api: str, formats: Iterable[ThoughtFormat] = ()) -> Reply:
    """Read an answer out of parsed JSON, or out of a text that a server did not call JSON.

    Raises:
        IllFormed: not JSON, or not an answer: no choice, neither content nor refusal, wrong types,
            or a gateway's word that the model failed.
    """
    if isinstance(data, str):
        text = data
        try:
            data = json.loads(text)
        except ValueError:
            raise IllFormed(f"the answer is not JSON: {text[:80]!r}") from None
    if not isinstance(data, Mapping):
        raise IllFormed(f"the answer is a JSON {type(data).__name__}, expected an object")
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        if data.get("error"):
            raise IllFormed(f"the server sent an error as an answer: {data['error']}")
        what = "has no choice" if choices == [] else "has no list 'choices'"
        raise IllFormed(f"the answer {what} (fields: {', '.join(map(str, data)) or 'none'})")
    choice = choices[0]
    finish = _finish_reason(choice)
    thought = ""
    if api == "chat":
        content, thought, finish = _chat_text(choice, finish, formats)
    else:
        content = _bare_text(choice, finish)
    usage = data.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    return Reply(
        _encodable(content),
        finish,
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        _name(data.get("model")),
        _name(data.get("system_fingerprint")),
        _encodable(thought),
        _thought_tokens(usage),
    )


def _finish_reason(choice: ServerJson) -> str | None:
    """Return why the answer ended.

    Raises:
        IllFormed: the model failed, as a gateway says: that is no answer.
    """
    finish = finish_reasons.normalised(choice.get("finish_reason"))
    error = choice.get("error")
    if finish == finish_reasons.ERROR or error:
        what = error.get("message") if isinstance(error, Mapping) else error
        native = choice.get("native_finish_reason")
        told = what or native or choice.get("finish_reason")
        raise IllFormed(f"the server ended the answer with an error: {told}")
    # What the provider itself said, where a gateway makes "stop" of it.
    native = finish_reasons.normalised(choice.get("native_finish_reason"))
    return native if native == finish_reasons.FILTERED else finish


def _chat_text(
    choice: ServerJson, finish: str | None, formats: Iterable[ThoughtFormat]
) -> tuple[str, str, str | None]:
    """Return text, thought and finish reason."""
    message = choice.get("message")
    if not isinstance(message, Mapping):
        raise IllFormed("the answer's choice has no message")
    said = read_message(message, formats)
    if said.refused:
        return "", said.thought, finish_reasons.FILTERED
    if said.text is not None:
        return said.text, said.thought, finish
    content = message.get("content")
    # A filter may hold back everything; a thought, shown or hidden, may use up all the tokens.
    if (content is None and finish in _WITHOUT_TEXT) or said.thought:
        return "", said.thought, finish
    raise IllFormed(f"the answer's content is {_kind(content)}, expected a text")


def _bare_text(choice: ServerJson, finish: str | None) -> str:
    text = choice.get("text")
    if isinstance(text, str):
        return text
    if text is None and finish in _WITHOUT_TEXT:
        return ""
    raise IllFormed(f"the answer's text is {_kind(text)}, expected a text")


def _thought_tokens(usage: ServerJson) -> int | None:
    """Return the tokens of thoughts, shown or hidden; None where there are none, or none are told."""
    details = usage.get("completion_tokens_details")
    told = details.get("reasoning_tokens") if isinstance(details, Mapping) else None
    return _count(told) or _count(usage.get("reasoning_tokens")) or None


def _kind(value: object) -> str:
    return "missing or null" if value is None else f"a JSON {type(value).__name__}"


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _encodable(text: str) -> str:
    # JSON can spell half of a surrogate pair, which no file can hold.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
