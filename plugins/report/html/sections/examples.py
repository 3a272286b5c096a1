"""The example browser: every example with every run's label, as compact JSON for the script.

Labels are numbers (their place in the dataset's list), a list for each run: 190,000 labels are
400 KB. Texts are there only with posts, of the examples that teach most, as far as there is room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imhi import Prediction, Response
from imhi.io import sanitizing
from imhi.plugins.report.html.harmless import json_for_page, shown
from imhi.plugins.report.html.material import Material, Run
from imhi.runs import votes_in_words

ROOM = 4_500_000  # characters of texts in the page


# Post, reference, and the answer of each run.
Texts = tuple[str, str, Sequence[str]]


@dataclass
class BrowsedDataset:
    """A dataset's columns. A label's number is its place in ``labels``; the two after the last are
    *unparsed* and *no answer*. ``predicted`` has a list for each run, ``texts`` the row's number."""

    name: str
    labels: Sequence[str]
    ids: Sequence[str]
    gold: Sequence[int]
    predicted: Sequence[Sequence[int]]
    aspects: Sequence[str] | None = None
    aspect: Sequence[int] | None = None
    texts: Mapping[str, Texts] | None = None


@dataclass(frozen=True)
class Browser:
    """What the script reads; ``texts`` says how many of the ``examples`` have theirs."""

    runs: Sequence[str]
    datasets: Sequence[BrowsedDataset]
    examples: int
    texts: int

    @property
    def json(self) -> str:
        """The data as the page holds them."""
        datasets = [
            {name: value for name, value in vars(one).items() if value is not None}
            for one in self.datasets
        ]
        return json_for_page({"runs": self.runs, "datasets": datasets})


def browser(material: Material) -> Browser:
    """Return every example with every run's label, and texts where posts are asked for."""
    runs = material.ordered()
    datasets = [_dataset(material, runs, name) for name in material.datasets]
    return Browser(
        [shown(run.name) for run in runs],
        datasets,
        sum(len(one.ids) for one in datasets),
        _add_texts(runs, datasets) if material.with_posts else 0,
    )


def _dataset(material: Material, runs: Sequence[Run], name: str) -> BrowsedDataset:
    examples = runs[0].columns[name].examples
    labels = list(material.labels[name])
    place: dict[str | None, int] = {label: index for index, label in enumerate(labels)}
    dataset = BrowsedDataset(
        name,
        [sanitizing.one_line(label) for label in labels],
        [sanitizing.one_line(example.id) for example in examples],
        [place[example.label] for example in examples],
        [
            [
                place[p.label] if p.label is not None else len(labels) + (p.status == "failed")
                for p in run.columns[name].predictions
            ]
            for run in runs
        ],
    )
    number = {
        aspect: index for index, aspect in enumerate(dict.fromkeys(e.aspect for e in examples))
    }
    if len(number) > 1:
        dataset.aspects = [sanitizing.one_line(aspect) for aspect in number]
        dataset.aspect = [number[example.aspect] for example in examples]
    return dataset


def _add_texts(runs: Sequence[Run], datasets: Sequence[BrowsedDataset]) -> int:
    """Add texts to the datasets' columns, first of the examples that no run gets right, then of
    those that some do; each dataset has its share of the room, the smallest first, and leaves what
    it does not need. Return how many examples have theirs."""
    room, count = ROOM, 0
    by_size = sorted(datasets, key=lambda one: len(one.ids))
    for left, dataset in zip(range(len(by_size), 0, -1), by_size, strict=True):
        share = room // left
        texts: dict[int, Texts] = {}
        for row in _most_telling(dataset):
            post, reference, answers = _texts(runs, dataset.name, row)
            size = len(post) + len(reference) + sum(map(len, answers))
            if size > share:
                break
            share -= size
            room -= size
            texts[row] = (post, reference, answers)
        dataset.texts = {str(row): texts[row] for row in sorted(texts)}
        count += len(texts)
    return count


def _most_telling(dataset: BrowsedDataset) -> list[int]:
    """Return the rows: first those that fewest runs get right, though not all of them."""

    def right(row: int) -> int:
        return sum(column[row] == dataset.gold[row] for column in dataset.predicted)

    return sorted(range(len(dataset.ids)), key=right)


def _texts(runs: Sequence[Run], dataset: str, row: int) -> Texts:
    example = runs[0].columns[dataset].examples[row]
    columns = [run.columns[dataset] for run in runs]
    answers = [_answer(one.predictions[row], one.responses[row]) for one in columns]
    return sanitizing.plain(example.post), sanitizing.plain(example.explanation), answers


def _answer(prediction: Prediction, response: Response) -> str:
    """Return what was answered; of several samples the one that stands for them, and how they voted."""
    said = response.text or response.error or ""
    votes = f"[votes: {votes_in_words(prediction.votes)}] " if prediction.votes else ""
    return sanitizing.plain(votes + said)
