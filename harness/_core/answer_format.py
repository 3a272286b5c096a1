"""The IMHI answer ``LABEL SENTENCE Reasoning: EXPLANATION``: written, and taken apart."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping

from imhi._core.declarations import Dataset

MARKER = "Reasoning:"
_MARKER = re.compile(r"(?<![\w])reasoning\s*\**\s*:\**\s*", re.IGNORECASE)


def compose(dataset: Dataset, label: str, explanation: str, *, completion: bool = False) -> str:
    """Return an answer in instruction style, or in completion style: ``yes. Reasoning: ...``."""
    wording = f"{dataset.label(label).completion}." if completion else dataset.label(label).sentence
    return f"{wording} {MARKER} {explanation}".rstrip()


def split_answer(text: str) -> tuple[str, str]:
    """Return what stands before the first ``Reasoning:`` and what stands after it.

    Without the marker the second part is empty: the whole text is the first.
    """
    found = _MARKER.search(text) if "easoning" in text or "REASONING" in text else None
    if found is None:
        return text.strip(), ""
    return text[: found.start()].strip(" \n\t*"), text[found.end() :].strip()


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerParts:
    """An answer taken apart: what stands before ``Reasoning:``, what stands after it, and ``rest``,
    what comes when the answer is over: another post that the model invents, another question."""

    answer: str
    explanation: str = ""
    rest: str = ""


# Literal beginnings, so that a search runs at the speed of a substring's.
_NEXT_POST = re.compile(r"[Cc]onsider (?:this|the following|another) post\s*:")
_NEXT_TURN = re.compile(
    r"\n\W*(?:(?:[Qq]uestion|[Pp]ost|[Uu]ser|[Hh]uman|[Tt]itle|QUESTION|POST)\s*\d*\s*:|###\s)"
)


def parts_of(text: str) -> AnswerParts:
    """Take an answer (without a thought) apart. One that begins with a new post is all rest."""
    text = text.strip()
    ends = [found.start() for found in (_NEXT_POST.search(text), _NEXT_TURN.search(text)) if found]
    end = min(ends, default=len(text))
    return AnswerParts(*split_answer(text[:end]), text[end:])


def explanation_of(text: str) -> str:
    """Return the explanation in an answer: what follows ``Reasoning:``, else the whole text."""
    head, explanation = split_answer(text)
    return explanation or head


def gold_label(text: str, dataset: Dataset, *, completion: bool = True) -> tuple[str | None, str]:
    """Return label and explanation of a reference answer in either published style.

    The words before ``Reasoning:`` must be a wording of a label and nothing more; otherwise the
    label is None. In ``completion`` style an answer may go on after ``yes,`` or ``no,``.
    """
    head, _, explanation = text.partition(MARKER)
    wordings = _wordings(dataset)
    plain = _plain(head)
    found = wordings.get(plain)
    if found is None and completion and plain.startswith(("yes,", "no,")):
        found = wordings.get(plain.partition(",")[0])
    return found, explanation.strip()


_known: dict[int, tuple[Dataset, Mapping[str, str]]] = {}


def _wordings(dataset: Dataset) -> Mapping[str, str]:
    """Return label names by wording; kept by the object, since hashing a declaration for every row
    takes longer than reading the row."""
    kept = _known.get(id(dataset))
    if kept is None or kept[0] is not dataset:
        kept = _known[id(dataset)] = dataset, _label_names(dataset)
    return kept[1]


@functools.cache
def _label_names(dataset: Dataset) -> Mapping[str, str]:
    """Return label names by wording; the official wordings first, so that a variant never takes
    the place of another label's sentence."""
    found: dict[str, str] = {}
    for pick in (
        lambda label: (label.sentence,),
        lambda label: (label.completion, label.name),
        lambda label: label.variants,
    ):
        for label in dataset.labels:
            for wording in pick(label):
                found.setdefault(_plain(wording), label.name)
    return found


def _plain(text: str) -> str:
    """Return a wording without what does not change its meaning: case, spaces, final stops."""
    return " ".join(text.split()).casefold().rstrip(". ")
