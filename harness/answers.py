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
