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

from imhi.build.checks.patterns import PatternSettings, groups_of, search, straight
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
        kinds = {*settings.kinds, "also"}
        if row.label and row.label.casefold() in row.question.casefold():
            kinds.discard("options")  # the question lists them
        groups = groups_of(DATA, settings.also, row.label)
        text = straight(without_quotes(row.explanation, of=row.post))
        if hit := search((group for group in groups if group.name in kinds), text):
            yield Finding("leakage", row.dataset, row.id, hit[0].reason)
