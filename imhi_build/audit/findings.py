"""From counts to findings: a sentence, a figure, the rows, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from imhi import Dataset
from imhi.build.audit.completions import Completions
from imhi.build.audit.corpus import EXPERT
from imhi.build.audit.flags import FLAGS
from imhi.build.audit.human_labels import HumanLabels
from imhi.build.audit.judging import Tally
from imhi.build.audit.kinds import kinds
from imhi.build.audit.records import Finding, Join, Marker, SplitFigures, Unit, finding


def row_findings(tally: Tally) -> Iterator[Finding]:
    """Yield the findings that the rows of a split gave one by one."""
    unit = tally.unit
    for kind, declared in kinds().items():
        rows = tally.kinds.get(kind, [])
        if not (rows and declared.text) or (kind == "expert-differs" and unit.split == EXPERT):
            continue  # the expert's own rows are flagged; the finding is on the released ones
        total = tally.compared_with_experts if kind == "expert-differs" else tally.rows
        if kind == "opposite-labels":
            total = len(tally.kinds["duplicate"])
        text = declared.text.format(
            n=f"{len(rows):,}", of=f"{tally.rows:,}", compared=f"{tally.compared_with_experts:,}"
        )
        yield finding(kind, unit, text, len(rows), total, rows)


def flag_findings(tally: Tally, meanings: Mapping[str, str]) -> Iterator[Finding]:
    """Yield a finding for each flag that comes from a plugin; those of this project have their own."""
    for flag in sorted(meanings.keys() - {own.name for own in FLAGS}):
        if rows := tally.flagged.get(flag, []):
            text = f"{len(rows):,} of {tally.rows:,} rows are flagged {flag}: {meanings[flag]}"
            yield finding("flagged", tally.unit, text, len(rows), tally.rows, rows)


def leak_findings(tally: Tally) -> Iterator[Finding]:
    """Yield a finding for each split in which posts also stand."""
    for other, rows in tally.leaks.items():
        own = other.dataset == tally.unit.dataset
        known = " (known from the raw files)" if other.raw else ""
        text = (
            f"the posts of {len(rows):,} of {tally.rows:,} rows stand in {other.dataset} "
            f"{other.split}{known}, equally or nearly"
        )
        kind = "leak" if own else "leak-across"
        yield finding(kind, tally.unit, text, len(rows), tally.rows, rows)


def join_finding(tally: Tally, join: Join) -> Iterator[Finding]:
    """Yield the finding on labels that are not the annotators'."""
    if not join.differ:
        return
    most, count = max(join.changes.items(), key=lambda pair: pair[1])
    human, _, released = most.partition(" -> ")
    text = (
        f"{join.differ:,} of {join.matched:,} released labels are not the annotators' ({count:,} of "
        f"them {human} by people, {released} as released)"
    )
    if join.agreement is not None:
        text += f"; scored as a model's, the released labels reach weighted F1 {join.agreement:.1f}"
    rows = tally.kinds["label-not-human"]
    yield finding("label-not-human", tally.unit, text, join.differ, join.matched, rows)


def marker_findings(unit: Unit, found: Completions, marker: Marker) -> Iterator[Finding]:
    """Yield what completion answers show: the marker, what it tells, answers of another form."""
    if found.marked:
        text = f"{marker.marked:,} of {marker.rows:,} completion answers begin with white space"
        if marker.precision is not None and marker.recall is not None:
            text += (
                f"; {marker.differ:,} of {marker.known:,} with a human label differ from it "
                f"(precision {marker.precision:.1f}%, recall {marker.recall:.1f}%)"
            )
        rows = sorted(found.marked, key=_number)
        yield finding("marked", unit, text, len(rows), found.rows, rows)
    for label, count in found.marked_labels.items():
        of_label = found.labels[label]
        # It tells the label where nearly all of one label have it, and nearly none of the others.
        if count >= 20 and count >= 0.9 * of_label and count >= 0.9 * len(found.marked):
            text = (
                f"{count:,} of {of_label:,} completion answers '{label}' begin with white space, and "
                f"{len(found.marked) - count:,} of {found.rows - of_label:,} others"
            )
            yield finding("marker-is-a-label", unit, text, count, of_label)
    if found.other_form:
        rows = found.other_form
        text = f"{len(rows):,} of {found.rows:,} completion answers have more than the label's word"
        yield finding("answer-form", unit, text, len(rows), found.rows, rows)


def declared_findings(tally: Tally, dataset: Dataset) -> Iterator[Finding]:
    """Yield what a split lacks of what its dataset declares: labels, questions of some posts."""
    unit, rows = tally.unit, tally.rows
    if unit.split == EXPERT:
        return  # a handful of rows, drawn from others
    absent = [label for label in dataset.label_names if not tally.labels[label]]
    if absent and rows:
        text = f"no row has the label {', '.join(absent)}"
        total = len(dataset.label_names)
        yield finding("label-missing", unit, text, len(absent), total)
    every = (1 << len(dataset.questions)) - 1
    lacking = [slot for slot, asked in tally.aspects.items() if asked != every]
    if lacking:
        text = (
            f"{len(lacking):,} of {len(tally.aspects):,} posts are not asked every one of the "
            f"{len(dataset.questions)} questions"
        )
        yield finding("lacks-question", unit, text, len(lacking), len(tally.aspects))


def raw_findings(humans: HumanLabels, asked: Sequence[str]) -> Iterator[Finding]:
    """Yield what raw rows say that no released row does, by split; ``asked`` are the splits whose
    released rows were looked for."""
    dataset = humans.files.dataset.name
    named = humans.unmatched_rows()
    drawn = humans.files.draws_splits
    for split, total, missing in humans.unmatched():
        if drawn and missing < total:
            text = (
                f"split of the preset's own making; joined with all splits: {total - missing:,} of "
                f"{total:,} raw rows have a released row here"
            )
            yield finding("raw-own-split", Unit(dataset, ""), text, total - missing, total)
        # Without every published split there are raw rows that cannot have a released row.
        complete = {"train", "val", "test"} <= {*asked}
        if missing and (complete or missing == total if drawn else split in asked):
            text = f"{missing:,} of {total:,} raw rows have no released row"
            if missing == total:
                text = f"none of {total:,} raw rows has a released row"
            yield finding("raw-unmatched", Unit(dataset, split), text, missing, total, named[split])
    total = sum(count for _, count, _ in humans.unmatched())
    for reason, count in humans.removed.items():
        text = f"{count:,} raw rows were not read: {reason}"
        yield finding("raw-left-out", Unit(dataset, ""), text, count, total + count)


def figure_findings(figures: SplitFigures, published: Mapping[str, float]) -> Iterator[Finding]:
    """Yield what floors say: published results below them, what words alone tell, and power."""
    unit, rows = Unit(figures.dataset, figures.split), figures.rows
    if figures.majority is not None:
        floor = figures.majority.value
        below = {model: score for model, score in published.items() if score < floor}
        if below:
            named = ", ".join(f"{model} {score:.1f}" for model, score in below.items())
            text = f"published results are below the majority's weighted F1 of {floor:.1f}: {named}"
            yield finding("below-floor", unit, text, len(below), len(published), figure=floor)
    words = figures.explanation_words
    if words is not None:
        text = f"words of the explanation alone tell the label with weighted F1 {words.value:.1f}"
        if figures.post_words is not None:
            text += f", words of the post alone with {figures.post_words.value:.1f}"
        yield finding("explanation-tells-label", unit, text, 0, rows, figure=words.value)
    if figures.post_words is not None and figures.post_words.trained == 0:
        text = "the source has no training rows of this dataset"
        yield finding("no-training", unit, text, 0, rows)
    if figures.power is not None:
        least, most = (figures.power.assumed[share] for share in ("10", "40"))
        text = (
            f"two models must differ by {least:.1f} to {most:.1f} points of accuracy (where 10 to "
            "40% of the rows are right in one only) to be told apart with 80% probability"
        )
        yield finding("power", unit, text, 0, rows, figure=least)


def _number(id: str) -> tuple[int, str]:
    number = id.rpartition("-")[2]
    return (int(number) if number.isdecimal() else -1, id)
