"""Quoted passages of an explanation: the poster's words, not the explainer's."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST = 600  # characters of a quoted passage: an unclosed quotation mark must not swallow a text

# An opening mark has no word before it and no space after it, a closing one the other way round,
# so that a mark left open does not turn the passages after it inside out. Apostrophes within words
# are no marks.
_QUOTED = re.compile(
    rf"""
      (?<!\w)"(?=\S)[^"\n]{{1,{LONGEST}}}?(?<=\S)"(?!\w)
    | [“„«][^“”„»\n]{{1,{LONGEST}}}?[”“»]
    | (?<!\w)['‘](?=\w)(?:[^'’‘\n]|(?<=\w)['’](?=\w)){{1,{LONGEST}}}?(?<=\S)['’](?!\w)
    """,
    re.VERBOSE,
)


def quoted_passages(text: str) -> Iterator[tuple[int, int]]:
    """Yield where quoted passages are, marks included.

    A text that is quoted as a whole is not a quotation: some models put their answer into marks.
    """
    whole = text.strip()
    for match in _QUOTED.finditer(text):
        if match.group() != whole:
            yield match.span()


def without_quotes(text: str, of: str | None = None) -> str:
    """Return the text with quoted passages blanked, all of them or those whose words (two or more)
    stand, in that order, in the text ``of``; every other character keeps its place.

    >>> without_quotes('They say "never again", twice.')
    'They say              , twice.'
    """
    words = None if of is None else f" {_words(of)} "
    parts, at = [], 0
    for start, end in quoted_passages(text):
        quoted = _words(text[start:end])
        if words is None or (" " in quoted and f" {quoted} " in words):
            parts += [text[at:start], " " * (end - start)]
            at = end
    return "".join([*parts, text[at:]])


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
