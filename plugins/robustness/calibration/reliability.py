"""A model's calibration on each dataset, with intervals over posts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from imhi import Array, Measure, PluginManager
from imhi.plugins.robustness.calibration.confidences import Decisions, Subject, decisions, subjects
from imhi.plugins.robustness.calibration.errors import (
    Bin,
    bins_of,
    brier,
    calibration_error,
    equal_mass,
    equal_width,
    error_by_chance,
)
from imhi.plugins.robustness.calibration.risk import areas, best_area, curve
from imhi.runs import RunFolder, RunSet, distinct_runs, statistics


@dataclass(frozen=True)
class Figure:
    """A value with its 95% interval over posts; no bounds where there is one post only."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class CalibrationError:
    """Expected calibration error in percent. ``by_chance`` is what a perfectly calibrated model of
    the same confidences has on average; ``p`` is how often it has as much."""

    error: Figure
    by_chance: float
    p: float
    bins: Sequence[Bin]

    @property
    def significant(self) -> bool:
        """Whether the error is more than chance alone makes."""
        return self.p < statistics.ALPHA


@dataclass(frozen=True)
class Calibrated:
    """A model's calibration on one dataset.

    ``accuracy`` and ``confidence`` are means in percent; ``brier`` is from 0 (best) to 2. ``aurc`` is
    the area under the risk-coverage curve in percent, ``aurc_random`` what it is if confidence says
    nothing, ``aurc_best`` the least there can be at this accuracy. ``curve`` holds (coverage, risk)
    from 0 to 1. All of it is over ``n`` of the ``examples``; ``left_out`` counts the others by reason.
    """

    model: str
    dataset: str
    confidence_from: str
    examples: int
    n: int
    posts: int
    left_out: Mapping[str, int]
    accuracy: float
    confidence: float
    equal_mass: CalibrationError
    equal_width: CalibrationError
    brier: Figure
    aurc: Figure
    aurc_random: float
    aurc_best: float
    curve: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Calibrations:
    """Models beside each other; ``runs`` says which runs each was read from. ``kept_out`` are datasets
    that not all runs have; ``notes`` say in what runs differ, and which was given twice."""

    runs: Mapping[str, Sequence[str]]
    labeler: str
    split: str
    source: str
    synthetic: bool
    datasets: Sequence[str]
    found: Sequence[Calibrated]
    kept_out: Sequence[str]
    settings: Mapping[str, int]
    notes: Sequence[str] = ()

    def to_json(self) -> dict[str, object]:
        """Return the object that ``--json`` prints."""
        return dataclasses.asdict(self)


def calibrate(
    folders: Sequence[RunFolder],
    manager: PluginManager,
    *,
    labeler: str = "",
    datasets: Sequence[str] = (),
    bins: int = 15,
    resamples: int = 2000,
    seed: int = 0,
) -> Calibrations:
    """Set each model's confidence against how often it is right.

    Args:
        folders: runs with probabilities; or several that differ in their seed, at a temperature.
        bins: of the calibration error, at most.
        resamples: of the bootstrap, and draws of a calibrated model.

    Raises:
        HarnessError: a run gives no confidence, or was not scored.
    """
    folders, twice = distinct_runs(folders)
    models = subjects(folders)
    # Models are not set against each other: they may have been asked about other things.
    runs = RunSet.open(
        folders,
        manager,
        labeler=labeler,
        datasets=datasets,
        allow=("labeler", "split"),
        scored=False,
    )
    found = [
        _calibrated(one, dataset, labels, runs.labeler, bins, resamples, seed)
        for one in models
        for dataset, labels in runs.labels.items()
    ]
    return Calibrations(
        runs={one.model: [str(folder.path) for folder in one.folders] for one in models},
        labeler=runs.labeler,
        split=runs.split,
        source=runs.source,
        synthetic=runs.synthetic,
        datasets=runs.datasets,
        found=found,
        kept_out=runs.left_out,
        settings={"bins": bins, "resamples": resamples, "seed": seed},
        notes=[*twice, *runs.notes],
    )


def _calibrated(
    subject: Subject,
    dataset: str,
    labels: Sequence[str],
    labeler: str,
    bins: int,
    resamples: int,
    seed: int,
) -> Calibrated:
    made, examples = decisions(subject, dataset, labels, labeler)
    sure, right = made.confidence, made.right
    edges = {"mass": equal_mass(sure, bins), "width": equal_width(bins)}
    measures = [calibration_error(name, sure, right, edge) for name, edge in edges.items()]
    posts = len(set(made.posts))
    area, areas_drawn = areas(sure, right, made.posts, resamples, seed, dataset)
    wrong = float((~right).mean())
    errors = {
        name: _error(measure, made, edge, resamples, seed, f"{dataset} {name}")
        for (name, edge), measure in zip(edges.items(), measures, strict=True)
    }
    return Calibrated(
        model=subject.model,
        dataset=dataset,
        confidence_from=subject.confidence_from,
        examples=examples,
        n=len(right),
        posts=posts,
        left_out=made.left_out,
        accuracy=100 * (1 - wrong),
        confidence=100 * Measure.mean("confidence", sure.tolist()).value(),
        equal_mass=errors["mass"],
        equal_width=errors["width"],
        brier=_figure(statistics.interval_of(brier(made), made.posts)),
        aurc=_figure(statistics.interval(100 * area, 100 * areas_drawn)),
        aurc_random=100 * wrong,
        aurc_best=100 * best_area(wrong),
        curve=curve(sure, right),
    )


def _figure(found: statistics.Interval) -> Figure:
    return (
        Figure(found.value, found.low, found.high)
        if found.known
        else Figure(found.value, None, None)
    )


def _error(
    measure: Measure,
    made: Decisions,
    edges: Array,
    resamples: int,
    seed: int,
    name: str,
) -> CalibrationError:
    sure = made.confidence
    chance = error_by_chance(sure, edges, resamples, statistics.generator(seed, f"chance {name}"))
    p = (int((chance >= measure.value() - 1e-9).sum()) + 1) / (len(chance) + 1)
    found = bins_of(sure, made.right, edges)
    error = _figure(statistics.interval_of(measure, made.posts))
    return CalibrationError(error, float(np.mean(chance)), p, found)
