"""How the report of ``imhi data check`` is shown: tables that fit a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imhi.io import Cell, Table, figures, sanitizing, show_table
from imhi.plugins.data_commands.check import SourceReport, SplitReport

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN_PROBLEMS = 50


def show_report(report: SourceReport, console: Console) -> None:
    """Print the tables, then what needs a sentence."""
    show_table(_counts(report.splits), console, gap=True)
    show_table(_balance(report.splits), console)
    for line, style in _sentences(report):
        console.print(sanitizing.plain(line), style=style or None, markup=False)


def _counts(splits: Sequence[SplitReport]) -> Table:
    heads = (
        "rows", "pub-\nlished", "unpar-\nsable", "repeats\n(confl.)", "empty\nexpl.",
        "moji-\nbake", "in\ntrain",
    )  # fmt: skip
    rows: list[list[object]] = []
    last = ""
    for report in splits:
        repeated = f"{report.repeated:,}" + (f" ({report.conflicting})" if report.repeated else "")
        bad = len(report.unparsable)
        differs = report.published is not None and report.published != report.rows
        rows.append(
            [
                report.dataset if report.dataset != last else "",
                report.split,
                "unreadable" if report.unreadable else f"{report.rows:,}",
                _count(report.published) + "*" * differs,
                Cell(f"{bad:,}", "red" if bad else ""),
                repeated,
                f"{report.empty_explanations:,}",
                _count(report.mojibake, "?"),
                _count(report.in_training),
            ]
        )
        last = report.dataset
    return Table(
        "", [*Table.texts("dataset", "split"), *Table.numbers(*heads)], rows, frame="narrow"
    )


def _count(number: int | None, unknown: str = "-") -> str:
    return unknown if number is None else f"{number:,}"


def _balance(splits: Sequence[SplitReport]) -> Table:
    """One line per distribution: the two styles of a split share theirs."""
    groups: dict[tuple[str, tuple[tuple[str, int], ...]], list[str]] = {}
    for report in splits:
        key = (report.dataset, tuple(sorted(report.labels.items(), key=lambda item: -item[1])))
        groups.setdefault(key, []).append(report.split)
    rows = []
    last = ""
    for (dataset, labels), names in groups.items():
        total = sum(count for _, count in labels) or 1
        shares = ", ".join(f"{name} {figures.share(count, total)}" for name, count in labels)
        rows.append([dataset if dataset != last else "", ", ".join(names), shares])
        last = dataset
    return Table("", Table.texts("dataset", "split", "labels"), rows, frame="narrow")


def _sentences(report: SourceReport) -> Iterator[tuple[str, str]]:
    yield "", ""
    yield "repeats: post and question stood in an earlier row (conflicting labels);", ""
    yield "in train: the post stands in train or val, case and punctuation aside", ""
    if report.synthetic:
        yield "Synthetic demo posts: scores on them are not IMHI results.", "yellow"
    if any(s.published is not None and s.published != s.rows for s in report.splits):
        yield "* another number of rows than the published set", "yellow"
    if report.files is not None:
        yield report.files.sentence(), "red" if report.files.differ else ""
        if report.files.missing():
            yield report.files.missing(), ""
        if report.files.unknown:
            yield report.files.not_known(), "yellow"
    for split in report.splits:
        if split.overlap.get("test"):
            yield (
                f"{split.dataset} {split.split}: {split.overlap['test']:,} of {split.rows:,} posts "
                "stand in test",
                "",
            )
        if split.elsewhere:
            where = ", ".join(f"{name} {count:,}" for name, count in split.elsewhere.items())
            yield (
                f"{split.dataset} {split.split}: of {split.rows:,} rows, post also in the training "
                f"rows of: {where}",
                "",
            )
    if any(s.mojibake is None for s in report.splits):
        yield "mojibake was not looked for: pip install ftfy", "yellow"
    if report.absent:
        absent = "; ".join(f"{name}: {', '.join(s)}" for name, s in report.absent.items())
        yield f"not in this source: {absent}", ""
    if report.unused_files:
        yield f"files not used: {', '.join(report.unused_files)}", "yellow"
    yield from _problems(report)


def _problems(report: SourceReport) -> Iterator[tuple[str, str]]:
    for split in report.splits:
        if split.unreadable:
            yield f"unreadable: {split.unreadable}", "red"
    problems = [message for split in report.splits for message in split.unparsable]
    for message in problems[:_SHOWN_PROBLEMS]:
        yield message, "red"
    if len(problems) > _SHOWN_PROBLEMS:
        yield f"... and {len(problems) - _SHOWN_PROBLEMS:,} more: --json lists all", "red"
    rows = sum(split.rows for split in report.splits)
    yield f"{rows:,} rows, {len(problems):,} unparsable", "bold red" if problems else "bold"
