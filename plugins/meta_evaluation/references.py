"""The rows that metrics are given, made of annotated answers and the dataset's references.

Annotation files carry no reference explanations. They are joined from a source by the post, white
space and case aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi import (
    DataError,
    Dataset,
    Example,
    HarnessError,
    OpenSource,
    Registry,
    Response,
    answer_format,
    open_source,
    post_key,
)
from imhi.plugins.meta_evaluation.annotations import ASPECT, LABEL, Annotated


class NoSource:
    """A source (:class:`imhi.OpenSource`) that has nothing."""

    def datasets(self) -> Sequence[str]:
        """Return no dataset."""
        return []

    def splits(self, dataset: str) -> Sequence[str]:
        """Return no split."""
        return []

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield no example."""
        return iter(())

    def checksum(self, dataset: str, split: str) -> str:
        """Return the checksum of nothing."""
        return ""

    def describe(self) -> Mapping[str, Any]:
        """Return nothing to say."""
        return {}


def source_above(paths: Sequence[Path], registry: Registry) -> str:
    """Return the source ``official:FOLDER`` whose folder holds the first path; empty if none does."""
    if not paths or "official" not in registry.sources.things:
        return ""
    for folder in [paths[0].expanduser().resolve(), *paths[0].expanduser().resolve().parents]:
        if not (folder / "test_data").is_dir():
            continue
        try:
            return open_source(f"official:{folder}", registry)[0]
        except HarnessError:
            continue
    return ""


@dataclass(frozen=True)
class References:
    """Reference rows by post and aspect. ``ambiguous`` counts posts with different references."""

    rows: Mapping[tuple[str, str], Example]
    ambiguous: int = 0


def read_references(source: OpenSource, dataset: Dataset, split: str) -> References:
    """Return the references of a split; the first one where a post has several.

    Raises:
        HarnessError: the source does not have the dataset or the split, or cannot be read.
    """
    if dataset.name not in source.datasets():
        raise HarnessError(
            f"the source has no dataset {dataset.name} (it has: "
            f"{', '.join(source.datasets()) or 'none'}); choose one with --dataset"
        )
    if split not in source.splits(dataset.name):
        raise HarnessError(
            f"the source has no split '{split}' of {dataset.name} (it has: "
            f"{', '.join(source.splits(dataset.name)) or 'none'}); choose one with --split"
        )
    rows: dict[tuple[str, str], Example] = {}
    different = set()
    for example in source.examples(dataset.name, split):
        key = (post_key(example.post), example.aspect)
        first = rows.setdefault(key, example)
        if (first.explanation, first.label) != (example.explanation, example.label):
            different.add(key)
    return References(rows, len(different))


@dataclass(frozen=True)
class Answers:
    """The answers of one system as metrics read them. ``joined`` have a reference; for
    ``other_label`` the label of the annotations is not the reference's."""

    examples: Sequence[Example]
    responses: Sequence[Response]
    joined: int
    other_label: int


def answers_of(
    rows: Sequence[Annotated], dataset: Dataset, split: str, references: References
) -> Answers:
    """Return examples and responses; an example without a reference has an empty explanation.

    Raises:
        DataError: a label or an aspect that the dataset does not have.
    """
    examples, responses = [], []
    joined = other = 0
    for number, row in enumerate(rows):
        question = next((q for q in dataset.questions if q.aspect == row.aspect), None)
        if question is None:
            aspects = ", ".join(repr(q.aspect) for q in dataset.questions)
            raise DataError(
                f"{row.where}: found the aspect '{row.aspect}', expected one of {aspects} "
                f"({dataset.name} asks several questions: name it in a column '{ASPECT}')"
            )
        label = _label(row, dataset)
        key = post_key(row.post)
        reference = references.rows.get((key, row.aspect))
        joined += reference is not None
        other += reference is not None and reference.label != label
        name = f"{row.system}-{number}"
        examples.append(
            Example(
                id=name,
                dataset=dataset.name,
                split=split,
                post=row.post,
                question=question.text,
                label=label,
                explanation=reference.explanation if reference else "",
                aspect=row.aspect,
                post_id=key,
            )
        )
        responses.append(Response(name, dataset.name, "", text=row.answer))
    return Answers(examples, responses, joined, other)


def _label(row: Annotated, dataset: Dataset) -> str:
    """Return the label a cell means: a label in any of its wordings; 1 and 0 are yes and no."""
    if {"yes", "no"} <= set(dataset.label_names) and row.label in {"0", "1"}:
        return "yes" if row.label == "1" else "no"
    found, _ = answer_format.gold_label(row.label, dataset)
    if found is None:
        raise DataError(
            f"{row.where}: column '{LABEL}': found '{row.label[:40]}', expected one of "
            f"{', '.join(dataset.label_names)}"
            + (" (or 1, 0)" if {"yes", "no"} <= set(dataset.label_names) else "")
        )
    return found
