"""From runs under several prompts to differences, flips, spread, and the order of models."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from imhi import Array, Comparison, HarnessError, PluginManager, RunScores, compare
from imhi.plugins.robustness.rank_agreement import rank_agreement
from imhi.plugins.robustness.variants import variant_of
from imhi.plugins.robustness.varying.result import OrderShift, Spread, Variation, Varied
from imhi.plugins.robustness.varying.running import ModelRuns
from imhi.runs import (
    CacheFolder,
    Columns,
    ComparedMetric,
    RunFolder,
    align,
    common_datasets,
    holm_within,
    measure_all,
    paired,
    read_columns,
    reopen,
    resampled,
    with_values_in_all,
)

_OTHER = "prompt"  # the kind of a style that is no variant
_ALLOW = ("prompt",)


class _Drawn(NamedTuple):
    """Runs' values, shape (runs,), and those on the same resampled posts, shape (runs, resamples)."""

    values: Array
    resampled: Array


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
    folders = [folder for one in models for folder in (one.base, *one.varied.values())]
    common, kept_out = common_datasets(folders, datasets)
    compared = {
        (one.model, style): compare(
            (one.base, folder),
            manager,
            labeler=labeler,
            metrics=metrics,
            datasets=common,
            allow=_ALLOW,
            resamples=resamples,
            seed=seed,
        )
        for one in models
        for style, folder in one.varied.items()
    }
    shared = _shared_metrics(list(compared.values()))
    varied: list[Varied] = []
    spreads: list[Spread] = []
    for one in models:
        own: list[Varied] = []
        bases: dict[tuple[str, str], float] = {}
        for style, folder in one.varied.items():
            found = compared[one.model, style]
            own += _against_base(found, shared, one, style, folder)
            bases |= _values_of(found, shared, found.names[0])
            # That the prompts differ is what this is about.
            kept_out += [*found.left_out, *(n for n in found.notes if "other prompts" not in n)]
        own = _corrected(own)
        varied += own
        spreads += _spreads(own, bases, one, shared)
    return Variation(
        models=[one.model for one in models],
        datasets=common,
        metrics=shared,
        labeler=found.labeler,
        split=found.split,
        source=found.source,
        synthetic=found.synthetic,
        spreads=spreads,
        varied=varied,
        orders=list(_orders(models, found, shared, manager, resamples, seed)),
        kept_out=list(dict.fromkeys(kept_out)),
        settings={"resamples": resamples, "seed": seed},
    )


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


def _places(found: Comparison) -> list[tuple[str, str]]:
    """Return the datasets, and the mean over them where there are several, as (dataset, over)."""
    several = len(found.datasets) > 1
    return [*((name, "") for name in found.datasets), *([("", "datasets")] if several else [])]


def _values_of(
    found: Comparison, metrics: Iterable[str], name: str
) -> dict[tuple[str, str], float]:
    """Return one run's values by metric and dataset."""
    values = {}
    for metric in metrics:
        for dataset, over in _places(found):
            value = found.value(name, metric, dataset, over)
            assert value is not None
            values[metric, dataset] = value.value
    return values


def _against_base(
    found: Comparison, metrics: Iterable[str], model: ModelRuns, style: str, folder: RunFolder
) -> Iterator[Varied]:
    flips, reworded = {}, {}
    for dataset in found.datasets:
        columns = [read_columns(f, found.labeler, dataset) for f in (model.base, folder)]
        flips[dataset] = flip_rate(*columns)
        reworded[dataset] = _reworded(model.base, folder, dataset)
    for shares in (flips, reworded):
        shares[""] = statistics.fmean(shares.values())
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
    return 100 * statistics.fmean(changed)


def _reworded(one: RunFolder, other: RunFolder, dataset: str) -> float:
    """Return the share of examples, in percent, that two runs were asked about in other words."""
    asked = {request.id: request.prompt_hash for request in one.requests(dataset)}
    changed = [asked.get(request.id) != request.prompt_hash for request in other.requests(dataset)]
    return 100 * statistics.fmean(changed)


def _corrected(rows: Sequence[Varied]) -> list[Varied]:
    """Return a model's rows with p values corrected over the prompts tried on each dataset."""
    p_values = holm_within([(row.metric, row.dataset) for row in rows], [row.p for row in rows])
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
            mean=statistics.fmean(values.values()),
            deviation=statistics.stdev(values.values()),
            lowest=min(values.values()),
            highest=max(values.values()),
            worst=order[0],
            best=best,
            flips=statistics.fmean(row.flips for row in own),
            moved=sum(row.significant for row in own),
            prompts=len(values),
        )


def _orders(
    models: Sequence[ModelRuns],
    found: Comparison,
    metrics: Mapping[str, ComparedMetric],
    manager: PluginManager,
    resamples: int,
    seed: int,
) -> Iterator[OrderShift]:
    """Compare the order of models under each prompt that two or more of them were asked with."""
    for style in dict.fromkeys(style for one in models for style in one.varied):
        having = [one for one in models if style in one.varied]
        if len(having) < 2:
            continue
        folders = [*(one.base for one in having), *(one.varied[style] for one in having)]
        names = [one.model for one in having]
        for metric in metrics.values():
            drawn = {
                dataset: _draw(folders, metric, dataset, found.labeler, manager, resamples, seed)
                for dataset in found.datasets
            }
            if len(drawn) > 1:
                drawn[""] = _mean(list(drawn.values()))
            for dataset, (values, scattered) in drawn.items():
                half = len(having)
                agreement = rank_agreement(
                    values[:half], values[half:], scattered[:half], scattered[half:]
                )
                yield OrderShift(metric.name, dataset, style, names, agreement)


def _draw(
    folders: Sequence[RunFolder],
    metric: ComparedMetric,
    dataset: str,
    labeler: str,
    manager: PluginManager,
    resamples: int,
    seed: int,
) -> _Drawn:
    aligned = align(folders, labeler, dataset, _ALLOW)
    measures = []
    for folder, columns in zip(folders, aligned.columns, strict=True):
        context = reopen(folder, manager)
        context.cache = CacheFolder(folder.path / "measured")
        scores = RunScores.from_json(folder.scores(labeler), str(folder.path))
        try:
            made = measure_all({metric.name: metric}, aligned, folder, scores, columns, context)
        finally:
            context.cache.close()
        measures.append(made[metric.name])
    own, posts, _ = with_values_in_all(measures, aligned.columns[0].clusters)
    together = paired(own, posts)
    return _Drawn(together.values(), resampled(together, resamples, seed, dataset))


def _mean(parts: Sequence[_Drawn]) -> _Drawn:
    """Return the mean over datasets, which are drawn independently."""
    return _Drawn(
        np.mean([part.values for part in parts], axis=0),
        np.mean([part.resampled for part in parts], axis=0),
    )
