"""The IMHI answer ``LABEL SENTENCE Reasoning: EXPLANATION``: written, and taken apart."""

from __future__ import annotations

import re

from harness.declarations import Dataset

MARKER = "Reasoning:"
_MARKER = re.compile(r"(?<![\w])reasoning\s*\**\s*:\s*", re.IGNORECASE)


def compose(dataset: Dataset, label: str, explanation: str) -> str:
    """Return an answer in instruction style."""
    return f"{dataset.label(label).sentence} {MARKER} {explanation}".rstrip()


def split_answer(text: str) -> tuple[str, str]:
    """Return what stands before the first ``Reasoning:`` and what stands after it.

    Without the marker the second part is empty: the whole text is the first.
    """
    found = _MARKER.search(text)
    if found is None:
        return text.strip(), ""
    return text[: found.start()].strip(" \n\t*"), text[found.end() :].strip()


def explanation_of(text: str) -> str:
    """Return the explanation in an answer: what follows ``Reasoning:``, else the whole text."""
    head, explanation = split_answer(text)
    return explanation or head


def gold_label(text: str, dataset: Dataset) -> tuple[str | None, str]:
    """Return label and explanation of a reference answer in either published style.

    The words before ``Reasoning:`` must be a wording of a label, and nothing more (completion
    answers may go on after ``yes,`` or ``no,``); otherwise the label is None.
    """
    head, _, explanation = text.partition(MARKER)
    wordings: dict[str, str] = {}
    # The official wordings first: a variant never takes the place of another label's sentence.
    for place in range(3):
        for label in dataset.labels:
            for wording in ((label.sentence,), (label.completion, label.name), label.variants)[place]:
                wordings.setdefault(_plain(wording), label.name)
    plain = _plain(head)
    found = wordings.get(plain)
    if found is None and {"yes", "no"} <= wordings.keys() and plain.startswith(("yes,", "no,")):
        found = wordings[plain.partition(",")[0]]
    return found, explanation.strip()


def _plain(text: str) -> str:
    """Return a wording without what does not change its meaning: case, spaces, final stops."""
    return " ".join(text.split()).casefold().rstrip(". ")
