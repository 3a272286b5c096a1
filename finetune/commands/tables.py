"""What a person sees of a training in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imhi.io import print_table

if TYPE_CHECKING:
    from imhi.finetune.experiments.leave_out import LeftOut
    from imhi.finetune.experiments.seeds import Spread


def show_summary(manifest: Mapping[str, Any]) -> None:
    """Print what was trained: a line per model."""
    rows = []
    for name, member in manifest["members"].items():
        best = member.get("best")
        loss = member.get("final_loss")
        rows.append(
            (
                name,
                f"{member['rows']:,}",
                f"{member['trainable_parameters']:,}",
                f"{member['updates']:,}",
                "-" if loss is None else f"{loss:.4f}",
                f"{best['value']:.1f} at {best['update']}" if best else "-",
                f"{member['seconds']:,.0f} s",
            )
        )
    columns = ("model", "rows", "parameters", "updates", "loss", "best validation", "time")
    print_table("", columns, rows)


def show_scores(scores: Sequence[Mapping[str, Any]]) -> None:
    """Print scores that come from no run: those of classifiers of explanations."""
    rows = [
        (row["dataset"], row["metric"], _interval(row), row["n"], row["unparsed"]) for row in scores
    ]
    columns = ("dataset", "metric", "value [95% interval]", "n", "unparsed")
    print_table("on reference explanations without their label sentences", columns, rows, 2)


def show_spreads(spreads: Sequence[Spread]) -> None:
    """Print mean and deviation over seeds."""
    rows = [
        (
            spread.dataset,
            spread.metric,
            f"{spread.mean:.1f} \N{PLUS-MINUS SIGN} {spread.deviation:.1f}",
            " ".join(f"{value:.1f}" for value in spread.values),
        )
        for spread in spreads
    ]
    count = len(spreads[0].values) if spreads else 0
    print_table(
        f"mean and sample standard deviation over {count} seeds",
        ("dataset", "metric", "mean \N{PLUS-MINUS SIGN} deviation", "each"),
        rows,
        2,
    )


def show_left_out(lines: Sequence[LeftOut]) -> None:
    """Print the table of generalisation: a line for each way a left-out dataset was answered."""
    rows = []
    for line in lines:
        for way, row in line.scores.items():
            name = line.dataset if way == next(iter(line.scores)) else ""
            share = f"{row['unparsed'] / row['n']:.0%}" if row["unparsed"] else "-"
            rows.append((name, way, _interval(row), row["n"], share))
    print_table(
        "weighted F1 on what was left out ('unseen': trained without it)",
        ("left out", "answered by", "value [95% interval]", "n", "unparsed"),
        rows,
        2,
    )


def _interval(row: Mapping[str, Any]) -> str:
    if row["low"] is None:
        return f"{row['value']:.1f}"
    return f"{row['value']:.1f} [{row['low']:.1f}, {row['high']:.1f}]"
