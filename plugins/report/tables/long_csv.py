"""A comparison as CSV in long form: a row for each value, each pair, each published figure.

The column ``kind`` tells them apart (``value``, ``pair``, ``published``). Numbers are not rounded
to what a measure is shown with; ``decimals`` says what that is. Values and differences of runs
stand in ``value, low, high``.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imhi.io import spreadsheet_cell
from imhi.plugins.report.tables.notes import data_of, runs_of
from imhi.runs import published_beside

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import ComparedMetric, ModelValue, Pair, PublishedResult

FIELDS = (
    "kind",
    "metric",
    "higher_is_better",
    "decimals",
    "dataset",
    "over",
    "model",
    "against",
    "value",
    "low",
    "high",
    "rank",
    "rank_low",
    "rank_high",
    "p",
    "p_holm",
    "significant",
    "better",
    "equal",
    "worse",
    "mcnemar_p",
    "effect",
    "effect_name",
    "posts",
    "examples",
    "posts_needed",
    "detectable",
    "labeler",
    "data",
    "synthetic",
    "resamples",
    "seed",
    "run",
    "source",
    "table",
    "obtained",
)


def comma_separated(
    found: Comparison, published: Sequence[PublishedResult], write: Callable[[str], None]
) -> None:
    """Write every value, pair and published figure, a row each."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
    writer.writeheader()
    for row in _rows(found, published):
        writer.writerow({name: _cell(value) for name, value in row.items()})
    write(stream.getvalue())


def _rows(found: Comparison, published: Sequence[PublishedResult]) -> Iterator[dict[str, Any]]:
    common = {
        "labeler": found.labeler,
        "data": data_of(found),
        "synthetic": found.synthetic,
        "resamples": found.settings.get("resamples"),
        "seed": found.settings.get("seed"),
    }
    folders = dict(zip(found.names, (folder for _, folder in runs_of(found)), strict=True))
    for value in found.values:
        run = {"run": folders.get(value.name)}
        yield {**_about(found.metrics[value.metric]), **_value(value), **common, **run}
    for pair in found.pairs:
        yield {**_about(found.metrics[pair.metric]), **_pair(pair), **common}
    for row in published_beside(published, found):
        yield {"kind": "published", **_about(found.metrics[row.metric]), **vars(row)}


def _about(metric: ComparedMetric) -> dict[str, Any]:
    return {
        "metric": metric.name,
        "higher_is_better": metric.higher_is_better,
        "decimals": metric.decimals,
    }


def _value(value: ModelValue) -> dict[str, Any]:
    fields: Mapping[str, Any] = vars(value)
    return {
        "kind": "value",
        "model": value.name,
        **{k: v for k, v in fields.items() if k != "name"},
    }


def _pair(pair: Pair) -> dict[str, Any]:
    renamed = {"a": "model", "b": "against", "difference": "value"}
    row = {renamed.get(k, k): v for k, v in vars(pair).items() if k != "labels"}
    mcnemar = pair.labels.p if pair.labels else None
    return {"kind": "pair", **row, "significant": pair.significant, "mcnemar_p": mcnemar}


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return spreadsheet_cell(value)
