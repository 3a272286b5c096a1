"""Submissions and the board: ``imhi submit``, ``imhi leaderboard verify | init | build``.

* :mod:`~imhi.plugins.leaderboard.submission`: packs a run, without posts, and reads what others packed.
* :mod:`~imhi.plugins.leaderboard.verification`: makes labels and scores anew and looks for tricks.
* :mod:`~imhi.plugins.leaderboard.site`: a static site from a folder of verified submissions.
"""

from __future__ import annotations

from typing import Any

from imhi import hookimpl


@hookimpl
def imhi_commands(app: Any) -> None:
    import typer

    from imhi.plugins.leaderboard.site.leaderboard_commands import build, init
    from imhi.plugins.leaderboard.submission.submit_command import submit
    from imhi.plugins.leaderboard.verification.verify_command import verify

    board = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Verify submissions, and make a leaderboard's pages of them.",
    )
    app.command("submit")(submit)
    board.command("init")(init)
    board.command("verify")(verify)
    board.command("build")(build)
    app.add_typer(board, name="leaderboard")
