"""A comparison as CSV in long form: a row for each value, each pair, each published figure.

The column ``kind`` tells them apart (``value``, ``pair``, ``published``). Numbers are not rounded
to what a measure is shown with; ``decimals`` says what that is. Values and differences of runs
stand in ``value, low, high``; ``no_answer`` counts the rows that the run did not answer,
``against_no_answer`` those of the other run of a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from imhi.io import csv_text
from imhi.plugins.report.tables.notes import data_of, runs_of
from imhi.runs import PublishedResult

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import ComparedMetric, ModelValue, Pair, PublishedResult

FIELDS = (
    "kind", "metric", "higher_is_better", "decimals", "dataset", "over", "model", "against",
    "value", "low", "high", "rank", "rank_low", "rank_high", "p", "p_holm", "significant",
    "better", "equal", "worse", "mcnemar_p", "effect", "effect_name", "posts", "examples",
    "posts_needed", "detectable", "no_answer", "against_no_answer", "rows", "labeler", "data",
    "synthetic", "resamples", "seed", "cross_fitted", "run", "source", "table", "obtained",
)  # fmt: skip


def comma_separated(
    comparison: Comparison, published: Sequence[PublishedResult], write: Callable[[str], None]
) -> None:
    """Write every value, pair and published figure, a row each."""
    write(csv_text(FIELDS, _rows(comparison, published)))


def _rows(
    comparison: Comparison, published: Sequence[PublishedResult]
) -> Iterator[dict[str, object]]:
    common = {
        "labeler": comparison.labeler,
        "data": data_of(comparison),
        "synthetic": comparison.synthetic,
        "resamples": comparison.settings.get("resamples"),
        "seed": comparison.settings.get("seed"),
        "rows": comparison.rows,
    }
    folders = dict(
        zip(comparison.names, (folder for _, folder in runs_of(comparison)), strict=True)
    )
    for value in comparison.values:
        run = {
            "run": folders.get(value.name),
            "no_answer": comparison.missing(value.name, value.dataset),
        }
        yield {**_about(comparison.metrics[value.metric]), **_value(value), **common, **run}
    for pair in comparison.pairs:
        missing = {
            "no_answer": comparison.missing(pair.a, pair.dataset),
            "against_no_answer": comparison.missing(pair.b, pair.dataset),
        }
        yield {**_about(comparison.metrics[pair.metric]), **_pair(pair), **common, **missing}
    for row in PublishedResult.beside(published, comparison):
        yield {"kind": "published", **_about(comparison.metrics[row.metric]), **vars(row)}


def _about(metric: ComparedMetric) -> dict[str, object]:
    return {
        "metric": metric.name,
        "higher_is_better": metric.higher_is_better,
        "decimals": metric.decimals,
    }


def _value(value: ModelValue) -> dict[str, object]:
    return {"kind": "value", "model": value.name, **vars(value)}


def _pair(pair: Pair) -> dict[str, object]:
    renamed = {"model": pair.a, "against": pair.b, "value": pair.difference}
    mcnemar = pair.labels.p if pair.labels else None
    about = {"kind": "pair", "significant": pair.significant, "mcnemar_p": mcnemar}
    return {**vars(pair), **renamed, **about}
