"""Scored runs on the same examples: opened, aligned, seen through a view, measured.

What compares runs, ranks them, looks at their errors or reports on them begins here. What differs
between runs and was not allowed is refused when they are opened, or when a dataset is aligned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from imhi._core.comparing.alignment import (
    Aligned,
    align,
    called,
    check_allowances,
    check_settings,
    common_datasets,
    shared_labeler,
    viewed,
)
from imhi._core.comparing.answers import (
    ALL,
    ANSWERED,
    Answers,
    about_answers,
    answered_by_all,
    answers_of,
    check_rows,
)
from imhi._core.comparing.measures import REMADE, metric_group, stored_measure
from imhi._core.comparing.result import ComparedMetric
from imhi._core.context import Context
from imhi._core.metrics import MetricSpec, Score
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.results import RunScores
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import CacheFolder
from imhi._core.run_store.columns import Columns
from imhi._core.run_store.manifest import Manifest
from imhi._core.run_store.telling_apart import distinct_runs
from imhi._core.stages.rescore import reopen
from imhi._core.statistics import Measure
from imhi._core.views import OpenView


@dataclass(frozen=True)
class RunSet:
    """Runs whose labels one labeler read, on the ``datasets`` that all of them have. A folder that
    was given twice is one run.

    ``left_out`` says which datasets are not in all runs, ``notes`` what differs between runs and was
    allowed, and what was given twice. ``view`` says which gold labels and rows count (None: the
    released ones, all); ``rows`` is ``all`` or ``answered``.
    """

    folders: Sequence[RunFolder]
    plugins: PluginManager | None
    labeler: str
    datasets: Sequence[str]
    left_out: Sequence[str] = ()
    notes: Sequence[str] = ()
    allow: Sequence[str] = ()
    view: OpenView | None = None
    rows: str = ALL
    _closing: ExitStack = field(default_factory=ExitStack, repr=False, compare=False)
    _scorers: dict[str, Score] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def open(
        cls,
        runs: Sequence[RunFolder | str | Path],
        manager: PluginManager | None = None,
        *,
        labeler: str = "",
        datasets: Sequence[str] = (),
        allow: Sequence[str] = (),
        view: OpenView | None = None,
        rows: str = ALL,
        scored: bool = True,
    ) -> RunSet:
        """Open runs to set them beside each other.

        Args:
            manager: the plugins to use (default: all that are installed).
            labeler: whose labels count (default: hybrid where all runs have it, else one they share).
            datasets: only these (default: all that the runs share).
            allow: in what runs may differ (:data:`imhi._core.comparing.alignment.ALLOWANCES`).
            rows: which rows count (:data:`imhi._core.comparing.answers.ROWS`).
            scored: runs need scores, not just labels, by the labeler.

        Raises:
            NotComparable: runs differ in more than their models.
            HarnessError: a run was not scored (labelled) by the labeler.
        """
        check_allowances(allow)
        check_rows(rows)
        folders = [run if isinstance(run, RunFolder) else RunFolder(Path(run)) for run in runs]
        folders, twice = distinct_runs(folders)
        labeler = labeler or shared_labeler(folders)
        if scored:
            for folder in folders:
                folder.scores(labeler)  # says how to make them where there are none
        notes = [*twice, *check_settings(folders, labeler, allow)]
        common, left_out = common_datasets(folders, datasets)
        found = cls(folders, manager, labeler, common, left_out, notes, tuple(allow), rows=rows)
        return found if view is None else found.under(view)

    def under(self, view: OpenView | None) -> RunSet:
        """Return the same runs under a view.

        Raises:
            HarnessError: there are no verdicts on a dataset, or a run repaired its posts.
        """
        if view is not None:
            for folder in self.folders:
                view.check(folder.manifest(), self.datasets)
        return replace(self, view=view)

    def __enter__(self) -> RunSet:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    # --- what is said of them --------------------------------------------------------------------

    @cached_property
    def manager(self) -> PluginManager:
        """The plugins: all that are installed, unless the set was opened with others."""
        return self.plugins or load_plugins()

    @property
    def manifests(self) -> Sequence[Manifest]:
        """Each run's manifest."""
        return [folder.manifest() for folder in self.folders]

    @cached_property
    def scores(self) -> Sequence[RunScores]:
        """Each run's scores under the labeler, with the released labels.

        Raises:
            HarnessError: a run was not scored with it.
        """
        return [RunScores.from_json(f.scores(self.labeler), str(f.path)) for f in self.folders]

    @cached_property
    def names(self) -> Sequence[str]:
        """What each run is called, no two alike: its model, and what tells it apart where needed."""
        return called(self.folders)

    @property
    def split(self) -> str:
        """The split, or all there are."""
        return "; ".join(dict.fromkeys(manifest.split for manifest in self.manifests))

    @property
    def source(self) -> str:
        """The source of the examples, or all there are."""
        return "; ".join(dict.fromkeys(manifest.source for manifest in self.manifests))

    @property
    def synthetic(self) -> bool:
        """Whether examples of any run are made up."""
        return any(manifest.synthetic for manifest in self.manifests)

    @property
    def labels(self) -> Mapping[str, Sequence[str]]:
        """The label names of each dataset."""
        known = self.manager.registry.datasets
        return {dataset: known.get(dataset).label_names for dataset in self.datasets}

    # --- rows and measures -----------------------------------------------------------------------

    def columns(self, dataset: str) -> list[Columns]:
        """Return a dataset's rows, run by run, each on all its own examples and without a view."""
        registry = self.manager.registry
        return [Columns.read(folder, self.labeler, dataset, registry) for folder in self.folders]

    def aligned(self, dataset: str) -> Aligned:
        """Return what each run says about the same examples of a dataset, as the view has them, or
        about those that all runs answered.

        Raises:
            NotComparable: the runs saw other data, other examples or other prompts.
        """
        found = align(self.folders, self.labeler, dataset, self.allow, self.manager.registry)
        found = answered_by_all(found) if self.rows == ANSWERED else found
        return found if self.view is None else self.seen(found)

    def seen(self, aligned: Aligned) -> Aligned:
        """Return what the view shows of a dataset that was aligned without one."""
        if self.view is None:
            return aligned
        return viewed(aligned, self.view, self.manifests[0].split)

    def answers(self, aligned: Aligned) -> list[Answers]:
        """Count each run's answers to the rows of a dataset that are compared."""
        return answers_of(self.folders, self.names, aligned)

    def about_answers(self, answers: Sequence[Answers]) -> list[str]:
        """Return a sentence for each run that left rows without an answer."""
        return about_answers(self.folders, answers)

    def measure(
        self, aligned: Aligned, metrics: Mapping[str, ComparedMetric]
    ) -> list[dict[str, Measure]]:
        """Return each run's measures of a dataset, by name; those that cannot be had are missing.

        Label metrics are made again from the labels, which costs nothing. Others are means of the
        values that scoring left for each example, so that no model is loaded; those that are no
        such means (BLEU) are made again where that needs no model.
        """
        return [
            self._measures(run, columns, aligned.dataset, metrics)
            for run, columns in enumerate(aligned.columns)
        ]

    def _measures(
        self, run: int, columns: Columns, dataset: str, metrics: Mapping[str, ComparedMetric]
    ) -> dict[str, Measure]:
        registry = self.manager.registry
        view = self.view.name if self.view else ""
        found: dict[str, Measure] = {}
        again: dict[str, list[str]] = {}
        for metric in metrics.values():
            group = metric_group(metric.made_by, registry)
            stored = None
            if group != "labels":
                folder, scores = self.folders[run], self.scores[run]
                stored = stored_measure(metric.name, folder, scores, dataset, columns, view)
            if stored is not None:
                found[metric.name] = stored
            elif group in REMADE:
                again.setdefault(metric.made_by, []).append(metric.name)
        for name, wanted in again.items():
            (spec,) = MetricSpec.parse([name], registry)
            if spec.needs_text and self.manifests[run].answer != "text":
                continue
            found |= {one.name: one for one in self.made(run, columns, spec) if one.name in wanted}
        return found

    def made(self, run: int, columns: Columns, spec: MetricSpec) -> list[Measure]:
        """Return what a metric makes of a run's rows now.

        Raises:
            HarnessError: the metric fails.
        """
        if spec.text not in self._scorers:
            ((_, scorer),) = self._closing.enter_context(MetricSpec.opened([spec]))
            self._scorers[spec.text] = scorer
        rows = (columns.examples, columns.responses, columns.predictions)
        return spec.measure(self._scorers[spec.text], *rows, self._contexts[run])

    @cached_property
    def _contexts(self) -> Sequence[Context]:
        contexts = []
        for folder in self.folders:
            cache = CacheFolder(folder.path / "measured")
            self._closing.callback(cache.close)
            contexts.append(replace(reopen(folder, self.manager), cache=cache))
        return contexts
