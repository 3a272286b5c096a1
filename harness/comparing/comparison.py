"""Runs beside each other: values and ranks with intervals, and every pair tested."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.comparing.alignment import (
    align,
    check_allowances,
    check_distinct,
    check_settings,
    common_datasets,
    shared_labeler,
)
from harness.comparing.drawn import Drawn, draw, means
from harness.comparing.measuring import (
    choose_metrics,
    measure_all,
    right_labels,
    with_values_in_all,
)
from harness.comparing.pairs import corrected, counted_examples, tested_pairs
from harness.comparing.result import Comparison, ModelValue, Pair
from harness.comparing.values import drawn_alike, model_values
from harness.context import Context
from harness.errors import HarnessError
from harness.plugin_manager import PluginManager, load_plugins
from harness.results import RunScores, distinct_names
from harness.run_store import RunFolder
from harness.run_store.kept import KeptValues


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

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a run is not scored, or one is given twice.
    """
    check_allowances(allow)
    manager = manager or load_plugins()
    folders = [run if isinstance(run, RunFolder) else RunFolder(Path(run)) for run in runs]
    if not folders:
        raise HarnessError("compare(): found no run, expected at least one run folder")
    check_distinct(folders)
    registry = manager.registry
    labeler = labeler or shared_labeler(folders)
    scores = [RunScores.from_json(f.scores(labeler), str(f.path)) for f in folders]
    notes = check_settings(folders, labeler, allow)
    common, left_out = common_datasets(folders, datasets)
    chosen, not_chosen = choose_metrics(scores, metrics, common, registry)
    left_out += not_chosen
    contexts = [_context(folder, manager) for folder in folders]

    drawn: dict[tuple[str, str], Drawn] = {}
    untouched = all(len(run.labelling) == len(common) for run in scores)
    details: dict[tuple[str, str], list[dict[str, Any]]] = {}
    try:
        for dataset in common:
            aligned = align(folders, labeler, dataset, allow)
            notes += aligned.notes
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
                untouched = untouched and aligned.whole and not dropped
                if dropped:
                    notes.append(
                        f"{dataset}: {metric.name} is compared on the {len(posts):,} examples for which "
                        f"all runs have a value; {dropped:,} have none in one of them"
                    )
                key = (metric.name, dataset)
                drawn[key] = draw(own, posts, resamples, seed, dataset)
                details[key] = [
                    counted_examples(metric, registry, right[a], right[b], own[a], own[b])
                    for a, b in itertools.combinations(range(len(folders)), 2)
                ]
    finally:
        for context in contexts:
            context.values.close()

    names = distinct_names(
        [(f.manifest()["model"], f.manifest()["prompt"]["style"], f.id) for f in folders]
    )
    # Of the same examples, scoring has drawn an interval already: one value has one interval.
    as_scored = scores if untouched and drawn_alike(scores, resamples, seed) else None
    values: list[ModelValue] = []
    pairs: list[Pair] = []
    for metric in chosen.values():
        per_dataset = {dataset: drawn[metric.name, dataset] for dataset in common}
        for dataset, one in per_dataset.items():
            values += model_values(metric, dataset, "", names, one, as_scored)
        pairs += corrected(
            [
                pair
                for dataset, one in per_dataset.items()
                for pair in tested_pairs(
                    metric, dataset, "", names, one, details[metric.name, dataset]
                )
            ]
        )
        for over, mean in means(per_dataset, registry).items():
            values += model_values(metric, "", over, names, mean, as_scored)
            pairs += tested_pairs(metric, "", over, names, mean, None)
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
    )


def _context(folder: RunFolder, manager: PluginManager) -> Context:
    from harness.stages.again import reopen

    context = reopen(folder, manager)
    context.values = KeptValues(folder.path / "measured")
    return context
