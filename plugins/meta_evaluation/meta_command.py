"""The command line of ``imhi meta``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi import PluginManager
from imhi.io import options


def meta(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="CSV files of annotated answers, or folders of them; a file is a system.",
        ),
    ],
    source: Annotated[
        options.Text,
        typer.Option(
            "--source",
            "-s",
            metavar="NAME[:PATH]",
            help="Where reference explanations come from (default: the checkout above PATH).",
        ),
    ] = None,
    dataset: Annotated[
        str, typer.Option("--dataset", "-d", metavar="NAME", help="What was asked about the posts.")
    ] = "DR",
    split: Annotated[
        str, typer.Option("--split", metavar="NAME", help="The split with the references.")
    ] = "test",
    metric: options.MetricNames = None,
    judge: options.Judges = None,
    max_cost: Annotated[
        float | None, typer.Option(metavar="USD", help="Ask judges until this is reached.")
    ] = None,
    answer_column: Annotated[
        options.Text,
        typer.Option(
            "--answer-column", metavar="NAME", help="The answers (default gpt-3.5-turbo)."
        ),
    ] = None,
    mark: Annotated[
        options.Texts,
        typer.Option(
            "--mark",
            metavar="NAME",
            help="A column of marks (default fluency, completeness, reliability, overall); repeatable.",
        ),
    ] = None,
    scale: Annotated[
        str, typer.Option("--scale", metavar="LOW:HIGH", help="The range of the marks.")
    ] = "0:3",
    coefficient: Annotated[
        str,
        typer.Option(
            "--coefficient",
            metavar="NAME",
            help="Shown in tables and picture: spearman, pearson or kendall.",
        ),
    ] = "spearman",
    resamples: Annotated[
        int, typer.Option("--resamples", metavar="N", help="Bootstrap resamples.")
    ] = 2000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the bootstrap.")] = 0,
    out_folder: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where results go.")
    ] = Path("meta"),
    picture: Annotated[
        bool, typer.Option("--picture/--no-picture", help="Draw the heat map meta.png.")
    ] = True,
    as_json: options.AsJson = False,
) -> None:
    """Measure metrics against people: correlations with human marks, within systems and pooled."""
    from imhi import RunIncomplete
    from imhi.io import disk_error, out, print_json, say, shown
    from imhi.plugins.meta_evaluation.annotations import ANSWER, MARKS
    from imhi.plugins.meta_evaluation.evaluating import METRICS, MetaSettings, evaluate

    manager: PluginManager = context.obj
    _check(coefficient, resamples, seed)
    if picture:
        from imhi.plugins.meta_evaluation.picture import check_drawing

        check_drawing()
    settings = MetaSettings(
        paths=tuple(paths),
        source=source or "",
        dataset=manager.registry.datasets.get(dataset).name,
        split=split,
        metric=tuple(metric or METRICS),
        judge=tuple(judge or ()),
        max_cost=max_cost,
        answer_column=answer_column or ANSWER,
        marks=tuple(dict.fromkeys(mark or MARKS)),
        scale=_scale(scale),
        resamples=resamples,
        seed=seed,
        out=out_folder,
    )
    with shown(manager):
        result = evaluate(settings, manager)
    from imhi.plugins.meta_evaluation.result import write_files

    try:
        out_folder.mkdir(parents=True, exist_ok=True)
        write_files(result, out_folder)
        if picture:
            from imhi.plugins.meta_evaluation.picture import draw

            draw(result, coefficient, out_folder / "meta.png")
    except OSError as error:
        raise disk_error(error, out_folder) from error
    if as_json:
        print_json(result.to_json())
    else:
        from imhi.plugins.meta_evaluation.tables import show

        show(result, coefficient, out())
    names = ["meta.json", "meta.csv", *(["meta.png"] if picture else [])]
    say(f"written to {out_folder}: {', '.join(names)}")
    for problem in manager.problems:
        if problem.stage == "observe":
            say(f"an observer failed and was passed over: {problem}", "yellow")
    if result.gaps:
        raise RunIncomplete(
            f"{'; '.join(result.gaps)}; give the same 'imhi meta' again to go on with it"
        )


def _check(coefficient: str, resamples: int, seed: int) -> None:
    from imhi import HarnessError
    from imhi.plugins.meta_evaluation.correlations import COEFFICIENTS

    if coefficient not in COEFFICIENTS:
        raise HarnessError(
            f"--coefficient: found {coefficient}, expected {', '.join(COEFFICIENTS)}"
        )
    if resamples < 100:
        raise HarnessError(f"--resamples: found {resamples}, expected at least 100")
    if seed < 0:
        raise HarnessError(f"--seed: found {seed}, expected a whole number, 0 or more")


def _scale(text: str) -> tuple[float, float]:
    from imhi import HarnessError

    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        low = high = 0.0
    if not low < high:
        raise HarnessError(f"--scale: found {text}, expected LOW:HIGH such as 0:3")
    return low, high
