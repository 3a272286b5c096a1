"""Every run's value and rank, with the uncertainty of both."""

from __future__ import annotations

from collections.abc import Sequence

from imhi._core.comparing.resampling import Resamples, bounds, rounded
from imhi._core.comparing.result import ComparedMetric, ModelValue
from imhi._core.results import RunScores
from imhi._core.statistics.ranking import rank_bounds, ranks


def resampled_alike(scores: Sequence[RunScores], resamples: int, seed: int) -> bool:
    """Say whether scoring drew as many resamples from the same seed."""
    return all(
        (run.settings["resamples"], run.settings["seed"]) == (resamples, seed) for run in scores
    )


def model_values(
    metric: ComparedMetric,
    dataset: str,
    over: str,
    names: Sequence[str],
    drawn: Resamples,
    as_scored: Sequence[RunScores] | None,
) -> list[ModelValue]:
    """Return a value for each run; its interval is that of ``as_scored`` where that is given."""
    order = ranks(drawn.values, metric.higher_is_better)
    spans = rank_bounds(drawn.resampled, metric.higher_is_better)
    found = []
    for run, name in enumerate(names):
        low, high = bounds(float(drawn.values[run]), drawn.resampled[run], drawn.posts)
        if as_scored is not None:
            low, high = _scored_bounds(as_scored[run], metric.name, dataset, over, (low, high))
        value = rounded(float(drawn.values[run]))
        found.append(
            ModelValue(
                metric.name, dataset, over, name, value, low, high, int(order[run]), *spans[run]
            )
        )
    return found


def _scored_bounds(
    run: RunScores,
    metric: str,
    dataset: str,
    over: str,
    otherwise: tuple[float | None, float | None],
) -> tuple[float | None, float | None]:
    """Return the bounds that scoring made."""
    if over:
        means = (row for row in run.averages if row["over"] == over and row["metric"] == metric)
        bounds = [(row["low"], row["high"]) for row in means]
    else:
        rows = (row for row in run.scores if row["dataset"] == dataset and row["metric"] == metric)
        bounds = [(row["low"], row["high"]) for row in rows]
    return bounds[0] if bounds else otherwise
