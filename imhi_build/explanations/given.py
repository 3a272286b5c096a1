"""Explanations that exist already: copied from a source, row for row, and found again by post.

A post may stand in a source several times under one question, with different labels and
explanations. Of those that were not taken yet a row gets one of its own split and label if there is
one, else of its split. Where its split has none (any more), it shares one of another split: splits
may be drawn anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from imhi import Registry, open_source, post_key
from imhi.build.records import BuiltRow
from imhi.io import jsonl

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class GivenAnswer:
    """A label and an explanation as the source has them."""

    label: str
    explanation: str


def copy_given(
    source: str,
    dataset: str,
    path: Path,
    registry: Registry,
    clean: Callable[[str], str] = lambda post: post,
) -> int:
    """Copy a dataset's explanations from a source into a file; return how many. 0, and an empty
    file, where the source does not have the dataset. ``clean`` does to its posts what was done to
    the raw ones.

    Raises:
        HarnessError: the source cannot be opened or read.
    """
    _, opened = open_source(source, registry)
    count = 0
    with jsonl.row_writer(path) as write:
        for split in SPLITS if dataset in opened.datasets() else ():
            if split not in opened.splits(dataset):
                continue
            for example in opened.examples(dataset, split):
                write(
                    {
                        "split": split,
                        "key": post_key(clean(example.post)),
                        "aspect": example.aspect,
                        "label": example.label,
                        "explanation": example.explanation,
                    }
                )
                count += 1
    return count


@dataclass
class GivenAnswers:
    """What was copied, by post and question, read from where it lies. Close it after use.

    Ask for the rows in their order, each once: what was taken is not given again.
    """

    path: Path
    _places: dict[tuple[str, str], list[tuple[str, str, int]]] = field(default_factory=dict)
    _file: BinaryIO | None = None

    def __enter__(self) -> GivenAnswers:
        if self.path.exists():
            for offset, row in jsonl.rows_with_offsets(self.path):
                place = (str(row["split"]), str(row["label"]), offset)
                self._places.setdefault((str(row["key"]), str(row["aspect"])), []).append(place)
            self._file = self.path.open("rb")
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            self._file.close()

    def take(self, row: BuiltRow) -> GivenAnswer | None:
        """Return what the source has for the row; None where it has nothing (more)."""
        places = self._places.get((row.post_id, row.aspect))
        if not places or self._file is None:
            return None
        # The first of the best: min keeps the order of the source.
        best = min(places, key=lambda place: (place[0] != row.split, place[1] != row.human_label))
        if best[0] == row.split:  # a row of another split takes nothing away from those of this one
            places.remove(best)
        self._file.seek(best[2])
        answer = json.loads(self._file.readline())
        return GivenAnswer(answer["label"], answer["explanation"])
