"""The command line of ``imhi vary``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imhi import PluginManager
from imhi.io import options

if TYPE_CHECKING:
    from imhi.plugins.robustness.varying.running import ModelRuns


def vary(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN...]",
            help="Runs that are there, of the same models with other prompts: nothing is asked.",
        ),
    ] = None,
    model: options.Models = None,
    variant: Annotated[
        options.Texts,
        typer.Option(
            "--variant",
            metavar="NAME|KIND",
            help="A variant, or wording, order, degree, labels, length; repeatable (default all).",
        ),
    ] = None,
    source: options.Source = None,
    split: options.Split = None,
    dataset: options.DatasetNames = None,
    task: options.TaskNames = None,
    prompt: Annotated[
        options.Text,
        typer.Option(
            metavar="STYLE", help="The base prompt (default: the model's own, else instruction)."
        ),
    ] = None,
    labeler: options.LabelerName = None,
    metric: options.MetricNames = None,
    limit: options.Limit = None,
    seed: options.Seed = None,
    folder: options.Out = Path("runs"),
    max_new_tokens: options.MaxNewTokens = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    stop: options.Stop = None,
    chat_template: options.ChatTemplate = None,
    system: options.System = None,
    max_cost: Annotated[
        float | None,
        typer.Option(metavar="USD", help="Stop a run (there is one per prompt) before this."),
    ] = None,
    resamples: options.Resamples = None,
    executor: options.Executor = None,
    as_json: options.AsJson = False,
    show_all: Annotated[
        bool, typer.Option("--all", help="Every dataset's differences, not only the means.")
    ] = False,
) -> None:
    """Ask the same in other words: how far do scores, labels and the order of models move?

    Makes a run for each model and prompt (give the command again to go on where it stopped), or
    takes runs that are there.
    """
    from imhi.io import print_json
    from imhi.plugins.robustness.varying.prompt_effects import measure
    from imhi.plugins.robustness.varying.tables import show

    given = options.asked_settings(context)
    manager: PluginManager = context.obj
    incomplete = 0
    if names:
        models = _there(names, given, variant, folder, manager)
    else:
        models, incomplete = _made({**given, "out": folder}, variant, manager)
    found = measure(
        models,
        manager,
        labeler=labeler or "",
        metrics=[name.partition(":")[0] for name in metric or ()],
        datasets=[manager.registry.datasets.get(name).name for name in dataset or ()],
        resamples=10_000 if resamples is None else resamples,
        seed=seed or 0,
    )
    if as_json:
        print_json(found.to_json())
    else:
        show(found, show_all)
    if incomplete:
        from imhi import RunIncomplete

        raise RunIncomplete(
            f"{incomplete} runs are not complete (unanswered examples count as wrong); give the same "
            "'imhi vary' again to go on with them"
        )


_OF_RUNS_THERE = {"prompt", "labeler", "metric", "dataset", "seed", "resamples"}


def _there(
    names: list[str],
    given: dict[str, Any],
    variant: list[str] | None,
    folder: Path,
    manager: PluginManager,
) -> list[ModelRuns]:
    """Return the runs named, by model."""
    from imhi import HarnessError
    from imhi.io import say
    from imhi.plugins.robustness.varying.running import group
    from imhi.runs import RunFolder, distinct_runs

    asked = {**given, "variant": variant}
    surplus = [name for name, value in asked.items() if value and name not in _OF_RUNS_THERE]
    if surplus:
        raise HarnessError(
            f"imhi vary: found --{surplus[0].replace('_', '-')} beside runs that are there, expected "
            "RUN... or what runs are to be made of, not both"
        )
    base = given["prompt"]
    style = manager.registry.prompts.get(base).name if base else ""
    runs, twice = distinct_runs([RunFolder.find(name, folder) for name in names])
    for note in twice:
        say(note)
    return group(runs, style)


def _made(
    given: dict[str, Any], variant: list[str] | None, manager: PluginManager
) -> tuple[list[ModelRuns], int]:
    """Make the runs; return them by model, and how many are not complete."""
    from imhi import HarnessError
    from imhi.io import options, say, shown
    from imhi.plugins.robustness.variants import PREFIX, chosen_variants
    from imhi.plugins.robustness.varying.running import run_all

    settings = options.merge_settings(given)
    # The base prompt is asked anyway: a variant of it that is itself would be a second one.
    variants = [
        one for one in chosen_variants(variant or ()) if PREFIX + one.name != settings.prompt
    ]
    if not variants:
        raise HarnessError(
            f"imhi vary: found no variant but the base prompt {settings.prompt} itself, expected others: "
            "--variant NAME or KIND"
        )
    count, prompts = len(dict.fromkeys(settings.model)), len(variants) + 1
    say(f"{count * prompts} runs: {count} model{'s' if count > 1 else ''}, {prompts} prompts each")
    with shown(manager):
        models, scores = run_all(settings, variants, manager)
    return models, sum(not one.complete for one in scores)
