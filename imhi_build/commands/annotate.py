"""The commands ``imhi build sample`` and ``imhi build agreement``: people mark explanations."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from imhi import HarnessError, PluginManager, RunIncomplete
from imhi.build.commands.options import Build
from imhi.io import options

SampleName = Annotated[
    str, typer.Option("--name", metavar="NAME", help="What the sample is called.")
]


def sample(
    context: typer.Context,
    build: Build,
    size: Annotated[int, typer.Option("--size", "-n", metavar="N", help="Items to draw.")] = 200,
    annotators: Annotated[
        str, typer.Option(metavar="N|NAME,NAME", help="How many, or who: a sheet for each.")
    ] = "3",
    name: SampleName = "sample",
    dataset: options.DatasetNames = None,
    shares: Annotated[
        str, typer.Option(metavar="proportional|equal", help="How datasets share the sample.")
    ] = "proportional",
    of: Annotated[
        str, typer.Option(metavar="kept|all", help="Rows not in quarantine, or all explained ones.")
    ] = "kept",
    scheme: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Your own wording of criteria and marks.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of all that is drawn.")] = 0,
    as_json: options.AsJson = False,
) -> None:
    """Draw explanations for people to mark, and write their sheets (Excel and HTML)."""
    from imhi.build.folder import BuildFolder
    from imhi.build.human_evaluation.sampling import Plan, annotator_names, make_sample
    from imhi.build.human_evaluation.scheme import SHIPPED, load_scheme
    from imhi.build.human_evaluation.tables import show_sample
    from imhi.io import out, print_json, say

    manager: PluginManager = context.obj
    if size < 1:
        raise HarnessError(f"--size: found {size}, expected 1 or more")
    if shares not in {"proportional", "equal"}:
        raise HarnessError(f"--shares: found {shares}, expected proportional or equal")
    if of not in {"kept", "all"}:
        raise HarnessError(f"--of: found {of}, expected kept or all")
    plan = Plan(
        name=name,
        size=size,
        seed=seed,
        shares="equal" if shares == "equal" else "proportional",
        of="all" if of == "all" else "kept",
        datasets=tuple(dataset or ()),
        annotators=annotator_names(annotators),
        scheme=load_scheme(scheme or SHIPPED),
    )
    folder = BuildFolder(build)
    folder.datasets()  # refuses what is no build before a lock is put there
    with folder.lock():
        written = make_sample(folder, plan, manager.registry)
    if as_json:
        print_json(written.to_json())
    else:
        show_sample(written, out())
    for note in written.notes:
        say(f"note: {note}", "yellow")
    for item, column in written.cut:
        say(
            f"note: {item}: the {column} is longer than a cell of Excel and was cut there", "yellow"
        )
    if written.kept:
        say(f"left as they are: {', '.join(path.name for path in written.kept)}")
    if written.files:
        say(f"written to {written.folder}: {', '.join(path.name for path in written.files)}")
    named = "" if name == "sample" else f" --name {name}"
    say(f"then: imhi build agreement {shlex.quote(str(build))} SHEET...{named}")


def agreement(
    build: Build,
    sheets: Annotated[
        list[Path],
        typer.Argument(metavar="SHEET...", help="Filled-in sheets: .xlsx, or .json or .csv."),
    ],
    name: SampleName = "sample",
    as_json: options.AsJson = False,
) -> None:
    """Read sheets back: means, agreement between annotators, and what is wrong with the sheets."""
    from imhi.build.folder import BuildFolder
    from imhi.build.human_evaluation.kept_sample import annotation_folder, read_sample
    from imhi.build.human_evaluation.reading import read_back
    from imhi.build.human_evaluation.report import make_report, write_report
    from imhi.build.human_evaluation.tables import problem_lines, show_report
    from imhi.io import out, print_json, say

    BuildFolder(build).record()  # refuses what is no build
    folder = annotation_folder(build, name)
    drawn = read_sample(folder)
    if drawn is None:
        raise HarnessError(
            f"{folder}: found no sample, expected one that was drawn; run: imhi build sample {build}"
            f"{'' if name == 'sample' else f' --name {name}'}"
        )
    report = make_report(drawn, read_back(sheets, drawn))
    if not report.counted:
        for line in problem_lines(report):
            say(line, "yellow")
        raise HarnessError(
            f"{', '.join(str(sheet) for sheet in sheets)}: found no mark that counts, expected filled-in "
            f"sheets of the sample in {folder}; nothing was written"
        )
    paths = write_report(report, folder)
    if as_json:
        print_json(report.to_json())
    else:
        show_report(report, out())
    for note in report.read.notes:
        say(f"note: {note}")
    for line in problem_lines(report):
        say(line, "yellow")
    say(f"written to {folder}: {', '.join(path.name for path in paths)}")
    if report.read.problems:
        counted = ", ".join(f"{kind} {count}" for kind, count in report.problem_counts().items())
        many = len(report.read.problems)
        raise RunIncomplete(
            f"{many} problem{'' if many == 1 else 's'} in the sheets ({counted}): put them right and give "
            "the same command again"
        )
