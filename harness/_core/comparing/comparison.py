"""Runs beside each other: values and ranks with intervals, and every pair tested."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imhi._core.comparing.answers import ALL, Answers
from imhi._core.comparing.engine_facts import about_engines, engine_differences
from imhi._core.comparing.intervals import Intervals, mean_intervals
from imhi._core.comparing.measures import choose_metrics, metric_group
from imhi._core.comparing.pairs import corrected, counted_examples, tested_pairs
from imhi._core.comparing.resampling import Resamples, means
from imhi._core.comparing.result import (
    ComparedMetric,
    Comparison,
    ExampleCounts,
    ModelValue,
    Pair,
)
from imhi._core.comparing.run_set import RunSet
from imhi._core.comparing.values import model_values
from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store import RunFolder
from imhi._core.settings import RunSettings
from imhi._core.statistics.measures import with_values_in_all
from imhi._core.views import OpenView


def compare(
    runs: Sequence[RunFolder | str | Path],
    manager: PluginManager | None = None,
    *,
    labeler: str = "",
    metrics: Sequence[str] = (),
    datasets: Sequence[str] = (),
    allow: Sequence[str] = (),
    resamples: int = 10_000,
    seed: int = 0,
    view: OpenView | None = None,
    rows: str = ALL,
) -> Comparison:
    """Compare scored runs on the examples they share; a single run has values and no pairs.

    Args:
        runs: run folders.
        manager: the plugins to use (default: all that are installed).
        labeler: whose labels are compared (default: hybrid where all have it, else the one they
            share).
        metrics: names of measures, metrics or groups, or ``all`` (default: weighted F1).
        datasets: only these (default: all that the runs share).
        allow: in what runs may differ (:data:`imhi._core.comparing.alignment.ALLOWANCES`).
        resamples: of the bootstrap, and as many permutations.
        view: which gold labels and which examples count (None: the released ones, all).
        rows: ``all``, where one without an answer counts as wrong, or ``answered``: those that all
            runs answered.

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a run is not scored.
    """
    if not runs:
        raise HarnessError("compare(): found no run, expected at least one run folder")
    opened = RunSet.open(
        runs, manager, labeler=labeler, datasets=datasets, allow=allow, view=view, rows=rows
    )
    with opened:
        return compare_run_set(opened, metrics, resamples, seed)


def compare_run_set(
    runs: RunSet, metrics: Sequence[str] = (), resamples: int = 10_000, seed: int = 0
) -> Comparison:
    """Compare runs that are open, as :func:`compare` does.

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a run is not scored; there is nothing to compare by.
    """
    RunSettings(resamples=resamples, seed=seed)  # says what is wrong with them
    registry = runs.manager.registry
    with runs.manager.naming_failures():
        chosen, not_chosen = choose_metrics(runs.scores, metrics, runs.datasets, registry)
    if not chosen:
        raise HarnessError(f"there is nothing to compare by: {'; '.join(not_chosen)}")
    parts = [_compared_dataset(runs, name, chosen, resamples, seed) for name in runs.datasets]
    notes = [*runs.notes, *(note for part in parts for note in part.notes)]
    parts = [part for part in parts if part.resamples or part.missing]
    if not parts:
        raise HarnessError(
            f"no example is left to compare ({'; '.join(notes)}); choose another view or other rows"
        )
    answers = [one for part in parts for one in part.answers]
    differences = engine_differences(runs.names, runs.manifests)
    notes += [*runs.about_answers(answers), *about_engines(differences)]
    missing = dict.fromkeys(name for part in parts for name in part.missing)
    chosen = {name: metric for name, metric in chosen.items() if name not in missing}
    without = [f"{name}: it has no values per example to compare by" for name in missing]
    values, pairs = _tested(runs, parts, chosen)
    return Comparison(
        names=runs.names,
        runs=[str(folder.path) for folder in runs.folders],
        labeler=runs.labeler,
        split=runs.split,
        source=runs.source,
        synthetic=runs.synthetic,
        datasets=[part.dataset for part in parts],
        metrics=chosen,
        values=values,
        pairs=pairs,
        left_out=list(dict.fromkeys([*runs.left_out, *not_chosen, *without])),
        notes=list(dict.fromkeys(notes)),
        settings={"resamples": resamples, "seed": seed, "allow": list(runs.allow)},
        view=runs.view.name if runs.view else "",
        rows=runs.rows,
        answers=answers,
        engine_differences=differences,
    )


@dataclass
class _ComparedDataset:
    """One dataset's resamples and intervals by measure, with what counting its examples says of each
    two runs."""

    dataset: str
    notes: list[str]
    resamples: dict[str, Resamples] = field(default_factory=dict)
    intervals: dict[str, Intervals] = field(default_factory=dict)
    counts: dict[str, list[ExampleCounts]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    answers: list[Answers] = field(default_factory=list)


def _compared_dataset(
    runs: RunSet, dataset: str, chosen: Mapping[str, ComparedMetric], resamples: int, seed: int
) -> _ComparedDataset:
    """Draw from one dataset, once for all runs; nothing is drawn where no example is left."""
    aligned = runs.aligned(dataset)
    part = _ComparedDataset(dataset, list(aligned.notes))
    if not aligned.columns[0].examples:
        return part
    part.answers = runs.answers(aligned)
    measures = runs.measure(aligned, chosen)
    right = [columns.right for columns in aligned.columns]
    for name, metric in chosen.items():
        if not all(name in of_run for of_run in measures):
            part.missing.append(name)
            continue
        by_run, posts, dropped = with_values_in_all(
            [of_run[name] for of_run in measures], aligned.columns[0].clusters
        )
        if dropped:
            part.notes.append(
                f"{dataset}: {name} is compared on the {len(posts):,} examples for which all runs "
                f"have a value; {dropped:,} have none in one of them"
            )
        part.resamples[name] = Resamples.draw(
            by_run, posts, resamples, seed, dataset, permutations=resamples
        )
        part.intervals[name] = Intervals.of(by_run, posts)
        is_labels = metric_group(metric.made_by, runs.manager.registry) == "labels"
        part.counts[name] = [
            counted_examples(metric, is_labels, right[a], right[b], by_run[a], by_run[b])
            for a, b in itertools.combinations(range(len(by_run)), 2)
        ]
    return part


def _tested(
    runs: RunSet,
    parts: Sequence[_ComparedDataset],
    chosen: Mapping[str, ComparedMetric],
) -> tuple[list[ModelValue], list[Pair]]:
    """Return every run's values and every pair, on each dataset and for the means."""
    values: list[ModelValue] = []
    pairs: list[Pair] = []
    for metric in chosen.values():
        tested: list[Pair] = []
        for part in parts:
            drawn, counts = part.resamples[metric.name], part.counts[metric.name]
            bounds = part.intervals[metric.name]
            crossed = _cross_fitted(runs, [part.dataset])
            values += model_values(metric, part.dataset, "", runs.names, drawn, bounds, crossed)
            tested += tested_pairs(metric, part.dataset, "", runs.names, drawn, bounds, counts)
        pairs += corrected(tested)
        by_dataset = {part.dataset: part.resamples[metric.name] for part in parts}
        mean_bounds = mean_intervals(
            {part.dataset: part.intervals[metric.name] for part in parts}, runs.manager.registry
        )
        for over, mean in means(by_dataset, runs.manager.registry).items():
            crossed = _cross_fitted(runs, [part.dataset for part in parts])
            values += model_values(metric, "", over, runs.names, mean, mean_bounds[over], crossed)
            pairs += tested_pairs(metric, "", over, runs.names, mean, mean_bounds[over])
    return values, pairs


def _cross_fitted(runs: RunSet, datasets: Sequence[str]) -> list[bool]:
    """Say of each run whether it was cross-fitted on any of the datasets."""
    marked = [folder.manifest().cross_fitted for folder in runs.folders]
    return [any(name in of_run for name in datasets) for of_run in marked]
