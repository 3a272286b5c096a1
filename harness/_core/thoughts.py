"""Thoughts in texts: told from the answer by the marks that models put around them.

A text is read in one direction, format by format, in time that grows with its length. Where it is
unclear whether something is a thought it counts as one: what was not meant as an answer must never
give a label.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from imhi._core import answer_format
from imhi._core.extensions import ThoughtFormat

_QUOTES = "\"'`“”‘’«»"
_SENTENCE_ENDS = (".", "!", "?", ":")
_NOT_AFTER_AN_END = ",;:?!)"
# What a bare opening runs into: the thought's first letter.
_RUNS_ON = r"(?=[A-Z0-9\"'“(*])"
_TOLD_OF = re.compile(r"[\"'`]?\s*(?:tags?|tokens?|markers?)\b", re.IGNORECASE)


@dataclass(frozen=True)
class SplitText:
    """A text without its thoughts, and the thoughts. ``open``: the thought has no end, so there is no
    text. ``began_inside``: the text began inside a thought that it does not open."""

    text: str
    thought: str = ""
    open: bool = False
    began_inside: bool = False


def split_thoughts(text: str, formats: Iterable[ThoughtFormat], open: bool = False) -> SplitText:
    """Take the thoughts out of a text. A text without one comes back as it is.

    Args:
        open: the text goes on with a thought that its prompt has opened.
    """
    return split_with(readers_of(formats), text, open)


def readers_of(formats: Iterable[ThoughtFormat]) -> Readers:
    """Return what reads texts of these formats, for :func:`split_with`: made once for many texts."""
    return _readers(tuple(formats))


def split_with(readers: Readers, text: str, open: bool = False) -> SplitText:
    """Take the thoughts out of a text, as :func:`split_thoughts` does."""
    thoughts: list[str] = []
    began_inside = False
    while found := _first_found(text, readers):
        reader, marks = found
        readers = tuple(other for other in readers if other is not reader)
        taken = reader.split(text, marks, open)
        if taken is None:
            continue
        text, open = taken.text, taken.open
        thoughts.append(taken.thought)
        began_inside = began_inside or taken.began_inside
    if open:
        thoughts.append(text.strip())
        text = ""
    if not thoughts:
        return SplitText(text)
    return SplitText(text, "\n\n".join(filter(None, thoughts)), open, began_inside)


def ends_in_thought(prompt: str, formats: Iterable[ThoughtFormat]) -> bool:
    """Say whether a prompt, as the model gets it, ends where a thought has just been opened."""
    end = prompt[-200:].rstrip().lower()
    readers = readers_of(formats)
    return any(end.endswith(one.opens) for one in readers if not one.format.bare)


@dataclass(frozen=True)
class _Mark:
    """A mark in a text: where, whether it opens, whether only blanks stand before it on its line."""

    start: int
    end: int
    opens: bool
    begins_line: bool


class _Reader:
    """One format, ready to read."""

    def __init__(self, format: ThoughtFormat) -> None:
        self.format = format
        self.opens = tuple(mark.lower() for mark in format.opens)
        self._all = (*self.opens, *(mark.lower() for mark in format.closes))
        self._edges = tuple(mark.lower() for mark in format.marks)
        # Most texts hold none of the few letters that tags begin with.
        tags = not format.bare and format.may_begin_inside
        letters = {letter for mark in self._all for letter in (mark[0], mark[0].upper())}
        self.begins = "".join(sorted(letters)) if tags else ""
        opening, closing = _either(format.opens), _either(format.closes)
        case = 0 if format.bare else re.IGNORECASE
        self._marks = re.compile(f"(?P<closing>{closing})|(?P<opening>{opening})", case)
        self._first = re.compile(rf"\s*{opening}" + (_RUNS_ON if format.bare else ""), case)
        bare_answer = format.bare and format.marks
        self._bare = re.compile(rf"\s*{_either(format.marks)}{_RUNS_ON}") if bare_answer else None

    def may_be_in(self, text: str, lowered: str) -> bool:
        """Say, quickly, whether the text may hold a mark of the format."""
        if not (self.format.bare or self.format.may_begin_inside):
            return bool(self._first.match(text))
        if not self.format.bare:
            return any(needle in lowered for needle in self._all)
        return (
            any(end in text for end in self.format.closes)
            or self._first.match(text) is not None
            or (self._bare is not None and self._bare.match(text) is not None)
        )

    def find(self, text: str) -> list[_Mark]:
        """Return the marks in a text, without those that are only told of."""
        if self.format.bare or self.format.only_first:
            return self._find_first(text)
        found = []
        behind = 0
        for match in self._marks.finditer(text):
            start, end = match.span()
            _, newline, blanks = text[behind:start].rpartition("\n")
            begins_line = not blanks.strip() and bool(newline or not behind)
            behind = end
            if not _is_told_of(text, start, end):
                found.append(_Mark(start, end, match.lastgroup == "opening", begins_line))
        return found

    def _find_first(self, text: str) -> list[_Mark]:
        """Return the marks of a format whose thought stands first: none where a thought begins after
        text, which it then explains."""
        first = self._first.match(text)
        found = [_Mark(first.start(), first.end(), True, True)] if first else []
        for match in self._marks.finditer(text, first.end() if first else 0):
            if _is_told_of(text, *match.span()):
                continue
            if match.lastgroup == "closing":
                return [*found, _Mark(*match.span(), False, False)]
            if not first and not self.format.bare:
                return []
        if self._bare and not first and (unthought := self._bare.match(text)):
            return [_Mark(*unthought.span(), False, True)]
        return found

    def split(self, text: str, marks: Sequence[_Mark], open: bool) -> SplitText | None:
        """Take the format's thoughts out of a text; None where the marks make none. ``open``: the text
        begins inside a thought."""
        last_end = max((mark.start for mark in marks if not mark.opens), default=-1)
        size = len(text.rstrip())
        thoughts: list[str] = []
        kept: list[str] = []
        at, inside, began_inside = 0, open, False
        for mark in marks:
            before = text[at : mark.start]
            if mark.opens:
                # One inside a sentence that is never closed is a word about thoughts.
                begins = mark.begins_line or before.rstrip()[-1:] in _SENTENCE_ENDS
                used = mark.start < last_end or begins or (at and not before.strip())
                if inside or not used:
                    continue
                kept.append(before)
                inside = True
            elif inside:
                thoughts.append(before)
                inside = False
            elif not at and self.format.may_begin_inside:
                thoughts.append(before)
                began_inside = True
            elif _answers(before) or mark.end >= size:
                kept.append(before)  # the answer has been given: a mark too many
            else:
                thoughts.append(before)
            at = mark.end
        if not at:
            return None
        rest = text[at:]
        if inside:
            thoughts.append(rest)
            rest = ""
        answer = _without_edges("".join([*kept, rest]), self._edges)
        thought = _without_edges("\n\n".join(thoughts), self._edges)
        return SplitText(answer, thought, inside and not answer, began_inside)


def _first_found(text: str, readers: Sequence[_Reader]) -> tuple[_Reader, Sequence[_Mark]] | None:
    """Return the format whose mark comes first in a text, with its marks."""
    if not text:
        return None
    letters = {"": True}  # what some formats' marks all begin with: whether one of it is there
    lowered = ""
    found = []
    for number, reader in enumerate(readers):
        begins = reader.begins
        if begins not in letters:
            letters[begins] = any(letter in text for letter in begins)
        if begins and letters[begins] and not lowered:
            lowered = text.lower()
        if letters[begins] and reader.may_be_in(text, lowered) and (marks := reader.find(text)):
            found.append((marks[0].start, number, marks))
    if not found:
        return None
    _, number, marks = min(found, key=lambda one: one[:2])
    return readers[number], marks


Readers: TypeAlias = tuple[_Reader, ...]


@functools.lru_cache(maxsize=16)
def _readers(formats: tuple[ThoughtFormat, ...]) -> Readers:
    return tuple(_Reader(format) for format in formats if format.opens)


def _either(marks: Sequence[str]) -> str:
    return f"(?:{'|'.join(re.escape(mark) for mark in sorted(marks, key=len, reverse=True))})"


def _is_told_of(text: str, start: int, end: int) -> bool:
    """Say whether a mark is spoken of and not used: in quotes, before a comma, called a tag."""
    after = text[end : end + 1]
    if after and after in _NOT_AFTER_AN_END:
        return True
    quoted = start > 0 and text[start - 1] in _QUOTES and after != "" and after in _QUOTES
    if quoted and (start == 1 or text[start - 2].isspace() or text[start - 2] == "("):
        return True
    return bool(_TOLD_OF.match(text, end))


def _answers(text: str) -> bool:
    """Say whether an answer in IMHI's form stands in a text."""
    return answer_format.MARKER.lower() in text.lower()


def _without_edges(text: str, marks: Sequence[str]) -> str:
    """Return a text without the marks, and blanks, at its two ends."""
    lowered = text.lower()
    start, end = 0, len(text)
    if len(lowered) != end:  # a letter that is longer in lower case
        marks = ()
    moved = True
    while moved:
        moved = False
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        for mark in marks:
            if lowered.startswith(mark, start, end):
                start, moved = start + len(mark), True
            if lowered.endswith(mark, start, end):
                end, moved = end - len(mark), True
    return text[start:end]
