"""Scores as values: what ``imhi score`` writes, ``--json`` prints and :func:`evaluate` returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi._core.sanitizing import one_line

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class RunScores:
    """The scores of one run under one labeler, and under one view (empty: the released gold with
    every row).

    ``scores`` holds one object per dataset and measure: ``model, dataset, split, metric, made_by,
    value, low, high, decimals, higher_is_better, n, unparsed, failed, posts, headline, details``;
    ``metric`` is the measure's name and ``made_by`` the metric it comes from; values and bounds are
    on its scale (docs/metrics.md), ``n`` counts examples, ``unparsed`` and ``failed`` among them
    (both count as wrong). ``averages`` are the means over datasets and over tasks. ``gaps`` say
    what a metric could not do yet.
    """

    run: str
    model: str
    labeler: str
    split: str
    source: str
    synthetic: bool
    scores: Sequence[Mapping[str, Any]]
    averages: Sequence[Mapping[str, Any]]
    labelling: Mapping[str, Mapping[str, Any]]
    notes: Sequence[str] = ()
    gaps: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    totals: Mapping[str, Any] = field(default_factory=dict)
    view: str = ""

    @property
    def complete(self) -> bool:
        """True when every example was answered and every metric could do its work."""
        return not self.gaps and not any(c["failed"] for c in self.labelling.values())

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, value: Mapping[str, Any], run: str) -> RunScores:
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        return cls(**{**known, "run": run})


@dataclass(frozen=True)
class Results:
    """The scores of several runs."""

    runs: Sequence[RunScores]

    @property
    def folders(self) -> list[Path]:
        return [Path(run.run) for run in self.runs]

    @property
    def complete(self) -> bool:
        return all(run.complete for run in self.runs)

    def rows(self) -> list[dict[str, Any]]:
        """Return one object per run, dataset and metric."""
        return [
            {"run": run.run, "labeler": run.labeler, "view": run.view, **row}
            for run in self.runs
            for row in run.scores
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints: ``run`` is the folder, or a list of folders
        where there are several runs."""
        folders = [run.run for run in self.runs]
        return {
            "run": folders[0] if len(folders) == 1 else folders,
            "scores": self.rows(),
            "averages": [
                {"run": run.run, "view": run.view, **row}
                for run in self.runs
                for row in run.averages
            ],
            "labelling": {run.run: run.labelling for run in self.runs},
            "notes": sorted({note for run in self.runs for note in run.notes}),
            "gaps": sorted({gap for run in self.runs for gap in run.gaps}),
            "complete": self.complete,
        }

    def to_pandas(self) -> pandas.DataFrame:
        """Return the scores as a data frame, one row per run, dataset and metric."""
        import pandas

        frame: pandas.DataFrame = pandas.DataFrame(self.rows())
        return frame


def distinct_names(runs: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return what each run ``(model, prompt style, folder)`` is called: its model, with the style
    and then the folder where the model alone does not tell runs apart."""
    names = [model for model, _, _ in runs]
    for part in (1, 2):
        seen = Counter(names)
        names = [
            f"{name} ({run[part]})" if seen[name] > 1 and run[part] else name
            for name, run in zip(names, runs, strict=True)
        ]
    return [one_line(name) for name in names]
