"""Draws the pictures of docs/results.md from what is stored: python docs/results/pictures.py"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from docs.generator.results import SEEDS, experiments, score, stored  # noqa: E402

# Okabe and Ito (jfly.uni-koeln.de/color); what they say is said by marks and lines too.
TUNED, TFIDF, MAJORITY, GREY = "#0072b2", "#d55e00", "#009e73", "#555555"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "imhi",  # the same picture, the same bytes
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "figure.facecolor": "white",
}


def learning_curve(panel: Any, dataset: str) -> None:
    """Draw weighted F1 over training rows: 0 is the base model shown three examples."""
    untuned, longest = score("few-shot-3", dataset), score("tuned-1000", dataset)
    seeds = [one for name in SEEDS if (one := score(name, dataset))]
    points = [(0, untuned), (999, longest)]
    if seeds:
        points.insert(1, (201, {**seeds[0], "value": statistics.mean(s["value"] for s in seeds)}))
    known = [(x, one) for x, one in points if one]
    panel.plot([x for x, _ in known], [one["value"] for _, one in known], color=TUNED, marker="o")
    for x, one in known:
        panel.plot([x, x], [one["low"], one["high"]], color=TUNED, linewidth=0.9)
    panel.plot([201] * len(seeds), [s["value"] for s in seeds], "x", color=GREY)
    # The curve runs between the two lines, or crosses one: their names stand outside, in the middle.
    for name, label, colour, line, above in (
        ("tfidf", "TF-IDF, all rows", TFIDF, "--", True),
        ("majority", "majority label", MAJORITY, ":", False),
    ):
        if found := score(name, dataset):
            panel.axhline(found["value"], color=colour, linestyle=line)
            above = above or found["value"] < 10  # below is the axis
            at, side = (found["value"] + 1.5, "bottom") if above else (found["value"] - 1.5, "top")
            panel.text(600, at, label, color=colour, ha="center", va=side, fontsize=8)
    panel.set_title(dataset)
    panel.set_xlabel("training rows")
    panel.set_xticks([0, 201, 999])
    panel.set_ylim(0, 100)


def losses(panel: Any) -> None:
    """Draw the training loss of each training over its updates, means of three logged ones."""
    for name in experiments()["trainings"]:
        part = stored(f"train-{name}")
        rows = [(r["step"], r["loss"]) for r in (part or {}).get("history", ()) if "loss" in r]
        smooth = [
            (rows[at][0], statistics.mean(loss for _, loss in rows[max(0, at - 2) : at + 1]))
            for at in range(len(rows))
        ]
        own = {"color": TUNED, "linewidth": 2.0} if name == "tuned-1000" else {"linewidth": 0.9}
        if smooth:
            panel.plot(*zip(*smooth, strict=True), label=name, **own)
    panel.set_xlabel("updates of 4 rows")
    panel.set_ylabel("training loss, labels weighed (nats)")
    panel.legend(fontsize=8, frameon=False)


def main() -> None:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        datasets = experiments()["seen"]
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        for panel, dataset in zip(
            figure.subplots(1, len(datasets), sharey=True), datasets, strict=True
        ):
            learning_curve(panel, dataset)
        figure.axes[0].set_ylabel("weighted F1")
        figure.savefig(HERE / "learning_curve.svg", metadata={"Date": None})
        figure = Figure(figsize=(7, 3.2), layout="constrained")
        losses(figure.subplots())
        figure.savefig(HERE / "training_loss.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
