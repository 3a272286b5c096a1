"""One row of a file -> what the model answered, with all that the row says of it.

Known are plain rows (columns), lm-eval's sample logs, outputs of OpenAI's, vLLM's and Anthropic's batches,
bare completions of such servers, and chat logs. Forms: https://platform.openai.com/docs/guides/batch,
https://docs.anthropic.com/en/docs/build-with-claude/batch-processing; lm-eval 0.4.13 as it writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imhi import DataError, finish_reasons, read_message
from imhi.plugins.importing.columns import Columns
from imhi.plugins.importing.reading.rows import FileRow

OK = 200
_ANSWERING = ("assistant", "gpt", "model", "bot")
_ASKING = ("user", "human", "system")


@dataclass(frozen=True)
class Parts:
    """What one row holds. ``id`` is empty where it names none, ``gold`` and ``prompt`` are None where it
    has none; ``error`` says why there is no answer."""

    text: str = ""
    id: str = ""
    dataset: str = ""
    gold: str | None = None
    prompt: str | None = None
    thought: str = ""
    finish_reason: str | None = None
    error: str | None = None
    position: int | None = None
    variant: str = ""


class Unusable(ValueError):
    """A row of a known form without an answer in it: ``found ..., expected ...; do ...``."""


def form_of(values: Mapping[str, Any]) -> str:
    """Return the form of a row by the fields it has; ``columns`` where it is none of the others."""
    if {"doc_id", "resps"} <= values.keys():
        return "lm-eval"
    if "custom_id" in values and ("response" in values or "result" in values or "error" in values):
        return "batch"
    if isinstance(values.get("choices"), list):
        return "completion"
    if any(_is_chat(values.get(name)) for name in ("messages", "conversations")):
        return "chat"
    return "columns"


def _is_chat(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def take_apart(row: FileRow, columns: Columns) -> Parts:
    """Return the parts of a row.

    Raises:
        DataError: the row has no answer and does not say why.
    """
    try:
        return _READERS[form_of(row.values)](row.values, columns)
    except Unusable as error:
        raise DataError(f"{row.where}: {error}") from None


# --- rows of columns -----------------------------------------------------------------------------


def _columns(values: Mapping[str, Any], columns: Columns) -> Parts:
    if not columns.text:
        raise Unusable(
            "found no column with the answers, expected generated_text or response; say which one it is "
            "with --column text=NAME"
        )
    parts = _answer(values.get(columns.text), columns)
    return replace(
        parts,
        id=_named(values, columns.id),
        dataset=_named(values, columns.dataset),
        gold=_gold(values, columns),
        thought=parts.thought or _text_or_empty(values.get(columns.thought)),
        finish_reason=parts.finish_reason or _finish({"finish_reason": values.get(columns.finish)}),
    )


def _answer(value: Any, columns: Columns) -> Parts:
    """Read an answer in whichever wrapping: a text, parts of content, a completion, a list of one."""
    if value is None:
        return Parts(error="the file has null in the place of the answer")
    if isinstance(value, str):
        return Parts(value)
    if isinstance(value, Mapping):
        if "choices" in value or "output" in value:
            return _completion(value, columns)
        if "content" in value:
            return _message(value, columns)
    if isinstance(value, list) and value and all(_is_part(part) for part in value):
        text, thought = _content(value)
        return Parts(text, thought=thought)
    if isinstance(value, list) and len(value) == 1:
        return _answer(value[0], columns)
    if isinstance(value, bool | int | float):
        return Parts(str(value).lower() if isinstance(value, bool) else str(value))
    what = f"{len(value)} answers" if isinstance(value, list) else f"a JSON {type(value).__name__}"
    raise Unusable(f"found {what}, expected one text; keep one answer a row")


# --- lm-eval -------------------------------------------------------------------------------------


def _lm_eval(values: Mapping[str, Any], _: Columns) -> Parts:
    answers = values["resps"]
    # One list for each request of the document, in it one answer for each repeat.
    first = answers[0] if isinstance(answers, list) and len(answers) == 1 else None
    if not (isinstance(first, list) and len(first) == 1 and isinstance(first[0], str)):
        raise Unusable(
            "found resps that are no single text (a multiple_choice task, or repeats), expected a log of "
            "a generate_until task with one answer to each document"
        )
    document = values.get("doc")
    document = document if isinstance(document, Mapping) else {}
    target = values.get("target")
    position = values["doc_id"]
    return Parts(
        first[0],
        id=_named(document, "id"),
        dataset=_named(document, "dataset"),
        gold=target if isinstance(target, str) else None,
        prompt=_lm_eval_prompt(values.get("arguments")),
        position=position if isinstance(position, int) else None,
        variant=str(values.get("filter", "")),
    )


def _lm_eval_prompt(arguments: Any) -> str | None:
    try:
        prompt = arguments["gen_args_0"]["arg_0"]
    except (KeyError, TypeError, IndexError):
        return None
    return prompt if isinstance(prompt, str) else None


# --- batches and completions ---------------------------------------------------------------------


def _batch(values: Mapping[str, Any], columns: Columns) -> Parts:
    id = str(values["custom_id"])
    response, result, error = (values.get(name) for name in ("response", "result", "error"))
    if isinstance(result, Mapping):  # Anthropic
        message = result.get("message")
        if result.get("type") == "succeeded" and isinstance(message, Mapping):
            parts = _message(message, columns)
            return replace(parts, id=id, finish_reason=_finish(message))
        return Parts(id=id, error=f"the batch says: {_reason(result) or result.get('type')}")
    if isinstance(response, str):
        return replace(_answer(response, columns), id=id)
    if not isinstance(response, Mapping):
        return Parts(id=id, error=f"the batch says: {_reason(error) or 'no response'}")
    status, body = response.get("status_code", OK), response.get("body", response)
    if status != OK:
        return Parts(
            id=id, error=f"the batch says: status {status}, {_reason(body) or 'no reason given'}"
        )
    if not isinstance(body, Mapping):
        raise Unusable(
            f"found a response with a body that is a {type(body).__name__}, expected an object"
        )
    return replace(_completion(body, columns), id=id)


def _reason(value: Any) -> str:
    """Return what an error object says, wherever it keeps it."""
    while isinstance(value, Mapping):
        value = value.get("message") or value.get("error") or value.get("code") or ""
    return " ".join(str(value or "").split())[:200]


def _completion(values: Mapping[str, Any], columns: Columns) -> Parts:
    """Read a chat completion, a bare completion, or an answer of the Responses interface."""
    choices = values.get("choices")
    if choices == []:  # what some servers send instead of an error
        return Parts(
            error=f"the answer has no choices: {_reason(values.get('error')) or 'no reason given'}",
            gold=_gold(values, columns),
        )
    if isinstance(choices, list):
        if len(choices) != 1 or not isinstance(choices[0], Mapping):
            raise Unusable(f"found {len(choices)} choices, expected one answer; keep one a row")
        choice = choices[0]
        message = choice.get("message")
        if isinstance(message, Mapping):
            parts = _message(message, columns)
        else:
            parts = _answer(choice.get("text"), columns)
        finish = parts.finish_reason or _finish(choice)
    elif isinstance(values.get("output"), list):
        parts = _responses_output(values["output"])
        finish = _responses_finish(values)
    else:
        raise Unusable(
            "found an answer without choices or output, expected a completion of a server"
        )
    return replace(parts, finish_reason=finish, gold=_gold(values, columns))


def _responses_output(items: Sequence[Any]) -> Parts:
    texts, thoughts = [], []
    for item in items:
        if not isinstance(item, Mapping):
            continue
        content = item.get("content") or item.get("summary") or []
        text, thought = _content(content)
        if item.get("type") == "reasoning":
            thoughts.append(text + thought)
        elif item.get("type", "message") == "message":
            texts.append(text)
            thoughts.append(thought)
    return Parts("".join(texts), thought="\n".join(filter(None, thoughts)))


def _responses_finish(values: Mapping[str, Any]) -> str | None:
    details = values.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, Mapping) else None
    ended = "stop" if values.get("status") == "completed" else None
    return finish_reasons.normalised(reason) or ended


# --- chats ---------------------------------------------------------------------------------------


def _chat(values: Mapping[str, Any], columns: Columns) -> Parts:
    turns = [
        turn
        for turn in values.get("messages") or values["conversations"]
        if isinstance(turn, Mapping)
    ]
    last = turns[-1] if turns else {}
    prompt = "\n".join(_content(_said(t))[0] for t in turns if _speaker(t) in _ASKING)
    if columns.text:  # the messages are what was asked, the answer stands beside them
        return replace(_columns(values, columns), prompt=prompt)
    if _speaker(last) not in _ANSWERING:
        raise Unusable(
            f"found messages that end with role '{_speaker(last)}', expected the assistant's answer as "
            "the last one, or in a column of its own (--column text=NAME)"
        )
    return replace(
        _message({**last, "content": _said(last)}, columns),
        id=_named(values, columns.id),
        dataset=_named(values, columns.dataset),
        gold=_gold(values, columns),
        prompt=prompt,
    )


def _speaker(turn: Mapping[str, Any]) -> str:
    return str(turn.get("role") or turn.get("from") or "").casefold()


def _said(turn: Mapping[str, Any]) -> Any:
    return turn["content"] if "content" in turn else turn.get("value")


def _message(message: Mapping[str, Any], columns: Columns) -> Parts:
    """Read the message of an assistant: its content, its thoughts, or its refusal."""
    _check_content(message.get("content"))
    said = read_message(message, columns.formats)
    return Parts(
        said.text or "",
        thought=said.thought,
        finish_reason=finish_reasons.FILTERED if said.refused else None,
    )


def _content(value: Any) -> tuple[str, str]:
    """Return text and thought of a message's content: a text, or a list of parts."""
    _check_content(value)
    said = read_message({"content": value}, ())
    return said.text or "", said.thought


def _check_content(value: Any) -> None:
    if not isinstance(value, str | list | None):
        raise Unusable(f"found content that is a {type(value).__name__}, expected a text or a list")


def _is_part(value: Any) -> bool:
    return isinstance(value, Mapping) and ("text" in value or "thinking" in value)


# --- values --------------------------------------------------------------------------------------


def _named(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name) if name else None
    return "" if value is None else str(value)


def _gold(values: Mapping[str, Any], columns: Columns) -> str | None:
    value = values.get(columns.gold) if columns.gold else None
    return None if value is None else str(value)


def _finish(values: Mapping[str, Any]) -> str | None:
    """Return why an answer ended; ``length`` where a limit cut it off."""
    return finish_reasons.normalised(values.get("finish_reason") or values.get("stop_reason"))


def _text_or_empty(value: Any) -> str:
    return value if isinstance(value, str) else ""


_READERS = {
    "lm-eval": _lm_eval,
    "batch": _batch,
    "completion": _completion,
    "chat": _chat,
    "columns": _columns,
}
