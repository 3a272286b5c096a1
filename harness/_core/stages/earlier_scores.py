"""Scores that are there already, of other metrics: what of them stays beside new ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from imhi._core.registry import Registry
from imhi._core.results import AverageRow, MetricRecord, RunScores, ScoreRow
from imhi._core.run_store import RunFolder
from imhi._core.views import OpenView


@dataclass(frozen=True)
class EarlierScores:
    """Scores that were made before, of whatever metrics; ``inputs`` are the checksums of what they
    were made from, by dataset."""

    rows: Sequence[ScoreRow] = ()
    averages: Sequence[AverageRow] = ()
    metrics: Mapping[str, MetricRecord] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    def taken(
        self, dataset: str, inputs: Mapping[str, str], made: Collection[str], registry: Registry
    ) -> dict[str, str]:
        """Return the measures of a dataset that will be kept, each with its metric. A metric that no
        plugin has any more (it may be called otherwise now) keeps none from another."""
        if self.inputs.get(dataset) != inputs[dataset]:
            return {}
        return {
            row["metric"]: row["made_by"]
            for row in self.rows
            if row["dataset"] == dataset
            and row["made_by"] not in made
            and row["made_by"] in registry.metrics.things
        }

    def kept(
        self, inputs: Mapping[str, str], made: Collection[str], measures: Collection[str]
    ) -> EarlierScores:
        """Return what other metrics made of the same answers and labels."""
        if self.inputs != inputs:
            return EarlierScores()
        rows = [row for row in self.rows if row["metric"] not in measures]
        means = [row for row in self.averages if row["metric"] not in measures]
        return EarlierScores(
            [row for row in rows if row["made_by"] not in made],
            [row for row in means if row["made_by"] not in made],
            {name: record for name, record in self.metrics.items() if name not in made},
        )


def scores_before(folder: RunFolder, labeler: str, view: OpenView | None) -> EarlierScores:
    """Return the scores there are; none if they were written by a version that kept no records."""
    name = view.name if view else ""
    if not folder.scores_file(labeler, name).exists():
        return EarlierScores()
    before = RunScores.from_json(folder.scores(labeler, name), str(folder.path))
    records = before.settings.get("metrics", {})
    if not all(isinstance(record, dict) for record in records.values()):
        return EarlierScores()
    return EarlierScores(before.scores, before.averages, records, before.settings.get("inputs", {}))
