"""The command line of ``imhi leaderboard verify``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi import HarnessError
from imhi.io import options, out, print_json, say
from imhi.plugins.leaderboard.submission.refusal import shown

if TYPE_CHECKING:
    from imhi.plugins.leaderboard.verification.verify import Report


class Refused(HarnessError):
    """Submissions that are not what they say."""

    exit_code = 1


def verify(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Archives made by: imhi submit")
    ],
    source: options.Source = None,
    board: Annotated[
        Path | None,
        typer.Option("--board", "-b", metavar="FOLDER", help="Compare with a board's entries."),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="Add what passes to the board (needs --board).")
    ] = False,
    supersedes: Annotated[
        str, typer.Option(metavar="ID", help="The entry of the same submitter that this replaces.")
    ] = "",
    view: Annotated[
        str, typer.Option(metavar="NAME", help="Score what is added under this view (imhi views).")
    ] = "",
    audit: options.Audit = Path("audit"),
    as_json: options.AsJson = False,
) -> None:
    """Make everything a submission claims again from its answers, on your own data.

    Asks no model. Leaves with 0 if all files pass, with 1 if one is refused.
    """
    from imhi.plugins.leaderboard.site.board import FILE as BOARD_FILE, read_board
    from imhi.plugins.leaderboard.site.entries import read_entries
    from imhi.plugins.leaderboard.verification.entries import add_entry
    from imhi.plugins.leaderboard.verification.verify import open_verifier
    from imhi.runs import OpenView

    if add and board is None:
        raise HarnessError("--add: found no board, expected --board FOLDER to add entries to")
    if supersedes and (board is None or len(files) > 1):
        raise HarnessError(
            f"--supersedes {supersedes}: expected --board FOLDER, and one file to take its place"
        )
    for path in files:
        if not path.is_file():
            raise HarnessError(f"{path}: no such file, expected a submission made by: imhi submit")
    if board is not None and not board.is_dir():
        raise HarnessError(
            f"--board {board}: no such folder; make a board with: imhi leaderboard init {board}"
        )
    opened = OpenView.open(context.obj.registry, audit, name=view)
    terms = read_board(board) if board is not None and (board / BOARD_FILE).exists() else None
    if source is None and terms is not None:
        source = terms.source
    verifier = replace(
        open_verifier(source or "demo", context.obj.registry),
        supersedes=supersedes,
        view=opened,
        terms=terms,
    )
    reports = []
    for path in files:
        entries = {} if board is None else {e.id: e for e in read_entries(board)}
        on_board = None if board is None else [entries[name] for name in sorted(entries)]
        report = replace(verifier, board=on_board).verify(path)
        reports.append(report)
        if not as_json:
            _show(report)
        if add and board is not None and report.entry is not None and report.answers is not None:
            earlier = entries.get(report.entry.id)
            if earlier is not None and earlier.record.view == report.entry.view:
                say(f"is there already, and stays as it is: {earlier.id}")
                continue
            say(f"added: {add_entry(board, report.entry, report.answers)}")
    if as_json:
        print_json([report.to_json() for report in reports])
    refused = [report for report in reports if not report.passed]
    if refused:
        first = refused[0]
        reasons = [check.name for check in first.checks if check.refuses]
        rest = f"; and {len(refused) - 1} more files" if len(refused) > 1 else ""
        raise Refused(f"{first.file.name}: refused ({', '.join(reasons)}){rest}")


def _show(report: Report) -> None:
    """Print a line for each check."""
    console = out()
    console.print(
        f"{shown(report.file.name)}: {report.name or '(not read)'}", markup=False, style="bold"
    )
    for check in report.checks:
        word = "ok" if check.passed else ("note" if check.severity == "warning" else "FAIL")
        style = {"ok": "green", "note": "yellow", "FAIL": "red"}[word]
        line = f"  {word:<5}{check.name}: {check.detail}"
        console.print(line, markup=False, style=style, soft_wrap=not console.is_terminal)
    console.print(f"  {'passed' if report.passed else 'refused'}", markup=False, style="bold")
