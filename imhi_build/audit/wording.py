"""What the texts of rows show by themselves: leaks of the prompt, faults of form, mojibake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imhi.build.checks.leakage import Settings as LeakageSettings, find as find_leakage
from imhi.build.checks.signatures import words_of
from imhi.build.records import BuiltRow
from imhi.io import has_mojibake

GIVES_AWAY, OF_PROMPT = "gives-away", "speaks-of-prompt"
NO_EXPLANATION, NO_WORD, QUESTION_IN_POST = "no-explanation", "no-word", "question-in-post"
MOJIBAKE = "mojibake"
_LABEL = LeakageSettings(kinds=("label", "labelling"))
_PROMPT = LeakageSettings(kinds=("examples", "prompt", "options"))
_EITHER = LeakageSettings()
_OPENING = "Question:"


class Texts:
    """Looks at rows; what it found about a post is kept for the rows about it that follow."""

    def __init__(self) -> None:
        self._post = ""
        self._of_post: tuple[str, ...] = ()

    def kinds(self, rows: Sequence[BuiltRow], explained: bool) -> Iterator[set[str]]:
        """Yield, for each row, the kinds of findings that its texts give. ``explained``: whether
        rows of this split have explanations, so that one without is a fault."""
        # Most rows have neither: a finding names one reason, so those that have one are asked twice.
        either = {finding.id for finding in find_leakage(rows, _EITHER)}
        leaking = [row for row in rows if row.id in either]
        named = {finding.id for finding in find_leakage(leaking, _LABEL)}
        prompted = {finding.id for finding in find_leakage(leaking, _PROMPT)}
        for row in rows:
            found = {*self._kinds_of_post(row.post)}
            if row.id in named:
                found.add(GIVES_AWAY)
            if row.id in prompted:
                found.add(OF_PROMPT)
            if explained and not row.explanation.strip():
                found.add(NO_EXPLANATION)
            if _garbled(row.explanation):
                found.add(MOJIBAKE)
            yield found

    def _kinds_of_post(self, post: str) -> tuple[str, ...]:
        if post != self._post:
            tests = {
                NO_WORD: not words_of(post),
                QUESTION_IN_POST: _OPENING in post,
                MOJIBAKE: _garbled(post),
            }
            self._post, self._of_post = post, tuple(kind for kind, says in tests.items() if says)
        return self._of_post


def _garbled(text: str) -> bool:
    return not text.isascii() and has_mojibake(text)  # wrong tables give what ASCII has not
