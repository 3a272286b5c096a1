"""The words and cells that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imhi.build.audit.overlaps import ANY
from imhi.build.audit.records import Audit, Finding, Power, Shared, SplitFigures, Value

FIRST = 25  # findings shown in a terminal
RAW_NOTE = "* in part known from the raw files: the source lacks these training rows"


@dataclass(frozen=True)
class Table:
    """A table of texts; the first ``left`` columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 1
    note: str = ""


def value(found: Value | None, wide: bool = True) -> str:
    if found is None:
        return "-"
    form = ".1f" if wide else ".0f"
    crossed = " (cross-fitted)" if wide and found.trained == 0 else ""
    return f"{found.value:.1f} [{found.low:{form}}, {found.high:{form}}]{crossed}"


def count(number: int, total: int, wide: bool = True) -> str:
    """Return a number of rows with its share (the share alone, if not ``wide``), ``-`` where it is
    0."""
    if not number or not total:
        return "-"
    share = f"{100 * number / total:.1f}%"
    return f"{number:,} ({share})" if wide else share


def rows_table(audit: Audit, wide: bool) -> Table:
    """Return rows and flagged rows of every split."""

    def differ(split: SplitFigures) -> str:
        return "?" if split.join is None else count(split.join.differ, split.join.matched, wide)

    def flagged(name: str) -> Callable[[SplitFigures], str]:
        return lambda split: count(split.flagged.get(name, 0), split.rows, wide)

    cells: dict[str, Callable[[SplitFigures], str]] = {
        "dataset": lambda split: split.dataset,
        "split": lambda split: split.split,
        "rows": lambda split: f"{split.rows:,}",
        "posts": lambda split: f"{split.posts:,}",
        "not human": differ,
        "leaked": flagged("leaked"),
        "repeats": flagged("duplicate"),
        "gives away": flagged("gives-away"),
        "mojibake": flagged("mojibake"),
        "marked": flagged("marked"),
        "irregular": flagged("irregular"),
        "expert": flagged("expert-differs"),
    }
    if not wide:
        for name in ("posts", "mojibake", "marked", "irregular", "expert"):
            del cells[name]
    rows = tuple(tuple(cell(split) for cell in cells.values()) for split in audit.splits)
    note = "not human: the released label is not that of the raw files; ?: no raw files given"
    return Table("Rows, and how many of them are", tuple(cells), rows, 2, note)


def floors_table(audit: Audit, wide: bool) -> Table:
    """Return floors and power of the evaluated splits."""
    columns = ["dataset", "split", "majority", "post words", "explanation words"]
    columns += ["human labels", "F1 to differ", "differ"] if wide else ["differ"]
    rows = []
    for split in audit.splits:
        if split.majority is None or split.power is None:
            continue
        least, most = (split.power.assumed[share] for share in ("10", "40"))
        row = [split.dataset, split.split, value(split.majority, wide)]
        row += [value(split.post_words, wide), value(split.explanation_words, wide)]
        if wide:
            agreement = None if split.join is None else split.join.agreement
            row += ["-" if agreement is None else f"{agreement:.1f}", _measured(split.power)]
        rows.append((*row, f"{least:.1f}-{most:.1f}"))
    note = (
        "weighted F1 with 95% intervals; differ: points of accuracy between two models that these "
        "rows show with 80% probability, if 10% to 40% of the rows are right in one only"
    )
    if wide:
        note += (
            "; F1 to differ: the same for weighted F1, of two models that agree as little as majority "
            "and words do (rows that one of them gets right)"
        )
        note += "; human labels: what the released labels reach, scored against people's"
    return Table("Floors and power", tuple(columns), tuple(rows), 2, note)


def _measured(power: Power) -> str:
    if power.measured is None or power.disagreement is None:
        return "-"
    return f"{power.measured:.1f} (at {power.disagreement:.0f}%)"


def leaks_table(audit: Audit) -> Table:
    """Return the matrix: share of the posts of a split that stand in training rows of a dataset."""
    others = list(dict.fromkeys(s.other for s in audit.leaks if s.other != ANY))
    found = {(s.dataset, s.split, s.other): s for s in audit.leaks}
    rows = []
    for unit in dict.fromkeys((s.dataset, s.split) for s in audit.leaks):
        cells = [cell(found.get((*unit, other))) for other in (*others, ANY)]
        rows.append((*unit, *cells))
    raw = RAW_NOTE if any(s.raw for s in audit.leaks) else ""
    return Table(
        "Posts that stand in training rows (train, val), percent",
        ("posts of", "split", *others, ANY),
        tuple(rows),
        2,
        raw,
    )


def cell(shared: Shared | None) -> str:
    if shared is None:
        return "-"
    return f"{shared.share:.1f}" + ("*" if shared.raw and shared.other != ANY else "")


def chosen(audit: Audit, everything: bool) -> list[Finding]:
    """Return the findings to show: all, or the first of those that are more than information."""
    if everything:
        return list(audit.findings)
    return [found for found in audit.findings if found.severity != "info"][:FIRST]
