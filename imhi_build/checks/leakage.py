"""The check ``leakage``: the explanation shows that its label was given.

An explainer is given the post, its label, examples and instructions; a student is given the post.
An explanation that says ``the assigned label is`` or ``as in the first example`` teaches it to
speak of what is not there. Patterns are in ``leakage.yaml``, in groups that can be chosen:
``label`` and ``labelling`` (the label was given), ``examples``, ``prompt`` (instructions) and
``options`` (a list of labels, where the question has none).

Passages quoted from the post, what posters call themselves or are called (``labels himself a
failure``), and ``for example`` are no leaks; nor is ``not enough to label the poster as
depressed``: people say so who were given nothing.

Shares of the published explanations that are found are in test_leakage_check.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from imhi.build.checks.patterns import Group, PatternSettings, found_in, groups_of, search, straight
from imhi.build.checks.quotes import without_quotes
from imhi.build.records import BuiltRow, Finding

DATA = Path(__file__).with_name("leakage.yaml")
Kind = Literal["label", "labelling", "examples", "prompt", "options"]


class Settings(PatternSettings):
    """``kinds``: what is looked for; ``also``: more regular expressions; ``{label}`` in them is the
    row's label."""

    kinds: tuple[Kind, ...] = get_args(Kind)


def find(rows: Sequence[BuiltRow], settings: Settings) -> Iterator[Finding]:
    """Yield at most one finding per row."""
    for row in rows:
        groups, text = _searched(row, settings, row.label)
        if hit := search(groups, text):
            yield Finding("leakage", row.dataset, row.id, hit[0].reason)


def kinds_in(row: BuiltRow) -> set[str]:
    """Return every kind of leak that the explanation of a row has."""
    groups, text = _searched(row, _EVERY, row.label.lower())
    lowered = text.lower()
    return {group.name for group in groups if found_in(group, lowered)}


_EVERY = Settings()


def _searched(row: BuiltRow, settings: Settings, label: str) -> tuple[list[Group], str]:
    """Return the groups that are looked for in a row's explanation, with its label as it is to stand
    in them, and what of it is searched."""
    kinds = {*settings.kinds, "also"}
    if row.label and row.label.casefold() in row.question.casefold():
        kinds.discard("options")  # the question lists them
    groups = groups_of(DATA, settings.also, label)
    text = straight(without_quotes(row.explanation, of=row.post))
    return [group for group in groups if group.name in kinds], text
