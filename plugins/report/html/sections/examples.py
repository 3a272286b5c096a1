"""The example browser: every example with every run's label, as compact JSON for the script.

Labels are numbers (their place in the dataset's list), a list for each run: 190,000 labels are
400 KB. Texts are there only with posts, of the examples that teach most, as far as there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imhi.io import one_line, plain
from imhi.plugins.report.html.harmless import json_for_page, shown
from imhi.plugins.report.html.material import Material, Run

ROOM = 4_500_000  # characters of texts in the page


@dataclass(frozen=True)
class Browser:
    """``data`` is what the script reads; ``texts`` says how many examples have theirs."""

    data: dict[str, Any]
    examples: int
    texts: int

    @property
    def json(self) -> str:
        """The data as the page holds them."""
        return json_for_page(self.data)


def browser(material: Material) -> Browser:
    """Return every example with every run's label, and texts where posts are asked for."""
    runs = material.ordered()
    datasets = [_dataset(material, runs, name) for name in material.datasets]
    with_texts = 0
    if material.with_posts:
        with_texts = _add_texts(material, runs, datasets)
    return Browser(
        {"runs": [shown(run.name) for run in runs], "datasets": datasets},
        sum(len(one["ids"]) for one in datasets),
        with_texts,
    )


def _dataset(material: Material, runs: Sequence[Run], name: str) -> dict[str, Any]:
    """Return a dataset's columns. A label's number is its place in ``labels``; the two after the
    last are *unparsed* and *failed*."""
    examples = runs[0].columns[name].examples
    labels = list(material.labels[name])
    place: dict[str | None, int] = {label: index for index, label in enumerate(labels)}
    aspects = list(dict.fromkeys(example.aspect for example in examples))
    found: dict[str, Any] = {
        "name": name,
        "labels": [one_line(label) for label in labels],
        "ids": [one_line(example.id) for example in examples],
        "gold": [place[example.label] for example in examples],
        "predicted": [
            [
                place[p.label] if p.label is not None else len(labels) + (p.status == "failed")
                for p in run.columns[name].predictions
            ]
            for run in runs
        ],
    }
    if len(aspects) > 1:
        number = {aspect: index for index, aspect in enumerate(aspects)}
        found["aspects"] = [one_line(aspect) for aspect in aspects]
        found["aspect"] = [number[example.aspect] for example in examples]
    return found


def _add_texts(material: Material, runs: Sequence[Run], datasets: list[dict[str, Any]]) -> int:
    """Add texts to the datasets' columns, first of the examples that no run gets right, then of
    those that some do; each dataset has its share of the room, the smallest first, and leaves what
    it does not need. Return how many examples have theirs."""
    room, count = ROOM, 0
    by_size = sorted(datasets, key=lambda one: len(one["ids"]))
    for left, dataset in zip(range(len(by_size), 0, -1), by_size, strict=True):
        share = room // left
        texts: dict[int, list[Any]] = {}
        for row in _most_telling(dataset):
            entry = _texts(runs, dataset["name"], row)
            size = len(entry[0]) + len(entry[1]) + sum(map(len, entry[2]))
            if size > share:
                break
            share -= size
            room -= size
            texts[row] = entry
        dataset["texts"] = {str(row): texts[row] for row in sorted(texts)}
        count += len(texts)
    return count


def _most_telling(dataset: dict[str, Any]) -> list[int]:
    """Return the rows: first those that fewest runs get right, though not all of them."""

    def right(row: int) -> int:
        return sum(column[row] == dataset["gold"][row] for column in dataset["predicted"])

    return sorted(range(len(dataset["ids"])), key=right)


def _texts(runs: Sequence[Run], dataset: str, row: int) -> list[Any]:
    example = runs[0].columns[dataset].examples[row]
    answers = []
    for run in runs:
        response = run.columns[dataset].responses[row]
        answers.append(plain(response.text or response.error or ""))
    return [plain(example.post), plain(example.explanation), answers]
