"""What must not be written down is taken out of what servers send: keys, and of posts every stretch
that could be known again."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

MESSAGE_LENGTH = 300
KEY, POST = "[key]", "[post]"

# So many characters of a key in a row are a part of it; shorter keys are looked for as they are.
_KEY_PART = 12
# Shorter ones (``none``, ``x``, ``EMPTY``) are no secrets, and stand in answers by chance.
_SHORTEST_SECRET = 8
# Every part of a key holds a piece of this length that begins at a multiple of it.
_PIECE = _KEY_PART // 2

# So many characters of a prompt in a row are a quotation, so many of a word with a digit in it a name.
_QUOTED = 12
_WORD = re.compile(r"[\w@./:#-]{5,}")
_READ = 1200
"""Characters of a message that are looked at; what is written is shorter."""

# What keys look like in general; servers quote them in their messages, in part or in full.
_KEY_LIKE = re.compile(r"\bsk-[\w*.-]{4,}|\bAIza[\w*-]{4,}|(?i:bearer)\s+[^\s'\",;]{4,}")
_ESCAPE = re.compile(r'\\+(?:u([0-9a-fA-F]{4})|([nrtbf"/]))')
_WHITE = {"n": " ", "r": " ", "t": " ", "b": " ", "f": " "}

T = TypeVar("T")


class Mask:
    """Takes keys out of answers, and keys and posts out of messages.

    Args:
        keys: the secrets that are sent; those of fewer than 8 characters are none.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = sorted((key for key in set(keys) if key), key=len, reverse=True)
        forms = [form for key in self._keys if len(key) >= _SHORTEST_SECRET for form in _forms(key)]
        self._whole = [form for form in forms if len(form) < _KEY_PART]
        self._parts = {part for form in forms for part in _windows(form, _KEY_PART)}
        self._pieces = {piece for part in self._parts for piece in _windows(part, _PIECE)}

    def __repr__(self) -> str:
        return "Mask(...)"

    def answer(self, text: str) -> str:
        """Return a text without the keys: whole, in parts of 12 characters, reversed, in base64."""
        for key in self._whole:
            text = text.replace(key, KEY)
        pieces = self._pieces
        if not pieces or not any(
            text[at : at + _PIECE] in pieces for at in range(0, len(text), _PIECE)
        ):
            return text
        at = [i for i in range(len(text) - _KEY_PART + 1) if text[i : i + _KEY_PART] in self._parts]
        return _without(text, [(i, i + _KEY_PART) for i in at], KEY)

    def within(self, value: T) -> T:
        """Return parsed JSON without the keys in its texts."""
        if isinstance(value, str):
            return self.answer(value)  # type: ignore[return-value]
        if isinstance(value, list):
            return [self.within(one) for one in value]  # type: ignore[return-value]
        if isinstance(value, dict):
            return {self.within(k): self.within(v) for k, v in value.items()}  # type: ignore[return-value]
        return value

    def message(self, text: str, *prompts: str, others: Iterable[str] = ()) -> str:
        """Return a message fit to be written: one line, at most 300 characters, without the keys,
        and without what it repeats of the prompts that were sent.

        Args:
            others: posts that the server was asked of at about the same time, or in the same batch; longer
                stretches of them are looked for, in case it mixes them up.
        """
        line = " ".join(_unescaped(text[: 2 * _READ]).split())[:_READ]
        for key in self._keys:
            line = line.replace(key, KEY)
        line = _KEY_LIKE.sub(KEY, self.answer(line))
        for prompt in prompts:
            line = _without_quotations(line, prompt)
            for form in _disguises(prompt):
                line = _without_stretches(line, form)
        for other in _mixed_up(line, others):
            line = _without_quotations(line, other)
        return line if len(line) <= MESSAGE_LENGTH else line[: MESSAGE_LENGTH - 3] + "..."


def _forms(key: str) -> Iterator[str]:
    """Yield a key as it is, reversed, and what it looks like within base64, which depends on how many
    bytes stand before it."""
    yield key
    yield key[::-1]
    for before in range(3):
        # What the neighbours have a share in is left out.
        told = base64.b64encode(b"\0" * before + key.encode()).decode().rstrip("=")
        skipped = -(-8 * before // 6)
        inner = told[skipped : (len(key) + before) * 8 // 6]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


def _lower(text: str) -> str:
    """Return a text in lower case, letter by letter: few are longer then, and stay as they are."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


def _mixed_up(line: str, others: Iterable[str]) -> list[str]:
    """Return those of some texts of which a line repeats 24 characters or more: so long a stretch holds
    one of 12 that begins at a multiple of 12."""
    low = _lower(line)
    parts = [low[at : at + _QUOTED] for at in range(0, len(low) - _QUOTED + 1, _QUOTED)]
    plain = (_lower(" ".join(other.split())) for other in others)
    return [text for text in plain if any(part in text for part in parts)]


def _disguises(prompt: str) -> Iterator[str]:
    """Yield a prompt reversed, and as base64 of its bytes at any offset."""
    yield prompt[::-1]
    for before in range(3):
        yield base64.b64encode(b" " * before + prompt.encode(errors="replace")).decode()


def _without_stretches(line: str, sent: str) -> str:
    """Return a line without the stretches of 12 characters and more that stand in another text."""
    found = (at for at in range(len(line) - _QUOTED + 1) if line[at : at + _QUOTED] in sent)
    return _without(line, [(at, at + _QUOTED) for at in found], POST)


def _windows(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(len(text) - size + 1))


def _without(text: str, spans: list[tuple[int, int]], name: str) -> str:
    """Return a text with its spans (ordered by where they begin, may overlap) replaced by a name."""
    parts: list[str] = []
    end = 0
    for start, stop in spans:
        if start > end or not parts:
            parts += [text[end:start], name]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _unescaped(text: str) -> str:
    """Return a text as it was before it was put into JSON, however often."""

    def plain(match: re.Match[str]) -> str:
        code, letter = match.groups()
        return chr(int(code, 16)) if code else _WHITE.get(letter, letter)

    return _ESCAPE.sub(plain, text) if "\\" in text else text


def _without_quotations(line: str, prompt: str) -> str:
    """Return a line without the stretches of 12 characters and more, and the names and numbers, that
    stand in a prompt too; capitals do not matter."""
    low, sent = _lower(line), _lower(" ".join(prompt.split()))
    if len(sent) < _QUOTED:
        spans = (
            [(m.start(), m.end()) for m in re.finditer(re.escape(sent), low)] if sent[3:] else []
        )
    else:
        quoted = (at for at in range(len(low) - _QUOTED + 1) if low[at : at + _QUOTED] in sent)
        spans = [(at, at + _QUOTED) for at in quoted]
    names = {word for word in _WORD.findall(sent) if any(map(str.isdigit, word))}
    for name in names & set(_WORD.findall(low)):
        spans += [(m.start(), m.end()) for m in re.finditer(re.escape(name), low)]
    return _without(line, sorted(spans), POST)
