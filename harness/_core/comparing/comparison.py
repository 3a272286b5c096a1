"""Runs beside each other: values and ranks with intervals, and every pair tested."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imhi._core.comparing.alignment import (
    Aligned,
    align,
    check_allowances,
    check_distinct,
    check_settings,
    common_datasets,
    shared_labeler,
    viewed,
)
from imhi._core.comparing.measures import (
    choose_metrics,
    measure_all,
    right_labels,
    with_values_in_all,
)
from imhi._core.comparing.pairs import corrected, counted_examples, tested_pairs
from imhi._core.comparing.resampling import Drawn, draw, means
from imhi._core.comparing.result import ComparedMetric, Comparison, ModelValue, Pair
from imhi._core.comparing.values import drawn_alike, model_values
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.results import RunScores, distinct_names
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import CacheFolder
from imhi._core.settings import RunSettings
from imhi._core.views import OpenView


@dataclass
class _Drawing:
    """What was drawn from one dataset, by measure, with what counting its examples says of each
    two runs. ``whole``: nothing was left out, so values are those of the scores."""

    dataset: str
    drawn: dict[str, Drawn] = field(default_factory=dict)
    details: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    whole: bool = True


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
        allow: in what runs may differ (:data:`imhi._core.comparing.alignment.ALLOWANCES`).
        resamples: of the bootstrap, and as many permutations.
        view: which gold labels and which examples count (None: the released ones, all).

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a run is not scored, or one is given twice.
    """
    check_allowances(allow)
    RunSettings(resamples=resamples, seed=seed)  # says what is wrong with them
    manager = manager or load_plugins()
    folders = [run if isinstance(run, RunFolder) else RunFolder(Path(run)) for run in runs]
    if not folders:
        raise HarnessError("compare(): found no run, expected at least one run folder")
    check_distinct(folders)
    registry = manager.registry
    labeler = labeler or shared_labeler(folders)
    scores = [RunScores.from_json(f.scores(labeler), str(f.path)) for f in folders]
    notes = check_settings(folders, labeler, allow)
    with manager.naming_failures():
        common, left_out = common_datasets(folders, datasets)
        chosen, not_chosen = choose_metrics(scores, metrics, common, registry)
    left_out += not_chosen
    if not chosen:
        raise HarnessError(f"there is nothing to compare by: {'; '.join(not_chosen)}")
    if view is not None:
        for folder in folders:
            view.check(folder.manifest(), common)
    contexts = [_context(folder, manager) for folder in folders]
    try:
        drawings = []
        for dataset in common:
            aligned = align(folders, labeler, dataset, allow)
            if view is not None:
                aligned = viewed(aligned, view, scores[0].split)
            drawings.append(
                _draw_dataset(aligned, folders, scores, contexts, chosen, resamples, seed, view)
            )
    finally:
        for context in contexts:
            context.cache.close()
    notes += [note for drawing in drawings for note in drawing.notes]
    drawings = [drawing for drawing in drawings if drawing.drawn or drawing.missing]
    if not drawings:
        raise HarnessError(
            f"no example is left to compare ({'; '.join(notes)}); choose another view"
        )
    for name in {name for drawing in drawings for name in drawing.missing}:
        left_out.append(f"{name}: it has no values per example to compare by")
        del chosen[name]

    names = distinct_names([(f.manifest().model, f.manifest().prompt.style, f.id) for f in folders])
    untouched = all(drawing.whole for drawing in drawings) and all(
        len(run.labelling) == len(drawings) for run in scores
    )
    # Of the same examples, scoring has drawn an interval already: one value has one interval.
    as_scored = scores if untouched and drawn_alike(scores, resamples, seed) else None
    values: list[ModelValue] = []
    pairs: list[Pair] = []
    for metric in chosen.values():
        by_dataset = {drawing.dataset: drawing.drawn[metric.name] for drawing in drawings}
        tested = []
        for drawing in drawings:
            place, drawn = (drawing.dataset, ""), drawing.drawn[metric.name]
            values += model_values(metric, *place, names, drawn, as_scored)
            tested += tested_pairs(metric, *place, names, drawn, drawing.details[metric.name])
        pairs += corrected(tested)
        for over, mean in means(by_dataset, registry).items():
            values += model_values(metric, "", over, names, mean, as_scored)
            pairs += tested_pairs(metric, "", over, names, mean, None)
    return Comparison(
        names=names,
        runs=[str(folder.path) for folder in folders],
        labeler=labeler,
        split="; ".join(dict.fromkeys(run.split for run in scores)),
        source="; ".join(dict.fromkeys(run.source for run in scores)),
        synthetic=any(run.synthetic for run in scores),
        datasets=[drawing.dataset for drawing in drawings],
        metrics=chosen,
        values=values,
        pairs=pairs,
        left_out=list(dict.fromkeys(left_out)),
        notes=list(dict.fromkeys(notes)),
        settings={"resamples": resamples, "seed": seed, "allow": list(allow)},
        view=view.name if view else "",
    )


def _draw_dataset(
    aligned: Aligned,
    folders: Sequence[RunFolder],
    scores: Sequence[RunScores],
    contexts: Sequence[Context],
    chosen: Mapping[str, ComparedMetric],
    resamples: int,
    seed: int,
    view: OpenView | None,
) -> _Drawing:
    """Draw from one dataset, once for all runs; nothing is drawn where no example is left."""
    dataset = aligned.dataset
    drawing = _Drawing(dataset, notes=list(aligned.notes), whole=aligned.whole)
    if not aligned.columns[0].examples:
        return drawing
    measures = [
        measure_all(chosen, aligned, *each, view=view.name if view else "")
        for each in zip(folders, scores, aligned.columns, contexts, strict=True)
    ]
    right = [right_labels(columns) for columns in aligned.columns]
    registry = contexts[0].registry
    for name, metric in chosen.items():
        if not all(name in found for found in measures):
            drawing.missing.append(name)
            continue
        own, posts, dropped = with_values_in_all(
            [found[name] for found in measures], aligned.columns[0].clusters
        )
        if dropped:
            drawing.whole = False
            drawing.notes.append(
                f"{dataset}: {name} is compared on the {len(posts):,} examples for which all runs "
                f"have a value; {dropped:,} have none in one of them"
            )
        drawing.drawn[name] = draw(own, posts, resamples, seed, dataset)
        drawing.details[name] = [
            counted_examples(metric, registry, right[a], right[b], own[a], own[b])
            for a, b in itertools.combinations(range(len(folders)), 2)
        ]
    return drawing


def _context(folder: RunFolder, manager: PluginManager) -> Context:
    from imhi._core.stages.rescore import reopen

    context = reopen(folder, manager)
    context.cache = CacheFolder(folder.path / "measured")
    return context
