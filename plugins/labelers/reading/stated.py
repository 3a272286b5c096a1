"""The label an answer states, and in which way it states it.

In order: a letter that picks an option, an opening (``Yes``), an announced answer, label sentences, prose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from imhi import answer_format
from imhi.plugins.labelers.reading.causes import cause_meant, cued
from imhi.plugins.labelers.reading.explicit import Given, announced, opening, resolve
from imhi.plugins.labelers.reading.named import named
from imhi.plugins.labelers.reading.options import picked, split_options
from imhi.plugins.labelers.reading.stance import stance
from imhi.plugins.labelers.reading.statements import stated_last, stated_one
from imhi.plugins.labelers.reading.text import normalise, sentences, without_quotes
from imhi.plugins.labelers.reading.wordings import Wordings


@dataclass(frozen=True)
class Stated:
    """A label, and which reading found it: ``strict``, ``stance`` or ``named``. ``label`` is None where
    the answer given is none of the labels. ``argued``: an explanation stands apart from the answer."""

    label: str | None
    by: str
    argued: bool = False


_ALL = re.compile(r"(?:all|both|any|several)\b")
_PLAINLY = re.compile(r"[\"' ]*(?:yes|no)\b")


def read(text: str, words: Wordings) -> Stated | None:
    """Return what an answer states, in whatever words; None where it states nothing."""
    head, explanation, given = _explicitly(text, words)
    return given or _in_prose(head, explanation, words)


def read_strictly(text: str, words: Wordings) -> Stated | None:
    """Return what an answer states as an explicit answer or in a label sentence, or None."""
    return _explicitly(text, words)[2]


def _explicitly(text: str, words: Wordings) -> tuple[str, str, Stated | None]:
    """Return the normalised head and explanation without options, and what they state."""
    parts = answer_format.parts_of(text)
    head = normalise(parts.answer)
    argued = bool(parts.answer and parts.explanation)
    exact = words.label_of.get(head.rstrip(" ."))
    if exact is not None:
        return head, "", Stated(exact, "strict", argued)
    if _PLAINLY.match(head):
        label = opening(head, words)
        if label is not None:
            return head, "", Stated(label, "strict", argued)
    echo = words.questions.match(head)
    if echo:
        head = head[echo.end() :].lstrip()
    elif "?" in head:
        head = words.questions.sub("", head)
    explanation = normalise(parts.explanation)
    head, offered = split_options(head)
    explanation, also_offered = split_options(explanation)
    given = _given(head, explanation, {**words.offered, **also_offered, **offered}, words)
    return head, explanation, given and replace(given, argued=argued)


def _given(
    head: str, explanation: str, offered: Mapping[str, str], words: Wordings
) -> Stated | None:
    """Return an answer that is given as such, or a label sentence."""
    choice = picked(head, offered) or picked(explanation, offered)
    if choice is not None:
        given = resolve(choice, words) or Given(cued(choice, words))
        if given.label is not None or (words.affirmed is None and not _ALL.match(choice)):
            return Stated(given.label, "strict")
    label = opening(head or explanation, words)
    if label is not None:
        return Stated(label, "strict")
    other = False
    for part, statement in ((head, stated_one), (explanation, stated_last)):
        value = announced(part, words)
        if value is not None and value.label is not None:
            return Stated(value.label, "strict")
        label = statement(part, words)
        if label is not None:
            return Stated(label, "strict")
        # To a yes/no question, "the answer is hard to give" is no answer of another kind.
        other = other or (value is not None and words.affirmed is None)
    return Stated(None, "strict") if other else None


def _in_prose(head: str, explanation: str, words: Wordings) -> Stated | None:
    text = f"{head}\n{explanation}"
    prose = sentences(without_quotes(text))
    if words.affirmed is None:
        label = named(prose, words, concluding=bool(explanation))
        label = label or cause_meant(sentences(text), words)
        return None if label is None else Stated(label, "named")
    taken = None if words.condition is None else stance(prose, words.condition)
    if taken == "affirmed":
        return Stated(words.affirmed, "stance")
    return Stated(words.denied, "stance") if taken == "denied" else None
