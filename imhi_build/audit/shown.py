"""The words and cells that the terminal and the page share."""

from __future__ import annotations

from imhi.build.audit.overlaps import ANY
from imhi.build.audit.records import Audit, Finding, Power, Shared, SplitFigures, Value
from imhi.io import Table, figures

FIRST = 25  # findings shown in a terminal
_FLAGS = {
    "leaked": "leaked",
    "repeats": "duplicate",
    "gives away": "gives-away",
    "mojibake": "mojibake",
    "marked": "marked",
    "irregular": "irregular",
    "expert": "expert-differs",
}
_ONLY_WIDE = frozenset({"posts", "mojibake", "marked", "irregular", "expert"})
RAW_NOTE = "* in part known from the raw files: the source lacks these training rows"


def value(measured: Value | None, wide: bool = True) -> str:
    """Return a value with its interval, whose bounds are rounded to whole points if not ``wide``."""
    if measured is None:
        return "-"
    crossed = " (cross-fitted)" if wide and measured.trained == 0 else ""
    low, high = (figures.number(bound, int(wide)) for bound in (measured.low, measured.high))
    return f"{figures.number(measured.value)} [{low}, {high}]{crossed}"


def count(number: int, total: int, wide: bool = True) -> str:
    """Return a number of rows with its share (the share alone, if not ``wide``), ``-`` where it is
    0."""
    if not number or not total:
        return "-"
    share = f"{100 * number / total:.1f}%"
    return f"{number:,} ({share})" if wide else share


def rows_table(audit: Audit, wide: bool) -> Table:
    """Return rows and flagged rows of every split."""
    note = "not human: the released label is not that of the raw files; ?: no raw files given"
    rows = [_row_cells(split, wide) for split in audit.splits]
    return Table.of("Rows, and how many of them are", rows, left=2, notes=[note])


def _row_cells(split: SplitFigures, wide: bool) -> dict[str, str]:
    join = split.join
    flagged = {
        head: count(split.flagged.get(flag, 0), split.rows, wide) for head, flag in _FLAGS.items()
    }
    cells = {
        "dataset": split.dataset,
        "split": split.split,
        "rows": f"{split.rows:,}",
        "posts": f"{split.posts:,}",
        "not human": "?" if join is None else count(join.differ, join.matched, wide),
        **flagged,
    }
    return {head: cell for head, cell in cells.items() if wide or head not in _ONLY_WIDE}


def floors_table(audit: Audit, wide: bool) -> Table:
    """Return floors and power of the evaluated splits."""
    rows = []
    for split in audit.splits:
        if split.majority is None or split.power is None:
            continue
        row = {
            "dataset": split.dataset,
            "split": split.split,
            "majority": value(split.majority, wide),
            "post words": value(split.post_words, wide),
            "explanation words": value(split.explanation_words, wide),
        }
        if wide:
            agreement = None if split.join is None else split.join.agreement
            row["human labels"] = figures.interval(agreement, None, None)
            row["F1 to differ"] = _measured(split.power)
        least, most = (split.power.assumed[share] for share in ("10", "40"))
        rows.append({**row, "differ": f"{least:.1f}-{most:.1f}"})
    note = (
        "weighted F1 with 95% intervals; differ: points of accuracy between two models that these "
        "rows show with 80% probability, if 10% to 40% of the rows are right in one only"
    )
    if wide:
        note += (
            "; F1 to differ: the same for weighted F1, of two models that agree as little as majority "
            "and words do (rows that one of them gets right)"
            "; human labels: what the released labels reach, scored against people's"
        )
    return Table.of("Floors and power", rows, left=2, notes=[note])


def _measured(power: Power) -> str:
    if power.measured is None or power.disagreement is None:
        return "-"
    return f"{power.measured:.1f} (at {power.disagreement:.0f}%)"


def leaks_table(audit: Audit) -> Table:
    """Return the matrix: share of the posts of a split that stand in training rows of a dataset."""
    others = [*dict.fromkeys(s.other for s in audit.leaks if s.other != ANY), ANY]
    shared = {(s.dataset, s.split, s.other): s for s in audit.leaks}
    rows = [
        {"posts of": dataset, "split": split}
        | {other: cell(shared.get((dataset, split, other))) for other in others}
        for dataset, split in dict.fromkeys((s.dataset, s.split) for s in audit.leaks)
    ]
    notes = [RAW_NOTE] if any(s.raw for s in audit.leaks) else []
    title = "Posts that stand in training rows (train, val), percent"
    return Table.of(title, rows, left=2, notes=notes)


def cell(shared: Shared | None) -> str:
    """Return a share in percent, with a star where it is known from the raw files."""
    if shared is None:
        return "-"
    return f"{shared.share:.1f}" + ("*" if shared.raw and shared.other != ANY else "")


def chosen(audit: Audit, everything: bool) -> list[Finding]:
    """Return the findings to show: all, or the first of those that are more than information."""
    if everything:
        return list(audit.findings)
    return [finding for finding in audit.findings if finding.severity != "info"][:FIRST]
