"""Slices: how often labels are right among short and long posts, posts that speak of their writer or
not, by question and by gold label."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from imhi import Example
from imhi.plugins.report.html.material import Material, Run
from imhi.plugins.report.html.sections.classes import Bar
from imhi.plugins.report.html.wording import NONE, number

FEW = 30  # examples below which a slice says little
_FIRST_PERSON = re.compile(r"\b(?:i|i['’](?:m|ve|d|ll)|me|my|mine|myself)\b", re.IGNORECASE)
_PERSONS = ("says I, me or my", "does not")
_QUARTERS = ("shortest quarter", "second quarter", "third quarter", "longest quarter")


@dataclass(frozen=True)
class SliceLine:
    """A slice with each run's share of right labels; ``few`` where it is too small to say much."""

    name: str
    examples: int
    few: bool
    bars: Sequence[Bar]


@dataclass(frozen=True)
class DatasetSlices:
    """Groups of slices: what they are by, and their lines."""

    dataset: str
    runs: Sequence[str]
    groups: Sequence[tuple[str, Sequence[SliceLine]]]


def dataset_slices(material: Material) -> list[DatasetSlices]:
    """Return each dataset's slices, by length, person, question and gold label."""
    runs = material.ordered()
    return [
        DatasetSlices(dataset, [run.name for run in runs], _groups(material, runs, dataset))
        for dataset in material.datasets
    ]


def _groups(
    material: Material, runs: Sequence[Run], dataset: str
) -> list[tuple[str, Sequence[SliceLine]]]:
    examples = runs[0].columns[dataset].examples
    right = [
        [
            example.label == prediction.label
            for example, prediction in zip(
                run.columns[dataset].examples, run.columns[dataset].predictions, strict=True
            )
        ]
        for run in runs
    ]
    groups: list[tuple[str, Sequence[SliceLine]]] = []
    if any(example.post for example in examples):
        names, quarter_of = _length_quarters(examples)
        groups.append(("post length", _lines(examples, right, names, quarter_of)))
        groups.append(("first person", _lines(examples, right, _PERSONS, _person)))
    aspects = list(dict.fromkeys(example.aspect for example in examples))
    if len(aspects) > 1:
        groups.append(("question", _lines(examples, right, aspects, lambda one: one.aspect)))
    labels = material.labels[dataset]
    groups.append(("gold label", _lines(examples, right, labels, lambda one: one.label)))
    return groups


def _person(example: Example) -> str:
    """Say whether a post speaks of its writer: annotators and models judge a poster by it."""
    return _PERSONS[0] if _FIRST_PERSON.search(example.post) else _PERSONS[1]


def _length_quarters(examples: Sequence[Example]) -> tuple[list[str], Callable[[Example], str]]:
    """Return the quarters' names with their bounds in words, and which one an example is in."""
    lengths = {example.id: len(example.post.split()) for example in examples}
    ordered = sorted(lengths.values())
    bounds = [ordered[len(ordered) * part // 4] for part in (1, 2, 3)]
    starts = [ordered[0], *bounds]
    names = []
    for index, name in enumerate(_QUARTERS):
        end = ordered[-1] if index == 3 else max(starts[index], starts[index + 1] - 1)
        names.append(f"{name}: {starts[index]:,} to {end:,} words")

    def quarter_of(example: Example) -> str:
        return names[sum(lengths[example.id] >= bound for bound in bounds)]

    return names, quarter_of


def _lines(
    examples: Sequence[Example],
    right: Sequence[Sequence[bool]],
    names: Sequence[str],
    slice_of: Callable[[Example], str],
) -> list[SliceLine]:
    rows: dict[str, list[int]] = {name: [] for name in names}
    for row, example in enumerate(examples):
        rows.setdefault(slice_of(example), []).append(row)
    lines = []
    for name, members in rows.items():
        bars = []
        for one in right:
            share = 100 * sum(one[row] for row in members) / len(members) if members else 0.0
            bars.append(Bar(share, number(share, 1) if members else NONE))
        lines.append(SliceLine(name, len(members), len(members) < FEW, bars))
    return lines
