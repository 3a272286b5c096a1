"""From runs under several prompts to differences, flips, spread, and the order of models."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterator, Mapping, Sequence
from statistics import fmean, stdev

import numpy as np

from imhi import Comparison, Example, HarnessError, PluginManager, Registry
from imhi.plugins.robustness.rank_agreement import rank_agreement
from imhi.plugins.robustness.variants import variant_of
from imhi.plugins.robustness.varying.result import OrderShift, Spread, Variation, Varied
from imhi.plugins.robustness.varying.running import ModelRuns
from imhi.runs import (
    Columns,
    ComparedMetric,
    ReadOnce,
    Resamples,
    RunFolder,
    RunSet,
    compare_run_set,
    statistics,
)

_OTHER = "prompt"  # the kind of a style that is no variant
_ALLOW = ("prompt",)
# Runs of several models need the same examples only: each is set against its own base.
_ALLOW_BETWEEN_MODELS = ("prompt", "labeler", "split")


def measure(
    models: Sequence[ModelRuns],
    manager: PluginManager,
    *,
    labeler: str = "",
    metrics: Sequence[str] = (),
    datasets: Sequence[str] = (),
    resamples: int = 10_000,
    seed: int = 0,
) -> Variation:
    """Set every prompt against the model's base prompt, on the datasets that all runs have.

    Raises:
        NotComparable: runs of one model differ in more than the prompt, or share no dataset.
        HarnessError: there is no metric that all runs have.
    """
    # A base run is set against each of the others.
    shared_rows: dict[str, Sequence[Example]] = {}
    models = [dataclasses.replace(one, base=ReadOnce(one.base, shared_rows)) for one in models]
    folders = [folder for one in models for folder in (one.base, *one.varied.values())]
    together = RunSet.open(
        folders, manager, labeler=labeler, datasets=datasets, allow=_ALLOW_BETWEEN_MODELS
    )
    labeler, common, kept_out = together.labeler, together.datasets, list(together.left_out)
    compared: dict[tuple[str, str], Comparison] = {}
    for one in models:
        for style, folder in one.varied.items():
            pair = RunSet.open(
                (one.base, folder), manager, labeler=labeler, datasets=common, allow=_ALLOW
            )
            with pair:
                compared[one.model, style] = compare_run_set(pair, metrics, resamples, seed)
    shared = _shared_metrics(list(compared.values()))
    varied: list[Varied] = []
    spreads: list[Spread] = []
    for one in models:
        own: list[Varied] = []
        bases: dict[tuple[str, str], float] = {}
        for style, folder in one.varied.items():
            found = compared[one.model, style]
            own += _against_base(found, shared, one, style, folder, manager.registry)
            bases |= _values_of(found, shared, found.names[0])
            # That the prompts differ is what this is about.
            kept_out += [*found.left_out, *(n for n in found.notes if "other prompts" not in n)]
        own = _corrected(own)
        varied += own
        spreads += _spreads(own, bases, one, shared)
    variation = Variation(
        models=[one.model for one in models],
        datasets=common,
        metrics=shared,
        labeler=labeler,
        split=found.split,
        source=found.source,
        synthetic=found.synthetic,
        spreads=spreads,
        varied=varied,
        orders=(),
        kept_out=list(dict.fromkeys(kept_out)),
        settings={"resamples": resamples, "seed": seed},
    )
    return dataclasses.replace(variation, orders=list(_orders(models, manager, variation)))


def _shared_metrics(compared: Sequence[Comparison]) -> dict[str, ComparedMetric]:
    """Return the metrics that all runs could be compared by.

    Raises:
        HarnessError: there is none.
    """
    shared = {
        name: metric
        for name, metric in compared[0].metrics.items()
        if all(name in one.metrics for one in compared)
    }
    if not shared:
        reasons = dict.fromkeys(line for one in compared for line in one.left_out)
        raise HarnessError(
            f"the runs have no metric in common to be compared by ({'; '.join(reasons)}); score them "
            "alike: imhi score RUN RUN ..., with the same --metric"
        )
    return shared


def _values_of(
    found: Comparison, metrics: Container[str], name: str
) -> dict[tuple[str, str], float]:
    """Return one run's values by metric and dataset; of several datasets their mean too (empty)."""
    return {
        (one.metric, one.dataset): one.value
        for one in found.values
        if one.name == name and one.metric in metrics and one.over != "tasks"
    }


def _against_base(
    found: Comparison,
    metrics: Container[str],
    model: ModelRuns,
    style: str,
    folder: RunFolder,
    registry: Registry,
) -> Iterator[Varied]:
    flips, reworded = {}, {}
    for dataset in found.datasets:
        columns = [Columns.read(f, found.labeler, dataset, registry) for f in (model.base, folder)]
        flips[dataset] = flip_rate(*columns)
        reworded[dataset] = _reworded(model.base, folder, dataset)
    for shares in (flips, reworded):
        shares[""] = fmean(shares.values())
    variant = variant_of(style)
    base, other = found.names
    for (metric, dataset), value in _values_of(found, metrics, other).items():
        pair = found.pair(other, base, metric, dataset, "" if dataset else "datasets")
        assert pair is not None
        yield Varied(
            metric=metric,
            dataset=dataset,
            model=model.model,
            prompt=style,
            kind=variant.kind if variant else _OTHER,
            run=str(folder.path),
            value=value,
            difference=pair.difference,
            low=pair.low,
            high=pair.high,
            p=pair.p,
            p_holm=pair.p,
            flips=flips[dataset],
            reworded=reworded[dataset],
        )


def flip_rate(one: Columns, other: Columns) -> float:
    """Return the share of examples, in percent, to which two runs give other labels."""
    labels = {prediction.id: prediction.label for prediction in one.predictions}
    changed = [labels[p.id] != p.label for p in other.predictions if p.id in labels]
    return 100 * fmean(changed)


def _reworded(one: RunFolder, other: RunFolder, dataset: str) -> float:
    """Return the share of examples, in percent, that two runs were asked about in other words."""
    asked = {request.id: request.prompt_hash for request in one.requests(dataset)}
    changed = [asked.get(request.id) != request.prompt_hash for request in other.requests(dataset)]
    return 100 * fmean(changed)


def _corrected(rows: Sequence[Varied]) -> list[Varied]:
    """Return a model's rows with p values corrected over the prompts tried on each dataset."""
    p_values = statistics.holm_within(
        [(row.metric, row.dataset) for row in rows], [row.p for row in rows]
    )
    return [dataclasses.replace(row, p_holm=p) for row, p in zip(rows, p_values, strict=True)]


def _spreads(
    rows: Sequence[Varied],
    bases: dict[tuple[str, str], float],
    model: ModelRuns,
    metrics: Mapping[str, ComparedMetric],
) -> Iterator[Spread]:
    for (metric, dataset), base in bases.items():
        own = [row for row in rows if (row.metric, row.dataset) == (metric, dataset)]
        values = {model.base_style: base, **{row.prompt: row.value for row in own}}
        sign = 1 if metrics[metric].higher_is_better else -1
        order = sorted(values, key=lambda style: sign * values[style])
        best = max(values, key=lambda style: sign * values[style])  # of equals the first: the base
        yield Spread(
            metric=metric,
            dataset=dataset,
            model=model.model,
            base=model.base_style,
            value=base,
            mean=fmean(values.values()),
            deviation=stdev(values.values()),
            lowest=min(values.values()),
            highest=max(values.values()),
            worst=order[0],
            best=best,
            flips=fmean(row.flips for row in own),
            moved=sum(row.significant for row in own),
            prompts=len(values),
        )


def _orders(
    models: Sequence[ModelRuns],
    manager: PluginManager,
    variation: Variation,
) -> Iterator[OrderShift]:
    """Compare the order of models under each prompt that two or more of them were asked with."""
    for style in dict.fromkeys(style for one in models for style in one.varied):
        having = [one for one in models if style in one.varied]
        if len(having) < 2:
            continue
        names = [one.model for one in having]
        runs = RunSet.open(
            [*(one.base for one in having), *(one.varied[style] for one in having)],
            manager,
            labeler=variation.labeler,
            datasets=variation.datasets,
            allow=_ALLOW_BETWEEN_MODELS,
        )
        with runs:
            drawn = _resampled(runs, variation.metrics, **variation.settings)
        for metric, by_dataset in drawn.items():
            for dataset, one in by_dataset.items():
                base, varied = np.split(one.values, 2)
                agreement = rank_agreement(base, varied, *np.split(one.resampled, 2))
                yield OrderShift(metric, dataset, style, names, agreement)


def _resampled(
    runs: RunSet, metrics: Mapping[str, ComparedMetric], resamples: int, seed: int
) -> dict[str, dict[str, Resamples]]:
    """Return runs' values by metric and dataset, with the mean over datasets where there are
    several (empty)."""
    found: dict[str, dict[str, Resamples]] = {name: {} for name in metrics}
    for dataset in runs.datasets:
        aligned = runs.aligned(dataset)
        measures = runs.measure(aligned, metrics)
        for name in metrics:
            by_run, posts, _ = statistics.with_values_in_all(
                [of_run[name] for of_run in measures], aligned.columns[0].clusters
            )
            found[name][dataset] = Resamples.draw(by_run, posts, resamples, seed, dataset)
    if len(runs.datasets) > 1:
        for by_dataset in found.values():
            by_dataset[""] = Resamples.mean([[one] for one in by_dataset.values()])
    return found
