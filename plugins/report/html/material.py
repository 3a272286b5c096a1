"""What a report is made from, read once: the comparison, manifests, scores and columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imhi import Comparison, Example, PluginManager, Registry, RunScores
from imhi.plugins.report.html.harmless import shown
from imhi.runs import (
    Columns,
    ComparedMetric,
    Manifest,
    PublishedResult,
    ReadOnce,
    RunFolder,
    RunSet,
    compare_run_set,
    distinct_names,
)

_MAIN = "weighted_f1"
_IMPORTED = "imported"  # the scheme of models whose answers were imported


@dataclass(frozen=True)
class Place:
    """Where values are: a dataset, or the mean over ``datasets`` or ``tasks``."""

    dataset: str
    over: str
    title: str


@dataclass(frozen=True)
class Run:
    """One run: its folder's name, what it is called, and its rows on the examples compared.
    ``failures`` holds the last error of each example that had one, by dataset and id; ``latencies``
    are the seconds that each answer of the whole run took, where that was recorded."""

    id: str
    name: str
    manifest: Manifest
    scores: RunScores
    columns: Mapping[str, Columns]
    failures: Mapping[str, Mapping[str, str]]
    latencies: Sequence[float] = ()

    @property
    def imported(self) -> bool:
        """Whether the answers were made elsewhere: what is not among them was not asked for here."""
        return self.manifest.model_identity.get("scheme") == _IMPORTED


@dataclass(frozen=True)
class Material:
    """All that the sections of a page are made from. ``labels`` are those of each dataset."""

    comparison: Comparison
    runs: Sequence[Run]
    labels: Mapping[str, Sequence[str]]
    published: Sequence[PublishedResult]
    with_posts: bool
    registry: Registry

    @property
    def datasets(self) -> Sequence[str]:
        """The datasets compared, in order."""
        return self.comparison.datasets

    @property
    def metric(self) -> ComparedMetric | None:
        """The measure that runs are ordered by."""
        return next(iter(self.comparison.metrics.values()), None)

    def places(self) -> list[Place]:
        """Return the mean (where there are several datasets), then the datasets."""
        single = [Place(name, "", name) for name in self.datasets]
        if len(single) < 2:
            return single
        return [Place("", "datasets", f"Mean of {len(single)}"), *single]

    def ordered(self) -> list[Run]:
        """Return the runs, best first by the first measure; all sections keep this order."""
        if self.metric is None:
            return list(self.runs)
        first = self.places()[0]
        ranks = {
            value.name: value.rank
            for value in self.comparison.values
            if (value.metric, value.dataset, value.over)
            == (self.metric.name, first.dataset, first.over)
        }
        return sorted(self.runs, key=lambda run: ranks[run.name])


def gather(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    *,
    labeler: str = "",
    metrics: Sequence[str] = (),
    datasets: Sequence[str] = (),
    allow: Sequence[str] = (),
    rows: str = "all",
    resamples: int = 10_000,
    seed: int = 0,
    published: bool = True,
    with_posts: bool = False,
) -> Material:
    """Compare runs and read what else the page shows of them.

    Raises:
        NotComparable: runs differ in more than their models.
        HarnessError: a run is not scored.
    """
    shared: dict[str, Sequence[Example]] = {}
    opened = RunSet.open(
        [ReadOnce(folder, shared) for folder in folders],
        manager,
        labeler=labeler,
        datasets=datasets,
        allow=allow,
        rows=rows,
    )
    with opened as runs:
        comparison = without_places(compare_run_set(runs, metrics, resamples, seed))
    comparison = dataclasses.replace(comparison, metrics=_main_first(comparison.metrics))
    columns = {name: runs.aligned(name).columns for name in comparison.datasets}
    registry = manager.registry
    return Material(
        comparison=comparison,
        runs=[
            Run(
                folder.id,
                name,
                runs.manifests[index],
                dataclasses.replace(runs.scores[index], run=folder.id),
                {dataset: of_runs[index] for dataset, of_runs in columns.items()},
                {dataset: _failures(folder, dataset) for dataset in comparison.datasets},
                _latencies(folder),
            )
            for index, (folder, name) in enumerate(zip(runs.folders, comparison.names, strict=True))
        ],
        labels={name: runs.labels[name] for name in comparison.datasets},
        published=PublishedResult.beside(PublishedResult.all(registry), comparison)
        if published
        else [],
        with_posts=with_posts,
        registry=registry,
    )


def _failures(folder: RunFolder, dataset: str) -> dict[str, str]:
    """Return the last error of each example that was asked about in vain."""
    if folder.manifest().model_identity.get("scheme") == _IMPORTED:
        return {}
    return {row.id: row.error or "" for row in folder.failures(dataset)}


def _latencies(folder: RunFolder) -> list[float]:
    """Return how long each answer of a run took, also those to datasets that are not compared."""
    whole = RunFolder(folder.path)  # which does not keep them all in memory
    return [
        response.latency
        for dataset in whole.datasets()
        for response in whole.responses(dataset)
        if response.latency is not None
    ]


def without_places(comparison: Comparison) -> Comparison:
    """Return a comparison of which no name, note or sentence says where runs were made."""
    # Models of one name in two places are alike once their places are gone.
    keys = [(name, "", run) for name, run in zip(comparison.names, comparison.runs, strict=True)]
    names = distinct_names(keys, lambda text: str(shown(text)))
    return dataclasses.replace(
        _renamed(comparison, dict(zip(comparison.names, names, strict=True))),
        notes=[str(shown(note)) for note in comparison.notes],
        left_out=[str(shown(note)) for note in comparison.left_out],
    )


def _main_first(metrics: Mapping[str, ComparedMetric]) -> Mapping[str, ComparedMetric]:
    """Return the measures, the one that the benchmark is about before all others."""
    return dict(sorted(metrics.items(), key=lambda item: item[0] != _MAIN))


def _renamed(comparison: Comparison, names: Mapping[str, str]) -> Comparison:
    if all(old == new for old, new in names.items()):
        return comparison
    replace = dataclasses.replace
    return replace(
        comparison,
        names=[names[name] for name in comparison.names],
        values=[replace(value, name=names[value.name]) for value in comparison.values],
        pairs=[replace(p, a=names[p.a], b=names[p.b]) for p in comparison.pairs],
        answers=[replace(one, name=names[one.name]) for one in comparison.answers],
    )
