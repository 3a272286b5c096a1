"""The check ``refusals``: an explanation that is none.

The model refuses, speaks of being a model, asks for more, speaks to the poster, or was stopped by
its provider or by the limit on new tokens. Patterns are in ``refusals.yaml``. Passages in quotation
marks and words that stand in the post are the poster's (``I'm sorry``, ``I can't do this
anymore``) and are not looked at. That a question cannot be decided from the post (``it is not
possible to determine``) is an answer, not a refusal.

Measured in test_refusal_check.py: of refusals planted into published rows all are found; of the
19,275 published explanations two are, one that asks for more and one that apologises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from imhi import finish_reasons
from imhi.build.checks.patterns import (
    Group,
    PatternSettings,
    groups_of,
    search,
    straight,
)
from imhi.build.checks.quotes import without_quotes
from imhi.build.records import BuiltRow, Finding

DATA = Path(__file__).with_name("refusals.yaml")


class Settings(PatternSettings):
    """``cut_off``: whether explanations that reached the limit on new tokens are found, too;
    ``also``: more regular expressions, looked for anywhere in an explanation."""

    cut_off: bool = True


def find(rows: Sequence[BuiltRow], settings: Settings) -> Iterator[Finding]:
    """Yield at most one finding per row."""
    groups = groups_of(DATA, settings.also)
    for row in rows:
        if reason := _stopped(row.finish_reason, settings) or _said(row, groups):
            yield Finding("refusals", row.dataset, row.id, reason)


def _stopped(finish_reason: str, settings: Settings) -> str | None:
    reason = finish_reasons.normalised(finish_reason.strip())
    if reason == finish_reasons.FILTERED:
        return "refused by the provider"
    return "cut off" if settings.cut_off and reason == finish_reasons.LENGTH else None


def _said(row: BuiltRow, groups: Sequence[Group]) -> str | None:
    text = straight(without_quotes(row.explanation))
    hit = search(groups, text)
    if hit is None:
        return None
    group, match = hit
    # Reported without quotation marks: "The poster writes that I can't answer the phone."
    if " ".join(match.group().split()).casefold() in _plain(row.post):
        return None
    return group.reason


def _plain(post: str) -> str:
    return straight(" ".join(post.split()).casefold())
