"""Scores as values: what ``imhi score`` writes, ``--json`` prints and :func:`evaluate` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from imhi._core.errors import DataError
from imhi._core.records import JsonObject
from imhi._core.run_store.manifest import as_named_now

if TYPE_CHECKING:
    import pandas


class ScoreRow(TypedDict):
    """A measure of one dataset, as ``--json`` prints it.

    ``metric`` is the measure's name and ``made_by`` the metric it comes from; ``value`` and its
    bounds are on the metric's scale (docs/metrics.md), None where undefined; ``n`` counts examples,
    ``unparsed``, ``failed`` and ``not_asked`` among them (all count as wrong), ``posts`` what they are
    about. ``scale`` holds the least and the greatest value there can be, None where there is none;
    ``cross_fitted``: the model learnt from other rows under evaluation, for want of training rows.
    """

    model: str
    dataset: str
    task: str
    split: str
    metric: str
    made_by: str
    decimals: int
    higher_is_better: bool | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    posts: int
    unparsed: int
    failed: int
    not_asked: int
    headline: bool
    scale: tuple[float, float] | None
    cross_fitted: bool
    details: JsonObject


class AverageRow(TypedDict):
    """The mean of a measure ``over`` *datasets* or *tasks*, of which there are ``groups``; it is of these
    ``datasets`` and no others. ``cross_fitted``: the model was so on one of them or more (see
    :class:`ScoreRow`)."""

    model: str
    over: str
    split: str
    metric: str
    made_by: str
    decimals: int
    higher_is_better: bool | None
    value: float | None
    low: float | None
    high: float | None
    groups: int
    datasets: Sequence[str]
    cross_fitted: bool


class _AnswerCounts(TypedDict, total=False):
    """What scores made by earlier versions do not hold."""

    cut_off: int
    filtered: int
    thoughts: int
    thought_tokens: int
    why: dict[str, int]
    inferred: int


class Labelling(_AnswerCounts):
    """What came of the ``n`` examples of one dataset: no label in the answer (``unparsed``), a request
    that ``failed``, ``not_asked`` yet, a label else; ``decided_by`` counts labels by labeler.

    ``cut_off`` answers ended for want of tokens, with a label or without; ``filtered`` ones were held
    back, or refused in a form made for it. ``thoughts`` are answers with a thought before them, of
    ``thought_tokens`` in all. ``why`` counts the unparsed ones by the reason, where one is known.
    ``inferred`` ones state no label, but a labeler infers one.
    """

    n: int
    unparsed: int
    failed: int
    not_asked: int
    contradictions: int
    decided_by: dict[str, int]


class _MetricRecord(TypedDict):
    version: str
    arguments: JsonObject
    notes: list[str]
    gaps: list[str]


class MetricRecord(_MetricRecord, total=False):
    """What made the scores of a metric, and what it had to say. Stays as long as its scores.

    ``interval`` names how their intervals were made; where it is missing an earlier version made
    them, and they are percentiles of a bootstrap."""

    interval: str


class ScoreSettings(TypedDict, total=False):
    """What scores depend on. ``inputs`` are checksums of answers and labels by dataset; ``view`` is
    None for the released gold with every row."""

    inputs: dict[str, str]
    prompt: JsonObject
    labeler: JsonObject
    metrics: dict[str, MetricRecord]
    view: JsonObject | None
    asked: list[str]
    all: bool


@dataclass(frozen=True)
class RunScores:
    """The scores of one run under one labeler, and under one view (empty: the released gold with
    every row). ``gaps`` say what labeler and metrics could not do yet; ``totals`` and ``repeat_check``
    (empty: none was made) are those of the manifest."""

    run: str
    model: str
    labeler: str
    split: str
    source: str
    synthetic: bool
    scores: Sequence[ScoreRow]
    averages: Sequence[AverageRow]
    labelling: Mapping[str, Labelling]
    notes: Sequence[str] = ()
    gaps: Sequence[str] = ()
    settings: ScoreSettings = field(default_factory=ScoreSettings)
    totals: JsonObject = field(default_factory=dict)
    view: str = ""
    repeat_check: JsonObject = field(default_factory=dict)

    @property
    def told_by(self) -> dict[str, str]:
        """What tells the rows of these scores from those of others: run, labeler, view."""
        return {"run": self.run, "labeler": self.labeler, "view": self.view}

    @property
    def complete(self) -> bool:
        """True when every example was answered and labeler and metrics could do their work."""
        return not self.gaps and not self.failed and not self.not_asked

    @property
    def failed(self) -> int:
        """How many requests failed, of all datasets."""
        return sum(counts["failed"] for counts in self.labelling.values())

    @property
    def not_asked(self) -> int:
        """How many examples were not asked, of all datasets."""
        return sum(counts["not_asked"] for counts in self.labelling.values())

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that a scores file holds."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_json(cls, value: JsonObject, run: str) -> RunScores:
        """Read a scores file; ``run`` is where the run lies now.

        Raises:
            DataError: it is damaged.
        """
        for name in ("scores", "averages"):
            rows = value.get(name)
            if not isinstance(rows, list) or not all(
                isinstance(row, dict) and {"metric", "made_by"} <= row.keys() for row in rows
            ):
                raise DataError(
                    f"{run}: its scores are damaged: {name} is no list of measures; make them again "
                    f"with: imhi score {run}"
                )
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        known |= {**_as_counted_now(value), "run": run}
        for name in ("scores", "averages"):
            # JSON has lists only: rows that were read are equal to those that were written.
            known[name] = [
                {**row, "scale": tuple(row["scale"])} if row.get("scale") else row
                for row in known[name]
            ]
        return cls(**known)

    @staticmethod
    def distinct_names(runs: Sequence[tuple[str, str, str]]) -> list[str]:
        """Return what each run ``(model, prompt style, folder)`` is called, no two alike; see
        :func:`imhi._core.run_store.telling_apart.distinct_names`."""
        from imhi._core.run_store.telling_apart import distinct_names

        return distinct_names(runs)


def _as_counted_now(value: JsonObject) -> dict[str, Any]:
    """Return what scores of earlier versions lack: there ``failed`` counted what was not asked too, and
    means did not say what they are of."""
    totals = as_named_now(value.get("totals") or {})
    assert isinstance(totals, Mapping)
    before = value.get("labelling", {})
    lacking = sum(counts["failed"] for counts in before.values())
    unasked = min(totals.get("not_asked") or 0, lacking)
    # Told apart where the run had only one of the two; else a scoring anew does it.
    all_unasked = 0 < unasked == lacking

    def counted(counts: Mapping[str, Any]) -> dict[str, Any]:
        if "not_asked" in counts:
            return dict(counts)
        failed, not_asked = counts["failed"], 0
        if all_unasked:
            failed, not_asked = 0, failed
        return {**counts, "failed": failed, "not_asked": not_asked}

    labelling = {name: counted(counts) for name, counts in before.items()}
    made = {
        "totals": totals,
        "labelling": labelling,
        "scores": [
            {**row, **{k: labelling[row["dataset"]][k] for k in ("failed", "not_asked")}}
            if "not_asked" not in row and row["dataset"] in labelling
            else row
            for row in value["scores"]
        ],
        "averages": [{"datasets": list(before), **row} for row in value["averages"]],
    }
    mixed = 0 < unasked < lacking and any("not_asked" not in one for one in before.values())
    if mixed:
        note = f"of {lacking:,} counted as failed {unasked:,} were not asked: score again to tell them apart"
        made["notes"] = [*value.get("notes", ()), note]
    return made


@dataclass(frozen=True)
class Results:
    """The scores of several runs; ``skipped`` says by file what of the input was left out, and why."""

    runs: Sequence[RunScores]
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def folders(self) -> list[Path]:
        """The run folders, in the order in which models were asked."""
        return [Path(run.run) for run in self.runs]

    @property
    def complete(self) -> bool:
        """True when every run is complete."""
        return all(run.complete for run in self.runs)

    def rows(self) -> list[dict[str, Any]]:
        """Return one object per run, dataset and metric; ``synthetic`` says whether it is of fictional
        posts."""
        return [
            {**run.told_by, "synthetic": run.synthetic, **row}
            for run in self.runs
            for row in run.scores
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``--json`` prints: ``run`` is the folder, or a list of folders
        where there are several runs; every row says which run and which view it is of."""
        folders = list(dict.fromkeys(run.run for run in self.runs))
        return {
            "run": folders[0] if len(folders) == 1 else folders,
            "scores": self.rows(),
            "averages": [
                {**run.told_by, "synthetic": run.synthetic, **row}
                for run in self.runs
                for row in run.averages
            ],
            "labelling": [
                {**run.told_by, "dataset": dataset, **counts}
                for run in self.runs
                for dataset, counts in run.labelling.items()
            ],
            "repeat_checks": [
                {**run.told_by, **run.repeat_check} for run in self.runs if run.repeat_check
            ],
            "notes": [{**run.told_by, "note": note} for run in self.runs for note in run.notes],
            "gaps": [{**run.told_by, "gap": gap} for run in self.runs for gap in run.gaps],
            "skipped": dict(self.skipped),
            "synthetic": any(run.synthetic for run in self.runs),
            "complete": self.complete,
        }

    def to_pandas(self) -> pandas.DataFrame:
        """Return the scores as a data frame, one row per run, dataset and metric."""
        import pandas

        frame: pandas.DataFrame = pandas.DataFrame(self.rows())
        return frame


@dataclass(frozen=True)
class ReportOptions:
    """What a reporter is asked to show: the names of the ``metrics`` that were asked for by name or
    group, which come first, and whether ``everything`` is wanted in full."""

    metrics: tuple[str, ...] = ()
    everything: bool = False
