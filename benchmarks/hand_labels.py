"""What readers read in real answers (``tests/data/hand_labels.csv``), and how often labels are theirs.

The file has model, dataset, row, label and span, no text: the answers are those published as
``model_outputs/MODEL/DATASET.csv``, row for row with the official test files. Used by ``labelers.py`` and
``labelers_first_looks.py``.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HAND_LABELS = ROOT / "tests" / "data" / "hand_labels.csv"
SAMPLES = {
    "draw": "80 of each model, 10 of each of its datasets; two readers, a third where they differed",
    "fresh": "as draw, 96 each of the models that nothing was built on at first; drawn later",
    "development": "what the reading was built on; one reader",
}
# Nothing was built on their answers before the first look at the draw.
UNSEEN = ("Mentallama-13B", "Vicuna_33B", "llama2-chat-13B")


@dataclass(frozen=True)
class HandLabel:
    """What readers read in one answer; ``row`` counts from 0, ``label`` is None where they found none.

    ``own`` says whether the label is stated in its own words or an equivalent of them (False: in
    others). ``span`` is where it is stated: first character and the one after the last.
    """

    sample: str
    model: str
    dataset: str
    row: int
    label: str | None
    own: bool
    sure: bool
    readers: int
    span: tuple[int, int] | None


Pair = tuple[HandLabel, str | None]
"""What readers read in an answer, and what a labeler does."""


def hand_labels(path: Path = HAND_LABELS) -> list[HandLabel]:
    """Return the hand labels in file order."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [
            HandLabel(
                row["sample"],
                row["model"],
                row["dataset"],
                int(row["row"]),
                row["label"] or None,
                row["wording"] == "own",
                row["sure"] == "1",
                int(row["readers"]),
                (int(row["start"]), int(row["end"])) if row["start"] else None,
            )
            for row in csv.DictReader(stream)
        ]


def answers(path: Path) -> list[str]:
    """Return the answers of one file in file order."""
    csv.field_size_limit(10**9)
    with path.open(encoding="utf-8", newline="") as stream:
        return [row["generated_text"] for row in csv.DictReader(stream)]


def agreement(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return how many labels are the readers', in percent with Wilson's 95% interval (no label is one
    too: right where the labeler reads none), and what the others are; readers found a label in
    ``labelled`` of the answers."""
    from scipy.stats import binomtest

    wrong = [(one, label) for one, label in pairs if one.label != label]
    right = len(pairs) - len(wrong)
    low, high = binomtest(right, len(pairs)).proportion_ci(method="wilson")
    left = sum(label is None for _, label in wrong)
    invented = sum(one.label is None for one, _ in wrong)
    return {
        "answers": len(pairs),
        "labelled": sum(one.label is not None for one, _ in pairs),
        "right": right,
        "share": 100 * right / len(pairs),
        "low": 100 * low,
        "high": 100 * high,
        "left": left,
        "invented": invented,
        "other": len(wrong) - left - invented,
    }


def in_parts(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the agreement on all answers, on those of which the readers were sure, and by dataset and
    model; ``unsure_wrong`` is the number of wrong labels of which the readers were not sure."""
    sure = [pair for pair in pairs if pair[0].sure]
    wrong = [one for one, label in pairs if one.label != label]
    return {
        **agreement(pairs),
        "sure": agreement(sure),
        "unsure_wrong": sum(not one.sure for one in wrong),
        **{
            f"by_{key}": {
                part: agreement([pair for pair in pairs if getattr(pair[0], key) == part])
                for part in dict.fromkeys(getattr(one, key) for one, _ in pairs)
            }
            for key in ("dataset", "model")
        },
    }


def shown(found: dict[str, Any]) -> str:
    """Return an agreement in a line."""
    return (
        f"{found['right']:3}/{found['answers']:3} {found['share']:5.1f} "
        f"[{found['low']:.1f}, {found['high']:.1f}]"
    )
