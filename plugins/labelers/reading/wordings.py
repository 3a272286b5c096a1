"""The words by which an answer names a dataset's labels and what its question asks about."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imhi import Dataset
from imhi.plugins.labelers.reading.options import split_options
from imhi.plugins.labelers.reading.text import normalise

# A wording of more words has a verb of its own: it is a statement, not a name.
_NAME_WORDS = 4


@dataclass(frozen=True)
class Wordings:
    """What the answers to one question are read by; patterns are for normalised texts.

    ``statements`` and ``names`` find wordings of labels, longest first; ``label_of`` says which label
    a wording means. ``condition`` finds what the question asks about (:attr:`imhi.Question.terms`).
    ``affirmed`` is the label of an answer that says it is there (yes/no questions only), ``denied`` of
    one that says it is not; ``absence`` finds what that label declares to deny. ``offered`` are the
    options that the question itself lists, by their letter or number.
    """

    label_of: Mapping[str, str]
    statements: re.Pattern[str]
    names: re.Pattern[str]
    condition: re.Pattern[str] | None
    absence: re.Pattern[str] | None
    affirmed: str | None
    denied: str | None
    catch_all: str | None
    cues: Mapping[str, str]
    weak_cues: Mapping[str, str]
    questions: re.Pattern[str]
    offered: Mapping[str, str]

    def name_in(self, match: re.Match[str]) -> str:
        """Return the label whose wording was found."""
        return self.label_of[match[0].replace("\n", " ")]


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Match one of some phrases as whole words; the longest that fits."""
    ordered = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    words = "|".join(re.escape(phrase).replace(r"\ ", "[ \n]") for phrase in ordered)
    return re.compile(rf"(?<![\w'-])(?:{words})(?!['\w]|-(?!related))" if ordered else r"(?!)")


def wordings(dataset: Dataset, aspect: str) -> Wordings:
    """Return the wordings for the question of an aspect; imported answers may come without their
    question: then its terms are unknown."""
    return _wordings(dataset, aspect)


@functools.lru_cache(maxsize=256)
def _wordings(dataset: Dataset, aspect: str) -> Wordings:
    label_of: dict[str, str] = {}
    statements: list[str] = []
    names: list[str] = []
    for label in dataset.labels:
        sentence = _plain(label.sentence)
        label_of.setdefault(sentence, label.name)
        statements.append(sentence)
        shown = re.sub(r"^(?:yes|no), ", "", sentence)
        if shown != sentence:
            label_of.setdefault(shown, label.name)
            statements.append(shown)
    for label in dataset.labels:
        for text in (label.name, label.completion, *label.variants):
            phrase = _plain(text)
            if label_of.setdefault(phrase, label.name) != label.name or _of_another(
                phrase, aspect, dataset
            ):
                continue
            (statements if len(phrase.split()) > _NAME_WORDS else names).append(phrase)
    asked = next((question for question in dataset.questions if question.aspect == aspect), None)
    terms = asked.terms if asked else ()
    affirmed, denied = yes_and_no(dataset) or (None, None)
    nothing = next((label for label in dataset.labels if label.denies), None)
    if denied is None and nothing is not None:
        denied = nothing.name
    return Wordings(
        label_of,
        any_of(statements),
        any_of(name for name in names if name not in {"yes", "no"}),
        any_of(_plain(term) for term in terms) if terms else None,
        any_of(_plain(term) for term in nothing.denies) if nothing else None,
        affirmed,
        denied,
        next((label.name for label in dataset.labels if label.catch_all), None),
        {cue: label.name for label in dataset.labels for cue in label.cues},
        {cue: label.name for label in dataset.labels for cue in label.weak_cues},
        any_of(_plain(question.text) for question in dataset.questions),
        split_options(normalise(asked.text))[1] if asked else {},
    )


def _plain(text: str) -> str:
    return normalise(text).replace("\n", " ").rstrip(".")


def _of_another(phrase: str, aspect: str, dataset: Dataset) -> bool:
    """Say whether a wording names the aspect of another question, and not that of the one asked."""
    others = [q.aspect.lower() for q in dataset.questions if q.aspect and q.aspect != aspect]
    asked = aspect.lower() if aspect else ""
    return not (asked and asked in phrase) and any(other in phrase for other in others)


def yes_and_no(dataset: Dataset) -> tuple[str, str] | None:
    """Return the names of a yes/no dataset's two labels, or None where it is not one."""
    names = {name.lower(): name for name in dataset.label_names}
    return (names["yes"], names["no"]) if set(names) == {"yes", "no"} else None
