"""What a meta-evaluation found, as one object: shown in tables, drawn, and written to files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from imhi.io import write_json
from imhi.plugins.meta_evaluation.figures import Comparison, Figure, Panel
from imhi.plugins.meta_evaluation.metric_values import Column

FORMAT = 1
_CSV = (
    "panel", "pooled", "kind", "metric", "made_by", "higher_is_better", "mark", "coefficient",
    "value", "low", "high", "n", "why_undefined",
)  # fmt: skip


@dataclass(frozen=True)
class MetaEvaluation:
    """``settings`` says what was measured and how (JSON); ``marks`` are the kinds of marks;
    ``gaps`` is what a metric could not do yet."""

    settings: Mapping[str, object]
    marks: Sequence[str]
    columns: Sequence[Column]
    panels: Sequence[Panel]
    notes: Sequence[str]
    gaps: Sequence[str] = ()

    def shown(self) -> list[Column]:
        """Return the measures for tables and pictures: no parts."""
        return [column for column in self.columns if column.headline]

    def to_json(self) -> dict[str, object]:
        """Return everything but texts: no post and no answer is in it."""
        return {
            "format": FORMAT,
            **self.settings,
            "marks": list(self.marks),
            "metrics": [
                {
                    "metric": column.name,
                    "made_by": column.made_by,
                    "higher_is_better": column.higher_is_better,
                    "headline": column.headline,
                    **(column.about or {}),
                }
                for column in self.columns
            ],
            "panels": [_panel(panel) for panel in self.panels],
            "notes": list(self.notes),
            "gaps": list(self.gaps),
        }

    def rows(self) -> list[dict[str, object]]:
        """Return one flat row per figure: correlations, then the annotators' agreement."""
        made = {column.name: column for column in self.columns}
        found = []
        for panel in self.panels:
            head = {"panel": panel.name, "pooled": panel.pooled}
            for (metric, mark, coefficient), figure in panel.correlations.items():
                column = made[metric]
                about = {
                    "kind": "metric",
                    "metric": metric,
                    "made_by": column.made_by,
                    "higher_is_better": column.higher_is_better,
                }
                found.append({**head, **about, **_row(mark, coefficient, figure)})
            for mark, agreement in panel.agreement.items():
                found.append({**head, "kind": "agreement", **_row(mark, "alpha", agreement.alpha)})
                for kind, figures in (
                    ("annotators", agreement.leave_one_out),
                    ("system_alone", agreement.system_alone),
                ):
                    found += [
                        {**head, "kind": kind, **_row(mark, name, figure)}
                        for name, figure in figures.items()
                    ]
        return [{name: row.get(name) for name in _CSV} for row in found]


def _row(mark: str, coefficient: str, figure: Figure) -> dict[str, object]:
    values = {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
    return {"mark": mark, "coefficient": coefficient, **values, "why_undefined": figure.why}


def _figure(figure: Figure) -> dict[str, object]:
    known = {"value": figure.value, "low": figure.low, "high": figure.high, "n": figure.n}
    more = {"why_undefined": figure.why, "undefined_draws": figure.undefined_draws}
    return known | {name: value for name, value in more.items() if value}


def _panel(panel: Panel) -> dict[str, object]:
    return {
        "panel": panel.name,
        "pooled": panel.pooled,
        "answers": panel.answers,
        "posts": panel.posts,
        "annotators": panel.annotators,
        "agreement": [
            {
                "mark": mark,
                "no_ceiling": found.no_ceiling,
                "alpha": _figure(found.alpha),
                "leave_one_out": {k: _figure(v) for k, v in found.leave_one_out.items()},
                "system_alone": {k: _figure(v) for k, v in found.system_alone.items()},
            }
            for mark, found in panel.agreement.items()
        ],
        "correlations": [
            {"metric": metric, "mark": mark, "coefficient": coefficient, **_figure(figure)}
            for (metric, mark, coefficient), figure in panel.correlations.items()
        ],
        "comparisons": [_comparison(pair) for pair in panel.comparisons],
    }


def _comparison(pair: Comparison) -> dict[str, object]:
    values = asdict(pair)
    mark, coefficient = values.pop("mark"), values.pop("coefficient")
    metrics = [values.pop("first"), values.pop("second")]
    head = {"mark": mark, "coefficient": coefficient, "metrics": metrics}
    return {**head, **values, "better": pair.better or None}


def write_files(result: MetaEvaluation, folder: Path) -> None:
    """Write ``meta.json`` and ``meta.csv``, each whole or not at all."""
    write_json(folder / "meta.json", result.to_json())
    staging = folder / "meta.csv.part"
    with staging.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _CSV, lineterminator="\n")
        writer.writeheader()
        for row in result.rows():
            writer.writerow(
                {k: json.dumps(v) if isinstance(v, bool) else v for k, v in row.items()}
            )
    staging.replace(folder / "meta.csv")
