"""Label sentences and other statements of labels: asserted, not denied, doubted or asked."""

from __future__ import annotations

import re

from imhi.plugins.labelers.reading.wordings import Wordings

# Before a statement: what takes its assertion away.
_DOUBT = re.compile(
    r"\b(?:not|no|cannot|never|neither|nor|whether|if|that does|unclear|without|could|may|might|possible|"
    r"possibly|necessarily|determine|diagnose|unlikely|rather than|question)\b|n't\b"
)
_FAR = 300  # characters
_CLAUSE_END = re.compile(r"[.;!?\n]")


def doubted(text: str, at: int) -> bool:
    """Say whether the clause that stands before a place in a text denies, doubts or asks."""
    return _DOUBT.search(_CLAUSE_END.split(text[max(0, at - _FAR) : at])[-1]) is not None


def asserted(text: str, words: Wordings) -> list[str]:
    """Return the labels whose statements a normalised text asserts, in order."""
    return [
        words.name_in(match)
        for match in words.statements.finditer(text)
        if not doubted(text, match.start())
        and not text[match.end() :].lstrip(" \"'").startswith("?")
    ]


def stated_one(text: str, words: Wordings) -> str | None:
    """Return the label that the head of an answer states; None where it states two."""
    labels = asserted(text, words)
    return labels[0] if len(set(labels)) == 1 else None


def stated_last(text: str, words: Wordings) -> str | None:
    """Return the label that an explanation states last: its conclusion."""
    labels = asserted(text, words)
    return labels[-1] if labels else None
