"""What an assistant's chat message says: its text, and its thought where that stands apart from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imhi._core.extensions import ThoughtFormat

_DEEPEST = 20
_THOUGHT_PARTS = ("thinking", "reasoning", "thought")


@dataclass(frozen=True)
class Message:
    """``text`` is None where the message has none at all; ``refused``: it says that it is a refusal."""

    text: str | None
    thought: str = ""
    refused: bool = False


def read_message(message: Mapping[str, object], formats: Iterable[ThoughtFormat]) -> Message:
    """Read an assistant's message: ``content`` as a text or as a list of parts (Mistral's and
    Anthropic's thinking parts, Gemini's with ``thought: true``), ``refusal``, and the ``fields`` of the
    formats, the first that holds something."""
    content, refusal = message.get("content"), message.get("refusal")
    text, thoughts, refused = _of_content(content)
    fields = dict.fromkeys(name for format in formats for name in format.fields)
    field = next((said for name in fields if (said := _plain(message.get(name)).strip())), "")
    thought = "\n\n".join(filter(None, (field, *thoughts)))
    refused = refused or (isinstance(refusal, str) and bool(refusal) and not text)
    return Message(text, thought, refused)


def _of_content(content: object) -> tuple[str | None, list[str], bool]:
    """Return text, thoughts and whether there is a refusal among the parts."""
    if isinstance(content, str):
        return content, [], False
    if not isinstance(content, list):
        return None, [], False
    texts, thoughts, refused = [], [], False
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        if not isinstance(part, Mapping):
            continue
        kind = part.get("type")
        if kind in _THOUGHT_PARTS or part.get("thought") is True:
            thoughts.append(_plain(part).strip())
        elif kind == "refusal":
            refused = True
        elif isinstance(part.get("text"), str):
            texts.append(str(part["text"]))
    return "".join(texts) if texts else None, thoughts, refused and not texts


def _plain(value: object, depth: int = 0) -> str:
    """Return the text in a field or part, however deep it lies (to 20 levels)."""
    if isinstance(value, str):
        return value
    if depth > _DEEPEST:
        return ""
    if isinstance(value, list):
        return "".join(_plain(one, depth + 1) for one in value)
    if isinstance(value, Mapping):
        inner = (value.get(name) for name in (*_THOUGHT_PARTS, "text", "summary", "content"))
        return next((text for one in inner if (text := _plain(one, depth + 1))), "")
    return ""
