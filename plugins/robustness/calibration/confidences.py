"""How sure a model is of each label: by the probabilities it gives, or by how far repeated samples
of it agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imhi import Array, HarnessError, digest
from imhi.runs import Columns, NotComparable, RunFolder, RunSet, distinct_names

_SAMPLES_SHARE = ("model_identity", "prompt", "generation", "split", "limit")
NO_ANSWER = "no answer"
NO_LABEL = "no label"
NO_PROBABILITIES = "no probabilities"


@dataclass(frozen=True)
class Subject:
    """A model whose confidence is looked at: one run with probabilities, or several samples."""

    model: str
    folders: Sequence[RunFolder]

    @property
    def by_samples(self) -> bool:
        """Whether confidence is how far samples agree."""
        return len(self.folders) > 1

    @property
    def confidence_from(self) -> str:
        """Where the confidence comes from, in words."""
        count = len(self.folders) if self.by_samples else self.folders[0].manifest().samples
        return f"agreement of {count} samples" if count > 1 else "probabilities"


@dataclass(frozen=True)
class Decisions:
    """What a model decided on one dataset, and how likely it held each label.

    ``probabilities`` has shape (n, labels); of samples they are shares, and what is missing to 1 gave
    no label. ``chosen`` and ``gold`` are positions among the labels, shape (n,). ``posts`` names the
    post of each row. ``left_out`` counts the examples that are not among the n, by reason.
    """

    probabilities: Array
    chosen: np.ndarray
    gold: np.ndarray
    posts: Sequence[str]
    left_out: Mapping[str, int]

    @property
    def confidence(self) -> Array:
        """The probability of the label that was chosen, shape (n,)."""
        return np.asarray(self.probabilities[np.arange(len(self.chosen)), self.chosen])

    @property
    def right(self) -> np.ndarray:
        """Which labels are the gold ones, shape (n,), of bool."""
        return np.asarray(self.chosen == self.gold)


def subjects(folders: Sequence[RunFolder]) -> list[Subject]:
    """Return the models that runs are of. Runs that differ in nothing but their seed are samples of
    one model, unless they have probabilities: then each stands alone.

    Raises:
        HarnessError: a run has no probabilities, and nothing to be a sample beside.
    """
    groups: dict[str, list[RunFolder]] = {}
    for folder in folders:
        manifest = folder.manifest()
        key = str(folder.path)
        if not _has_probabilities(folder):
            key = digest([getattr(manifest, name) for name in _SAMPLES_SHARE])
        groups.setdefault(key, []).append(folder)
    for key, members in groups.items():
        if key != str(members[0].path):
            _check_samples(members)
    firsts = [members[0] for members in groups.values()]
    manifests = [folder.manifest() for folder in firsts]
    names = distinct_names(
        [
            (one.model, one.prompt.style, str(folder.path))
            for one, folder in zip(manifests, firsts, strict=True)
        ]
    )
    return [Subject(name, members) for name, members in zip(names, groups.values(), strict=True)]


def _has_probabilities(folder: RunFolder) -> bool:
    # Of a run with several samples per example, the shares of votes are.
    return folder.manifest().samples > 1 or any(
        response.probabilities
        for dataset in folder.datasets()
        for response in folder.responses(dataset)
    )


def _check_samples(folders: Sequence[RunFolder]) -> None:
    manifests = [folder.manifest() for folder in folders]
    model = manifests[0].model
    seeds = [manifest.seed for manifest in manifests]
    how = (
        "expected probabilities (--answer likelihood, baseline:tfidf, a classifier through hf:), samples "
        "of one model at a temperature above 0: imhi run --model MODEL --temperature 0.7 --samples 5, or "
        "two or more runs with other seeds (--seed 1, then --seed 2 ...), all of them named"
    )
    if len(folders) < 2:
        raise HarnessError(
            f"{folders[0].path}: found answers of {model} without probabilities and no second "
            f"sample of them, {how}"
        )
    if not manifests[0].generation["temperature"] > 0:
        raise HarnessError(
            f"{folders[0].path}: found {len(folders)} runs of {model} at temperature 0, which cannot "
            f"differ by chance, {how}"
        )
    doubled = [seed for seed, count in Counter(seeds).items() if count > 1]
    if doubled:
        raise HarnessError(
            f"{folders[0].path}: found the seed {doubled[0]} twice among the runs of {model}, expected "
            "samples with other seeds; name each once"
        )


def decisions(
    subject: Subject, dataset: str, labels: Sequence[str], labeler: str
) -> tuple[Decisions, int]:
    """Return what a model decided, and how many examples the dataset has.

    Raises:
        HarnessError: samples were asked other things or read by other labelers; the labeler has not
            read the answers; nothing is left.
    """
    columns = _columns(subject, dataset, labeler)
    by_samples = subject.by_samples
    found = _of_samples(columns, labels) if by_samples else _of_probabilities(columns[0], labels)
    if not len(found.chosen):
        reasons = ", ".join(f"{count} {reason}" for reason, count in found.left_out.items())
        raise HarnessError(
            f"{subject.folders[0].path}: {dataset}: found no example with a label and a confidence "
            f"({reasons}), expected at least one; leave the dataset out with --dataset"
        )
    return found, len(columns[0].examples)


def _columns(subject: Subject, dataset: str, labeler: str) -> Sequence[Columns]:
    try:
        runs = RunSet.open(subject.folders, labeler=labeler, datasets=[dataset], scored=False)
        return runs.aligned(dataset).columns
    except NotComparable as error:
        what = str(error).partition("; such runs")[0]
        raise HarnessError(
            f"{subject.model}: found samples that differ in more than their seed ({what}), expected the "
            "same prompts and labels read alike; give other runs"
        ) from None


def _of_probabilities(columns: Columns, labels: Sequence[str]) -> Decisions:
    def decide(row: int) -> tuple[list[float], str] | str:
        response, label = columns.responses[row], columns.predictions[row].label
        if response.error is not None:
            return NO_ANSWER
        if label is None:
            return NO_LABEL
        if not response.probabilities:
            return NO_PROBABILITIES
        return [response.probabilities.get(name, 0.0) for name in labels], label

    return _decisions(columns, labels, decide)


def _of_samples(columns: Sequence[Columns], labels: Sequence[str]) -> Decisions:
    """The label that most samples give (of equals, the one given first) is chosen."""

    def decide(row: int) -> tuple[list[float], str] | str:
        predictions = [one.predictions[row] for one in columns]
        if any(prediction.status == "failed" for prediction in predictions):
            return NO_ANSWER
        counts = Counter(one.label for one in predictions if one.label is not None)
        if not counts:
            return NO_LABEL
        shares = [counts[name] / len(predictions) for name in labels]
        return shares, counts.most_common(1)[0][0]

    return _decisions(columns[0], labels, decide)


def _decisions(
    columns: Columns,
    labels: Sequence[str],
    decide: Callable[[int], tuple[list[float], str] | str],
) -> Decisions:
    """Return what ``decide`` says of each row: how likely each label is held and which is chosen, or
    why it is left out."""
    place = {label: index for index, label in enumerate(labels)}
    rows: list[list[float]] = []
    chosen, gold, posts = [], [], []
    left_out: Counter[str] = Counter()
    for row, (example, post) in enumerate(zip(columns.examples, columns.clusters, strict=True)):
        decided = decide(row)
        if isinstance(decided, str):
            left_out[decided] += 1
            continue
        probabilities, label = decided
        rows.append(probabilities)
        chosen.append(place[label])
        gold.append(place[example.label])
        posts.append(post)
    return Decisions(
        np.array(rows, dtype=np.float64).reshape(len(rows), len(labels)),
        np.array(chosen, dtype=np.int64),
        np.array(gold, dtype=np.int64),
        posts,
        dict(left_out),
    )
