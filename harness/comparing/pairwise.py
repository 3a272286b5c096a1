"""Runs beside each other: values and ranks with intervals, and every pair tested."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.comparing.alignment import (
    align,
    check_allowances,
    check_settings,
    common_datasets,
    viewed,
)
from harness.comparing.measuring import (
    choose_metrics,
    is_label_metric,
    measure_all,
    right_labels,
    with_values_in_all,
)
from harness.comparing.result import ComparedMetric, Comparison, Disagreement, ModelValue, Pair
from harness.context import Context
from harness.errors import HarnessError
from harness.plugin_manager import PluginManager, load_plugins
from harness.registry import Registry
from harness.results import RunScores, distinct_names
from harness.run_store import RunFolder
from harness.run_store.kept import KeptValues
from harness.statistics import Array, Measure, interval
from harness.statistics.paired import exchanged, paired, resampled
from harness.statistics.ranks import rank_bounds, ranks
from harness.statistics.significance import (
    cohens_dz,
    cohens_g,
    detectable_difference,
    holm,
    mcnemar_p,
    permutation_p,
    posts_needed,
)
from harness.views import OpenView

DEFAULT_LABELER = "hybrid"


@dataclass(frozen=True)
class _Drawn:
    """One measure on one dataset (or a mean over several): every run's value, on all posts and on
    resampled ones, and every pair's difference with answers exchanged."""

    values: Array
    resampled: Array
    exchanged: Array
    posts: int
    examples: int


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
) -> Comparison:
    """Compare scored runs on the examples they share; a single run has values and no pairs.

    Args:
        runs: run folders.
        manager: the plugins to use (default: all that are installed).
        labeler: whose labels are compared (default: hybrid where all have it, else the one they
            share).
        metrics: names of measures, metrics or groups, or ``all`` (default: weighted F1).
        datasets: only these (default: all that the runs share).
        allow: in what runs may differ (:data:`harness.comparing.alignment.ALLOWANCES`).
        resamples: of the bootstrap, and as many permutations.
        view: which gold labels and which examples count (None: the released ones, all).

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a run is not scored, or one is given twice.
    """
    check_allowances(allow)
    manager = manager or load_plugins()
    folders = [run if isinstance(run, RunFolder) else RunFolder(Path(run)) for run in runs]
    if not folders:
        raise HarnessError("compare(): found no run, expected at least one run folder")
    _check_distinct(folders)
    registry = manager.registry
    labeler = labeler or _shared_labeler(folders)
    scores = [RunScores.from_json(f.scores(labeler), str(f.path)) for f in folders]
    notes = check_settings(folders, labeler, allow)
    common, left_out = common_datasets(folders, datasets)
    chosen, not_chosen = choose_metrics(scores, metrics, common, registry)
    left_out += not_chosen
    contexts = [_context(folder, manager) for folder in folders]

    empty: list[str] = []
    drawn: dict[tuple[str, str], _Drawn] = {}
    details: dict[tuple[str, str], list[dict[str, Any]]] = {}
    try:
        for dataset in common:
            aligned = align(folders, labeler, dataset, allow)
            notes += aligned.notes
            if view is not None:
                aligned, what = viewed(aligned, view, scores[0].split)
                notes += what
            if not aligned.columns[0].examples:
                empty.append(dataset)
                continue
            measures = [
                measure_all(chosen, aligned, *each)
                for each in zip(folders, scores, aligned.columns, contexts, strict=True)
            ]
            right = [right_labels(columns) for columns in aligned.columns]
            clusters = aligned.columns[0].clusters
            for metric in list(chosen.values()):
                if not all(metric.name in found for found in measures):
                    left_out.append(f"{metric.name}: it has no values per example to compare by")
                    del chosen[metric.name]
                    continue
                own, posts, dropped = with_values_in_all(
                    [found[metric.name] for found in measures], clusters
                )
                if dropped:
                    notes.append(
                        f"{dataset}: {metric.name} is compared on the {len(posts):,} examples for which "
                        f"all runs have a value; {dropped:,} have none in one of them"
                    )
                key = (metric.name, dataset)
                drawn[key] = _draw(own, posts, resamples, seed, dataset)
                details[key] = [
                    _counted(metric, registry, right[a], right[b], own[a], own[b])
                    for a, b in itertools.combinations(range(len(folders)), 2)
                ]
    finally:
        for context in contexts:
            context.values.close()

    common = [dataset for dataset in common if dataset not in empty]
    if not common:
        raise HarnessError(
            f"no example is left to compare ({'; '.join(notes)}); choose another view"
        )
    names = distinct_names(
        [(f.manifest()["model"], f.manifest()["prompt"]["style"], f.id) for f in folders]
    )
    values: list[ModelValue] = []
    pairs: list[Pair] = []
    for metric in chosen.values():
        per_dataset = {dataset: drawn[metric.name, dataset] for dataset in common}
        for dataset, one in per_dataset.items():
            values += _values(metric, dataset, "", names, one)
        pairs += _corrected(
            [
                pair
                for dataset, one in per_dataset.items()
                for pair in _pairs(metric, dataset, "", names, one, details[metric.name, dataset])
            ]
        )
        for over, mean in _means(per_dataset, registry).items():
            values += _values(metric, "", over, names, mean)
            pairs += _pairs(metric, "", over, names, mean, None)
    return Comparison(
        names=names,
        runs=[str(folder.path) for folder in folders],
        labeler=labeler,
        split="; ".join(dict.fromkeys(run.split for run in scores)),
        source="; ".join(dict.fromkeys(run.source for run in scores)),
        synthetic=any(run.synthetic for run in scores),
        datasets=common,
        metrics=chosen,
        values=values,
        pairs=pairs,
        left_out=list(dict.fromkeys(left_out)),
        notes=list(dict.fromkeys(notes)),
        settings={"resamples": resamples, "seed": seed, "allow": list(allow)},
        view=view.name if view else "",
    )


def _check_distinct(folders: Sequence[RunFolder]) -> None:
    places = [folder.path.resolve() for folder in folders]
    for place in places:
        if places.count(place) > 1:
            raise HarnessError(f"{place}: given twice; name each run once")


def _shared_labeler(folders: Sequence[RunFolder]) -> str:
    there = [folder.labelers() for folder in folders]
    shared = [name for name in there[0] if all(name in names for names in there)]
    if not shared:
        missing = next((f for f, names in zip(folders, there, strict=True) if not names), None)
        if missing is not None:
            raise HarnessError(
                f"{missing.path}: not scored yet; do it with: imhi score {missing.path}"
            )
        raise HarnessError(
            "the runs were scored with different labelers ("
            + "; ".join(f"{f.id}: {', '.join(n)}" for f, n in zip(folders, there, strict=True))
            + f"); score them with one, such as: imhi score RUN --labeler {DEFAULT_LABELER}"
        )
    return DEFAULT_LABELER if DEFAULT_LABELER in shared else shared[0]


def _context(folder: RunFolder, manager: PluginManager) -> Context:
    from harness.stages.again import reopen

    context = reopen(folder, manager)
    context.values = KeptValues(folder.path / "measured")
    return context


def _draw(
    measures: Sequence[Measure], clusters: Sequence[str], resamples: int, seed: int, dataset: str
) -> _Drawn:
    together = paired(measures, clusters)
    return _Drawn(
        together.values(),
        resampled(together, resamples, seed, dataset),
        exchanged(together, resamples, seed, dataset),
        together.posts,
        len(clusters),
    )


def _means(per_dataset: Mapping[str, _Drawn], registry: Registry) -> dict[str, _Drawn]:
    """Return the mean over datasets, and over tasks (a task's value is the mean of its datasets);
    datasets are drawn independently. Nothing where there is one dataset only."""
    if len(per_dataset) < 2:
        return {}
    tasks: dict[str, list[str]] = {}
    for dataset in per_dataset:
        tasks.setdefault(registry.task_of(dataset).name, []).append(dataset)

    def mean(groups: Sequence[Sequence[str]]) -> _Drawn:
        def of(what: str) -> Array:
            parts = [np.mean([getattr(per_dataset[d], what) for d in g], axis=0) for g in groups]
            return np.asarray(np.mean(parts, axis=0))

        posts, examples = (
            sum(getattr(one, what) for one in per_dataset.values())
            for what in ("posts", "examples")
        )
        return _Drawn(of("values"), of("resampled"), of("exchanged"), posts, examples)

    return {"datasets": mean([[d] for d in per_dataset]), "tasks": mean(list(tasks.values()))}


def _values(
    metric: ComparedMetric, dataset: str, over: str, names: Sequence[str], drawn: _Drawn
) -> list[ModelValue]:
    order = ranks(drawn.values, metric.higher_is_better)
    bounds = rank_bounds(drawn.resampled, metric.higher_is_better)
    found = []
    for run, name in enumerate(names):
        low, high = _bounds(float(drawn.values[run]), drawn.resampled[run], drawn.posts)
        value = _rounded(float(drawn.values[run]))
        found.append(
            ModelValue(
                metric.name, dataset, over, name, value, low, high, int(order[run]), *bounds[run]
            )
        )
    return found


def _pairs(
    metric: ComparedMetric,
    dataset: str,
    over: str,
    names: Sequence[str],
    drawn: _Drawn,
    details: Sequence[Mapping[str, Any]] | None,
) -> list[Pair]:
    found = []
    for index, (a, b) in enumerate(itertools.combinations(range(len(names)), 2)):
        difference = float(drawn.values[a] - drawn.values[b])
        scattered = drawn.resampled[a] - drawn.resampled[b]
        low, high = _bounds(difference, scattered, drawn.posts)
        p = permutation_p(difference, drawn.exchanged[index])
        deviation = float(np.nanstd(scattered)) if drawn.posts > 1 else 0.0
        found.append(
            Pair(
                metric=metric.name,
                dataset=dataset,
                over=over,
                a=names[a],
                b=names[b],
                difference=_rounded(difference),
                low=low,
                high=high,
                p=p,
                p_holm=p,
                posts=drawn.posts,
                examples=drawn.examples,
                posts_needed=posts_needed(drawn.posts, difference, deviation),
                detectable=_rounded(detectable_difference(deviation)),
                **(details[index] if details else {}),
            )
        )
    return found


def _corrected(pairs: Sequence[Pair]) -> list[Pair]:
    """Return pairs with p values corrected over the datasets of each two runs."""
    together: dict[tuple[str, str], list[int]] = {}
    for index, pair in enumerate(pairs):
        together.setdefault((pair.a, pair.b), []).append(index)
    found = list(pairs)
    for members in together.values():
        corrected = holm([pairs[index].p for index in members])
        for index, p in zip(members, corrected, strict=True):
            found[index] = dataclasses.replace(pairs[index], p_holm=p)
    return found


def _counted(
    metric: ComparedMetric,
    registry: Registry,
    right_a: np.ndarray,
    right_b: np.ndarray,
    a: Measure,
    b: Measure,
) -> dict[str, Any]:
    """Return what counting examples says of two runs: wins, ties, losses, and the effect's size."""
    if is_label_metric(metric, registry):
        only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
        return {
            "better": only_a,
            "equal": len(right_a) - only_a - only_b,
            "worse": only_b,
            "labels": Disagreement(only_a, only_b, mcnemar_p(only_a, only_b)),
            "effect": cohens_g(only_a, only_b),
            "effect_name": "Cohen's g",
        }
    if a.per_example is None or b.per_example is None:
        return {}
    sign = 1 if metric.higher_is_better else -1
    differences = sign * (a.per_example - b.per_example)
    counted = differences[np.isfinite(differences)]
    better, worse = int((counted > 1e-9).sum()), int((counted < -1e-9).sum())
    return {
        "better": better,
        "equal": len(counted) - better - worse,
        "worse": worse,
        "effect": cohens_dz(differences),
        "effect_name": "Cohen's d_z",
    }


def _bounds(value: float, scattered: Array, posts: int) -> tuple[float | None, float | None]:
    """Return the bounds of the interval; none where one post is all there is to draw from."""
    if posts < 2 or not math.isfinite(value):
        return None, None
    found = interval(value, scattered)
    return _rounded(found.low), _rounded(found.high)


def _rounded(value: float) -> float:
    return round(value, 6)
