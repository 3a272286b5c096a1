"""What annotators see of a row: its texts, safe to show, in an order of their own."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from imhi.build.human_evaluation.scheme import EXPLANATION, LABEL, POST, QUESTION
from imhi.build.records import BuiltRow
from imhi.io import sanitizing

REPLACED = "\N{REPLACEMENT CHARACTER}"
# What no XML file can hold, besides control characters: half characters, and two that are none.
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """What is marked. ``id`` is the row's ``DATASET/SPLIT-N``; ``label`` the label's sentence."""

    id: str
    post: str
    question: str
    label: str
    explanation: str

    def texts(self) -> dict[str, str]:
        """Return the texts by the column that shows them."""
        return {
            POST: self.post,
            QUESTION: self.question,
            LABEL: self.label,
            EXPLANATION: self.explanation,
        }


def item_of(row: BuiltRow, sentences: Mapping[str, Mapping[str, str]]) -> Item:
    """Return a row as it is shown; ``sentences``: label sentences by dataset and label."""
    return Item(
        row.key,
        shown(row.post),
        shown(row.question),
        shown(sentences[row.dataset][row.label]),
        shown(row.explanation),
    )


def shown(text: str) -> str:
    """Return text that every program can show: line ends are one character, and what is no
    character, or steers a terminal or the direction of writing, is a visible U+FFFD."""
    return _NO_CHARACTER.sub(
        REPLACED, sanitizing.plain(text.replace("\r\n", "\n").replace("\r", "\n"))
    )


def shuffled(items: Sequence[T], seed: int, sample: str, annotator: str) -> list[T]:
    """Return the items in the annotator's own order, so that tired eyes do not meet the same items
    last; always the same for the same sample and annotator."""
    order = list(items)
    random.Random(f"{seed}/{sample}/{annotator}").shuffle(order)
    return order
