"""What a person sees of a training in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi.io import Table, figures, show_notes, show_table

if TYPE_CHECKING:
    from imhi.finetune.experiments.leave_out import LeftOut
    from imhi.finetune.experiments.seeds import Spread
    from imhi.finetune.trained.manifest import ModelScore, TrainingManifest

_VALUES = Table.numbers("value [95% interval]", "n", "unparsed")


def show_summary(manifest: TrainingManifest) -> None:
    """Print what was trained: a line per model."""
    rows = []
    for name, model in manifest.members.items():
        best = model.best
        counts = (f"{n:,}" for n in (model.rows, model.trainable_parameters, model.updates))
        loss = figures.interval(model.final_loss, None, None, 4)
        validation = f"{best.value:.1f} at {best.update}" if best else "-"
        rows.append([name, *counts, loss, validation, f"{model.seconds:,.0f} s"])
    heads = Table.numbers("rows", "parameters", "updates", "loss", "best validation", "time")
    show_table(Table("", [*Table.texts("model"), *heads], rows))


def show_scores(scores: Sequence[ModelScore], synthetic: bool) -> None:
    """Print scores that come from no run: those of classifiers of explanations; of ``synthetic``
    (fictional) posts, that they are."""
    rows = [
        (s.dataset, s.metric, figures.interval(s.value, s.low, s.high), s.n, s.unparsed)
        for s in scores
    ]
    title = "on reference explanations without their label sentences"
    show_table(Table(title, [*Table.texts("dataset", "metric"), *_VALUES], rows))
    show_notes(figures.closing(synthetic))


def show_spreads(spreads: Sequence[Spread], synthetic: bool) -> None:
    """Print mean and deviation over seeds; of ``synthetic`` (fictional) posts, that they are."""
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
    title = f"mean and sample standard deviation over {count} seeds"
    columns = [
        *Table.texts("dataset", "metric"),
        *Table.numbers("mean \N{PLUS-MINUS SIGN} deviation", "each"),
    ]
    show_table(Table(title, columns, rows))
    show_notes(figures.closing(synthetic))


def show_left_out(lines: Sequence[LeftOut], synthetic: bool) -> None:
    """Print the table of generalisation: a line for each way a left-out dataset was answered; of
    ``synthetic`` (fictional) posts, that they are."""
    rows = []
    for line in lines:
        for place, (way, row) in enumerate(line.scores.items()):
            share = f"{row['unparsed'] / row['n']:.0%}" if row["unparsed"] else "-"
            value = figures.interval(row["value"], row["low"], row["high"])
            rows.append(("" if place else line.dataset, way, value, row["n"], share))
    title = "weighted F1 on what was left out ('unseen': trained without it)"
    show_table(Table(title, [*Table.texts("left out", "answered by"), *_VALUES], rows))
    show_notes(figures.closing(synthetic))
