"""The examples that all runs have, each with what every run says about it."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imhi import Example, HarnessError, Prediction, Response
from imhi.plugins.report.error_analysis.result import MOST_RUNS, NO_ANSWER, UNPARSED
from imhi.runs import Columns


@dataclass(frozen=True)
class AlignedDataset:
    """A dataset's examples that all ``runs`` have; ``left_out`` others are in some only.

    ``predictions[r][i]``, ``responses[r][i]`` and ``wrong[r][i]`` are run ``r``'s on
    ``examples[i]``. ``strata`` groups the examples by question and gold label: only within these
    are examples alike enough for errors to be compared.
    """

    dataset: str
    runs: Sequence[str]
    left_out: int
    examples: Sequence[Example]
    responses: Sequence[Sequence[Response]]
    predictions: Sequence[Sequence[Prediction]]
    wrong: Sequence[Sequence[bool]]
    strata: Mapping[tuple[str, str], Sequence[int]]

    @property
    def missed_by(self) -> list[int]:
        """How many runs miss each example."""
        return [sum(flags) for flags in zip(*self.wrong, strict=True)]

    def wrong_by_run(self) -> dict[str, Sequence[bool]]:
        """Return which examples each run misses, by its name; the runs together (more than half of
        them) come first where there are several."""
        found: dict[str, Sequence[bool]] = {}
        if len(self.runs) > 1:
            found[MOST_RUNS] = [2 * count > len(self.runs) for count in self.missed_by]
        return found | dict(zip(self.runs, self.wrong, strict=True))

    @property
    def chances(self) -> list[tuple[float, float]]:
        """How likely all runs miss each example, and how likely all get it right, if they erred
        independently with their shares of errors on its question and gold label."""
        found = [(0.0, 0.0)] * len(self.examples)
        for rows in self.strata.values():
            shares = [sum(flags[row] for row in rows) / len(rows) for flags in self.wrong]
            both = (math.prod(shares), math.prod(1 - share for share in shares))
            for row in rows:
                found[row] = both
        return found


def align_all(
    columns: Mapping[str, Mapping[str, Columns]], labels: Mapping[str, Sequence[str]]
) -> tuple[list[AlignedDataset], list[str]]:
    """Return the datasets that all runs have, and a sentence for each of the others.

    ``columns``: run -> dataset -> its rows. ``labels``: dataset -> its label names.

    Raises:
        HarnessError: there is nothing in common, runs differ in the gold label or the question of
            an example, or a gold label is none of the dataset's.
    """
    if not columns:
        raise HarnessError("error analysis: found no run, expected at least one")
    names = dict.fromkeys(itertools.chain.from_iterable(columns.values()))
    found = []
    left_out = []
    for name in names:
        lacking = [run for run, datasets in columns.items() if name not in datasets]
        if lacking:
            left_out.append(f"{name}: not in {', '.join(lacking)}")
            continue
        aligned = _align(name, {run: datasets[name] for run, datasets in columns.items()})
        if not aligned.examples:
            left_out.append(f"{name}: no example is in all runs")
            continue
        _check_labels(aligned, labels)
        found.append(aligned)
    if not found:
        raise HarnessError(
            f"error analysis: the runs have no example in common ({'; '.join(left_out)}); give runs "
            "on the same split of the same datasets"
        )
    return found, left_out


def _align(dataset: str, columns: Mapping[str, Columns]) -> AlignedDataset:
    first, *others = columns
    shared = dict(zip(columns, Columns.on_shared_examples(list(columns.values())), strict=True))
    examples = shared[first].examples
    for run in others:
        _check_same(dataset, first, run, examples, shared[run].examples)
    strata: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        strata[example.aspect, example.label].append(row)
    in_any = {example.id for one in columns.values() for example in one.examples}
    return AlignedDataset(
        dataset=dataset,
        runs=list(columns),
        left_out=len(in_any) - len(examples),
        examples=examples,
        responses=[one.responses for one in shared.values()],
        predictions=[one.predictions for one in shared.values()],
        wrong=[(~one.right).tolist() for one in shared.values()],
        strata=strata,
    )


def _check_same(
    dataset: str, first: str, other: str, ours: Sequence[Example], theirs: Sequence[Example]
) -> None:
    for one, two in zip(ours, theirs, strict=True):
        for what, a, b in (
            ("gold label", one.label, two.label),
            ("question", one.aspect, two.aspect),
        ):
            if a != b:
                raise HarnessError(
                    f"{dataset}/{one.id}: the {what} is {a!r} in {first} and {b!r} in {other}, "
                    "expected one: the runs were made from other data; run one of them again on "
                    "the other's"
                )


def _check_labels(aligned: AlignedDataset, labels: Mapping[str, Sequence[str]]) -> None:
    known = labels.get(aligned.dataset)
    if known is None:
        raise HarnessError(
            f"error analysis: found no labels of {aligned.dataset}, expected its label names"
        )
    for example in aligned.examples:
        if example.label not in known:
            raise HarnessError(
                f"{aligned.dataset}/{example.id}: the gold label is {example.label!r}, expected one "
                f"of {', '.join(known)}; run again with the dataset as it is declared now"
            )


def shown_label(prediction: Prediction) -> str:
    """Return a prediction's label, or in parentheses why there is none."""
    if prediction.label is not None:
        return prediction.label
    return NO_ANSWER if prediction.status == "failed" else UNPARSED
