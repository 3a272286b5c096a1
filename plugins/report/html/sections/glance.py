"""What the figures say, in a few sentences."""

from __future__ import annotations

from imhi.plugins.report.html.material import Material, Run
from imhi.plugins.report.html.wording import number, span, titled
from imhi.runs import Answers, ComparedMetric, Pair


def glance(material: Material) -> list[str]:
    """Return sentences about the first measure: the best run, what it is better than, who is
    apart, and answers without a label."""
    metric = material.metric
    if metric is None:
        return []
    runs = material.ordered()
    said = [_best(material, metric, runs[0])]
    if len(runs) > 1:
        said += _differences(material, metric, runs)
    said += _lost(runs)
    return [*said, *_unanswered(material, runs)]


def _best(material: Material, metric: ComparedMetric, run: Run) -> str:
    place = material.places()[0]
    value = material.comparison.value(run.name, metric.name, place.dataset, place.over)
    assert value is not None
    bounds = span(value.low, value.high, metric.decimals)
    where = f"on {place.dataset}" if place.dataset else "on average over the datasets"
    what = f"{titled(metric)} {number(value.value, metric.decimals)}"
    interval = f" (95% interval {bounds})" if bounds else ""
    if len(material.runs) == 1:
        return f"{run.name} has {what}{interval} {where}."
    return f"{run.name} is first {where}: {what}{interval}."


def _differences(material: Material, metric: ComparedMetric, runs: list[Run]) -> list[str]:
    place = material.places()[0]

    def pair(a: Run, b: Run) -> Pair | None:
        return material.comparison.pair(a.name, b.name, metric.name, place.dataset, place.over)

    tied = [b.name for b in runs[1:] if (one := pair(runs[0], b)) and not one.significant]
    said = [
        f"It is not told apart from {', '.join(tied)}: these differences could be chance."
        if tied
        else "It differs significantly from every other run."
    ]
    pairs = [one for i, a in enumerate(runs) for b in runs[i + 1 :] if (one := pair(a, b))]
    apart = sum(one.significant for one in pairs)
    if len(pairs) > 1:
        said.append(f"{apart} of {len(pairs)} pairs of runs differ significantly.")
    return said


def _lost(runs: list[Run]) -> list[str]:
    shares = []
    for run in runs:
        rows = [p for columns in run.columns.values() for p in columns.predictions]
        shares.append((sum(p.label is None for p in rows), len(rows), run.name))
    lost, rows_there, name = max(shares, key=lambda one: one[0] / (one[1] or 1))
    if not lost:
        return ["Every answer has a label."]
    share = number(100 * lost / rows_there, 1)
    return [f"Most rows without a label: {name}, {lost:,} of {rows_there:,} ({share}%)."]


def _unanswered(material: Material, runs: list[Run]) -> list[str]:
    """Say whose rows have no answer: a difference to such a run may be one of how much was asked."""
    missing = [(run.name, material.comparison.missing(run.name)) for run in runs]
    listed = ", ".join(f"{name} {count:,}" for name, count in missing if count)
    if not listed:
        return []
    if len(runs) == 1:
        return [f"Rows without an answer, which count as wrong: {listed}."]
    return [f"Rows without an answer, which count as wrong: {listed}. {Answers.OFFER}."]
