"""Counts and lists: what all runs miss, what flips between them, what contradicts itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from imhi import Prediction, Response
from imhi.plugins.report.error_analysis.aligning import AlignedDataset, align_all, shown_label
from imhi.plugins.report.error_analysis.result import (
    Cluster,
    Contradiction,
    DatasetCounts,
    DistinctiveWord,
    ErrorAnalysis,
    Flip,
    Missed,
    RunCounts,
)
from imhi.runs import Columns


def analyse(
    columns: Mapping[str, Mapping[str, Columns]],
    labels: Mapping[str, Sequence[str]],
    *,
    with_posts: bool = False,
    with_clusters: bool = True,
) -> ErrorAnalysis:
    """Return what runs get wrong, on the examples that all of them have.

    ``columns``: run's display name -> dataset -> its rows. ``labels``: dataset -> its label names.
    ``with_posts`` puts the texts of posts in. Clusters (and distinctive words) need scikit-learn and
    some seconds; the rest needs neither.

    Raises:
        HarnessError: runs have nothing in common, or different gold labels for one example.
    """
    aligned, left_out = align_all(columns, labels)
    contradictions = [row for one in aligned for row in _contradictions(one, with_posts)]
    # An answer may say a second thing twice: in its explanation, and as the model's own label.
    answers = {(row.dataset, row.run, row.id) for row in contradictions}
    contradicting = Counter((dataset, run) for dataset, run, _ in answers)
    missed = [row for one in aligned for row in _missed_by_all(one, with_posts)]
    flips = [row for one in aligned for row in _flips(one, with_posts)]
    clusters: list[Cluster] = []
    words: list[DistinctiveWord] = []
    if with_clusters:
        from imhi.plugins.report.error_analysis.clustering import find_clusters

        clusters, words, without = find_clusters(aligned)
        left_out += without
    return ErrorAnalysis(
        runs=list(columns),
        counts=[_counts(one, contradicting) for one in aligned],
        # Sorting keeps the order of the data among equals.
        missed_by_all=sorted(missed, key=lambda row: row.chance),
        flips=sorted(flips, key=lambda row: -row.inversions),
        contradictions=contradictions,
        clusters=clusters,
        words=words,
        left_out=left_out,
    )


def _answers(one: AlignedDataset, row: int) -> dict[str, str]:
    return {run: shown_label(own[row]) for run, own in zip(one.runs, one.predictions, strict=True)}


def _missed_by_all(one: AlignedDataset, with_posts: bool) -> Iterator[Missed]:
    for row, (count, (chance, _)) in enumerate(zip(one.missed_by, one.chances, strict=True)):
        if count < len(one.runs):
            continue
        example = one.examples[row]
        yield Missed(
            dataset=one.dataset,
            id=example.id,
            aspect=example.aspect,
            gold=example.label,
            answers=_answers(one, row),
            unread=_unread(one, row),
            chance=chance,
            post=example.post if with_posts else "",
        )


def _unread(one: AlignedDataset, row: int) -> bool:
    return all(own[row].label is None for own in one.predictions)


def _flips(one: AlignedDataset, with_posts: bool) -> Iterator[Flip]:
    errors = [sum(flags) for flags in one.wrong]
    order = sorted(range(len(one.runs)), key=lambda run: errors[run])
    for row, count in enumerate(one.missed_by):
        if count in (0, len(one.runs)):
            continue
        right = [run for run in order if not one.wrong[run][row]]
        wrong = [run for run in order if one.wrong[run][row]]
        example = one.examples[row]
        yield Flip(
            dataset=one.dataset,
            id=example.id,
            aspect=example.aspect,
            gold=example.label,
            answers=_answers(one, row),
            right=[one.runs[run] for run in right],
            wrong=[one.runs[run] for run in wrong],
            # Runs with equally many errors are neither better nor worse.
            inversions=sum(errors[w] < errors[r] for w in wrong for r in right),
            post=example.post if with_posts else "",
        )


def _contradictions(one: AlignedDataset, with_posts: bool) -> Iterator[Contradiction]:
    """Yield, run by run, answers whose two labels differ."""
    for run, predictions, responses in zip(one.runs, one.predictions, one.responses, strict=True):
        for example, prediction, response in zip(one.examples, predictions, responses, strict=True):
            for between, other in _second_labels(prediction, response):
                label = shown_label(prediction)
                yield Contradiction(
                    dataset=one.dataset,
                    id=example.id,
                    aspect=example.aspect,
                    gold=example.label,
                    run=run,
                    between=between,
                    label=label,
                    other=other,
                    right="label"
                    if label == example.label
                    else "other"
                    if other == example.label
                    else "neither",
                    post=example.post if with_posts else "",
                )


def _second_labels(
    prediction: Prediction, response: Response
) -> Iterator[tuple[Literal["explanation", "model"], str]]:
    if prediction.contradiction and prediction.explanation_label is not None:
        yield "explanation", prediction.explanation_label
    if response.label is not None and response.label != prediction.label:
        yield "model", response.label


def _counts(one: AlignedDataset, contradicting: Mapping[tuple[str, str], int]) -> DatasetCounts:
    counted = one.missed_by
    missed_by = [0] * (len(one.runs) + 1)
    for count in counted:
        missed_by[count] += 1
    chances = one.chances
    runs = {}
    for run, wrong, predictions in zip(one.runs, one.wrong, one.predictions, strict=True):
        status = [prediction.status for prediction in predictions]
        runs[run] = RunCounts(
            errors=sum(wrong),
            unparsed=status.count("unparsed"),
            no_answer=status.count("failed"),
            contradictions=contradicting.get((one.dataset, run), 0),
            only_right=sum(
                not own and count == len(one.runs) - 1
                for own, count in zip(wrong, counted, strict=True)
            ),
            only_wrong=sum(own and count == 1 for own, count in zip(wrong, counted, strict=True)),
        )
    return DatasetCounts(
        dataset=one.dataset,
        examples=len(one.examples),
        left_out=one.left_out,
        missed_by=missed_by,
        expected_missed_by_all=sum(missed for missed, _ in chances),
        expected_right_by_all=sum(right for _, right in chances),
        unread_by_all=sum(_unread(one, row) for row in range(len(one.examples))),
        runs=runs,
    )
