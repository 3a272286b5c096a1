"""What a reader of the scores must know, below the tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi.io import figures, sanitizing
from imhi.plugins.reporters.tables.cells import WITH_INFERRED, inferred_in, names_of
from imhi.plugins.reporters.tables.means import means_of

if TYPE_CHECKING:
    from imhi import RunScores


def remarks(runs: Sequence[RunScores]) -> list[str]:
    """Return what a reader of the scores must know, a sentence each."""
    sentences = ["95% intervals over posts."]
    sentences += figures.crossed_note(
        any(row.get("cross_fitted") for run in runs for row in run.scores)
    )
    metrics = dict.fromkeys(row["metric"] for run in runs for row in run.averages)
    if any(
        row is not None and row["low"] is None
        for metric in metrics
        for mean in means_of(runs, metric, "datasets")
        for row in mean.rows
    ):
        sentences.append(
            "Means without an interval are of the values of these datasets alone; imhi compare has "
            "their intervals."
        )
    names = names_of(runs)
    sentences += _stated(runs, names)
    sentences += _contradictions(runs, names)
    sentences += _energy(runs, names)
    of_runs: dict[str, list[str]] = {}
    for name, run in zip(names, runs, strict=True):
        said = [_read_by(run), *run.gaps, *run.notes]
        for sentence in dict.fromkeys(said):
            of_runs.setdefault(sentence, []).append(name)
    sentences += [
        sentence if len(of) == len(runs) else f"{', '.join(of)}: {sentence}"
        for sentence, of in of_runs.items()
    ]
    sentences += figures.closing(any(run.synthetic for run in runs))
    return [sanitizing.one_line(remark) for remark in sentences]


def _read_by(run: RunScores) -> str:
    deciders = {by for one in run.labelling.values() for by in one["decided_by"]}
    if deciders == {"model"}:
        return "labels given by the model."
    return f"labels read by: {run.labeler}."


def _stated(runs: Sequence[RunScores], names: Sequence[str]) -> list[str]:
    """Return which share of each run's answers states its label, and of which one is only inferred."""
    if not any(map(inferred_in, runs)):
        return []
    listed = []
    for name, run in zip(names, runs, strict=True):
        counts = list(run.labelling.values())
        answers = sum(one["n"] - one["failed"] - one["not_asked"] for one in counts)
        inferred = inferred_in(run)
        none = sum(one["unparsed"] for one in counts) - inferred
        if answers:
            shares = [
                100 * count / answers for count in (answers - none - inferred, inferred, none)
            ]
            listed.append("{}: {:.0f}%, {:.0f}%, {:.0f}%".format(name, *shares))
    how = (
        "Labels stated, only inferred, none (of all answers together; what is inferred is part of the "
        "unparsed and does not count, "
        f"{WITH_INFERRED} has what would be if it did)"
    )
    return [f"{how}: {'; '.join(listed)}."]


def _contradictions(runs: Sequence[RunScores], names: Sequence[str]) -> list[str]:
    """Return how many answers of each run contradict themselves. Under several views a run is there
    several times, each with as many of its answers as the view shows."""
    counts = [sum(one["contradictions"] for one in run.labelling.values()) for run in runs]
    if not any(counts):
        return []
    how = "(label sentence against explanation)"
    if len({run.run for run in runs}) == 1 and len(set(counts)) == 1:
        many = f"{counts[0]:,} answers contradict themselves"
        return [f"{many if counts[0] > 1 else '1 answer contradicts itself'} {how}."]
    listed = "; ".join(f"{name}: {count:,}" for name, count in zip(names, counts, strict=True))
    return [f"Answers that contradict themselves {how}: {listed}."]


def _energy(runs: Sequence[RunScores], names: Sequence[str]) -> list[str]:
    """Return what asking took, of the runs that measured it, and how it was measured."""
    listed: dict[str, list[str]] = {}
    for name, run in zip(names, runs, strict=True):
        energy = run.totals.get("energy")
        if not energy:
            continue
        asked = run.totals.get("respond_seconds") or 0.0
        # The meter begins just before, and a run may have gone on without it.
        part = energy["seconds"] < 0.95 * asked - 1
        share = f" in {energy['seconds']:.0f} of {asked:.0f} s" if part else ""
        told = f"{name}: {figures.energy_figure(energy)}{share}"
        listed.setdefault(figures.energy_method(energy), []).append(told)
    return [
        f"Energy of asking: {'; '.join(dict.fromkeys(of))} ({how})." for how, of in listed.items()
    ]
