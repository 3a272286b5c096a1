"""Texts as the labelers read them: plain, in sentences and clauses. Each pass is linear."""

from __future__ import annotations

import re
from collections.abc import Iterator

_QUOTES = str.maketrans("\u2019\u2018\u201c\u201d\u00a0", "''\"\" ")
_SPACES = re.compile(r" [ \f\v]+")
_CITED = re.compile(r"^>[^\n]*$", re.MULTILINE)  # what an answer cites, in Markdown
_LINES = re.compile(r" ?\n[ \n]*")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+|\n")
# Where an assertion ends and another begins.
_CLAUSE_END = re.compile(
    r";\s+|,?\s*\b(?:but|however|although|though|nevertheless|yet|therefore|thus|so|hence|because|"
    r"since|whereas)\b,?\s*|,\s*(?=(?:which|indicating|suggesting|implying|showing|leading|resulting|"
    r"reflecting|demonstrating|highlighting|emphasi[sz]ing|and the|with)\b)"
)
_TURN = re.compile(r"\b(?:but|however|nevertheless|yet)\b")
_CONCEDED = re.compile(
    r"^\W*(?:(?:overall|in conclusion|in summary|therefore|however|and),? )?"
    r"(?:while|although|though|even though|despite)\b[^,]*,\s*"
)


def normalise(text: str) -> str:
    """Return text in lower case with plain quotes and no Markdown marks; line ends are kept."""
    if ">" in text:
        text = _CITED.sub("", text)
    text = text.lower()
    if not text.isascii():
        text = text.translate(_QUOTES)
    for mark in "*_#`\t\r":
        if mark in text:
            text = text.replace(mark, " ")
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return _LINES.sub("\n", text).strip() if "\n" in text else text.strip()


_QUOTED = re.compile(r'"[^"\n]{1,300}"')


def without_quotes(text: str) -> str:
    """Return a normalised text without what it quotes: the words of the post are not the answer's."""
    return _QUOTED.sub('""', text) if '"' in text else text


def sentences(text: str) -> list[str]:
    """Return the sentences and lines of a normalised text."""
    return [part for part in _SENTENCE_END.split(text) if part.strip(" .-")]


def clauses(sentence: str) -> Iterator[tuple[str, bool]]:
    """Yield what a sentence asserts, piece by piece, each with whether it is only conceded: granted
    before something else is said (*while ..., *; *..., but*)."""
    conceded = _CONCEDED.match(sentence)
    at = 0
    if conceded:
        yield sentence[: conceded.end()], True
        at = conceded.end()
    for end in _CLAUSE_END.finditer(sentence, at):
        if sentence[at : end.start()].strip():
            yield sentence[at : end.start()], turns(end[0])
        at = end.end()
    if sentence[at:].strip():
        yield sentence[at:], False


def turns(words: str) -> bool:
    """Say whether words turn against what was said before them."""
    return _TURN.search(words) is not None


def holds(text: str, hints: tuple[str, ...]) -> bool:
    """Say whether a text holds one of some words; a loop, since it is run many times an answer."""
    for hint in hints:  # noqa: SIM110  any() takes twice as long
        if hint in text:
            return True
    return False


def search(pattern: re.Pattern[str], hints: tuple[str, ...], text: str) -> re.Match[str] | None:
    """Search a text that holds one of the hints: every match of the pattern holds one, and a text
    without any is told so many times as fast."""
    return pattern.search(text) if holds(text, hints) else None
