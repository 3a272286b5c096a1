"""The command line of ``imhi submit``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi.io import options, print_json, say
from imhi.runs import RunFolder

Flag = typer.Option


def submit(
    context: typer.Context,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Folder, id, part of an id, or 'last'.")
    ],
    name: Annotated[
        str, Flag(metavar="NAME", help="What the board calls it (default: the model's name).")
    ] = "",
    by: Annotated[str, Flag("--by", metavar="TEXT", help="Who submits: people, a group.")] = "",
    link: Annotated[str, Flag(metavar="URL", help="A page about the model.")] = "",
    description: Annotated[
        str, Flag(metavar="TEXT", help="What a reader should know about the model.")
    ] = "",
    supersedes: Annotated[
        str, Flag(metavar="ID", help="Your entry of a board that this is to take the place of.")
    ] = "",
    labeler: options.LabelerName = None,
    to: Annotated[
        Path | None, Flag("--to", metavar="FILE", help="Where to (default RUN.zip, here).")
    ] = None,
    incomplete: Annotated[
        bool, Flag("--incomplete", help="Pack a run with unanswered examples (recorded).")
    ] = False,
    partial: Annotated[
        bool, Flag("--partial", help="Pack a run made with --limit (recorded).")
    ] = False,
    allow_long_quotes: Annotated[
        bool, Flag("--allow-long-quotes", help="Pack answers that repeat much of their post.")
    ] = False,
    folder: options.Out = Path("runs"),
    as_json: options.AsJson = False,
) -> None:
    """Pack a run for a leaderboard: answers, labels and scores, keyed by hashes. Holds no post.

    Refuses what cannot be verified by others and what must not leave this machine.
    """
    from imhi.plugins.leaderboard.submission.packing import Submitter, pack, write_archive
    from imhi.plugins.leaderboard.submission.submittable import Allowed

    submitted = RunFolder.find(run, folder)
    path = to or Path(f"{submitted.id}.zip")
    data = pack(
        submitted,
        context.obj.registry,
        labeler or "hybrid",
        Submitter(name, by, link, description, supersedes=supersedes),
        Allowed(incomplete, partial, allow_long_quotes),
    )
    packed = write_archive(data, path)
    n = sum(dataset.n for dataset in packed.datasets.values())
    if as_json:
        print_json(
            {
                "file": str(path),
                "sha256": packed.sha256,
                "bytes": packed.size,
                "name": packed.about.name,
                "partial": packed.partial,
                "datasets": {name: dataset.n for name, dataset in packed.datasets.items()},
            }
        )
    say(
        f"submission: {path} ({packed.size:,} bytes: {n:,} answers to {len(packed.datasets)} datasets)"
    )
    say("look at it before you send it: unzip -l FILE; models' answers are in it as they are")
    say(f"verify it as others will: imhi leaderboard verify {path} --source NAME[:PATH]")
