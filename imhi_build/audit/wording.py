"""What the texts of rows show by themselves: leaks of the prompt, faults of form, mojibake, language."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence

from imhi.build.checks.leakage import kinds_in
from imhi.build.checks.signatures import words_of
from imhi.build.records import BuiltRow
from imhi.io import has_mojibake

GIVES_AWAY, OF_PROMPT = "gives-away", "speaks-of-prompt"
NO_EXPLANATION, NO_WORD, QUESTION_IN_POST = "no-explanation", "no-word", "question-in-post"
MOJIBAKE, NOT_ENGLISH = "mojibake", "not-english"
# What they say, by the kinds of leaks (``leakage.yaml``).
_LEAKS = {GIVES_AWAY: {"label", "labelling"}, OF_PROMPT: {"examples", "prompt", "options"}}
_LETTERS = re.compile("[a-zA-Z0-9]")  # a post with one has a word
_OPENING = "Question:"


class Texts:
    """Looks at rows; what it found about a post is kept for the rows about it that follow. ``foreign``
    are the posts in another language."""

    def __init__(self, foreign: Container[str]) -> None:
        self._foreign = foreign
        self._post = ""
        self._of_post: tuple[str, ...] = ()

    def kinds(self, rows: Sequence[BuiltRow], explained: bool) -> Iterator[set[str]]:
        """Yield, for each row, the kinds of findings that its texts give. ``explained``: whether
        rows of this split have explanations, so that one without is a fault."""
        for row in rows:
            leaks = kinds_in(row)
            found = {*self._kinds_of_post(row.post)}
            found.update(kind for kind, leaking in _LEAKS.items() if leaks & leaking)
            if explained and not row.explanation.strip():
                found.add(NO_EXPLANATION)
            if _garbled(row.explanation):
                found.add(MOJIBAKE)
            yield found

    def _kinds_of_post(self, post: str) -> tuple[str, ...]:
        if post != self._post:
            tests = {
                NO_WORD: not _LETTERS.search(post) and not words_of(post),
                QUESTION_IN_POST: _OPENING in post,
                MOJIBAKE: _garbled(post),
                NOT_ENGLISH: post in self._foreign,
            }
            self._post, self._of_post = post, tuple(kind for kind, says in tests.items() if says)
        return self._of_post


def _garbled(text: str) -> bool:
    return not text.isascii() and has_mojibake(text)  # wrong tables give what ASCII has not
