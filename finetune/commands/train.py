"""The command ``imhi finetune RECIPE``."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imhi import HarnessError, PluginManager
from imhi.io import options

if TYPE_CHECKING:
    from imhi.finetune.experiments.single import Trained
    from imhi.finetune.recipe.schema import Recipe

RecipeName = Annotated[
    str,
    typer.Argument(metavar="RECIPE", help="A name (see: imhi finetune recipes) or a YAML file."),
]
Overrides = Annotated[
    options.Texts,
    typer.Option("--set", metavar="FIELD=VALUE", help="Change a field of the recipe; repeatable."),
]


def train(
    context: typer.Context,
    recipe: RecipeName,
    source: options.Source = None,
    dataset: options.DatasetNames = None,
    override: Overrides = None,
    name: Annotated[
        options.Text,
        typer.Option(metavar="NAME", help="What it is called (default: the recipe's)."),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where trained folders go.")
    ] = Path("trained"),
    runs: Annotated[
        Path, typer.Option("--runs", metavar="FOLDER", help="Where the runs that score it go.")
    ] = Path("runs"),
    seed: options.Seed = None,
    seeds: Annotated[
        options.Text,
        typer.Option(metavar="N,N,...", help="Train once per seed; mean and deviation."),
    ] = None,
    observer: options.Observers = None,
    energy: options.EnergyOf = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show rows, updates and memory; train nothing.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Train a recipe and score what came of it. Run again to go on where it stopped."""
    from imhi.finetune.recipe.reading import read_recipe

    manager: PluginManager = context.obj
    changed = [
        *([f"data.source={source}"] if source else []),
        *([f"data.datasets=[{','.join(dataset)}]"] if dataset else []),
        *([f"training.seed={seed}"] if seed is not None else []),
        *([f"energy={energy}"] if energy else []),
    ]
    chosen = read_recipe(recipe, [*changed, *(override or [])])
    if dry_run:
        from imhi.finetune.commands.plan import show_plan

        show_plan(chosen, manager, as_json)
        return
    if seeds and chosen.leave_out:
        raise HarnessError("--seeds: found with a leave-task-out recipe, expected one of the two")
    called = name or chosen.name
    if "/" in called or called.startswith("."):
        raise HarnessError(f"--name {called}: expected a plain name; --out says in which folder")
    place = (chosen, manager, out, called, runs)
    from imhi.runs import ObserverSpec, observed

    observers = ObserverSpec.parse_all(observer or (), manager.registry)
    # Of several processes one tells.
    with observed(observers if not observers or _speaks() else (), manager):
        if chosen.leave_out:
            _leave_out(*place, as_json)
        elif seeds:
            _seeds(*place, _numbers(seeds), as_json)
        else:
            _one(*place, as_json)


def _one(
    recipe: Recipe, manager: PluginManager, out: Path, name: str, runs: Path, as_json: bool
) -> None:
    from imhi import Results
    from imhi.finetune.commands.tables import show_scores, show_summary
    from imhi.finetune.experiments.single import train_and_score
    from imhi.finetune.trained.folder import TrainedFolder
    from imhi.io import finish, print_json, say, shown

    with shown(manager):
        trained = train_and_score(recipe, manager, TrainedFolder(out / name), runs)
    if not _speaks():
        return
    manifest, path = trained.manifest, trained.folder.path
    if as_json:
        print_json({"folder": str(path), "synthetic": manifest.synthetic, **manifest.to_json()})
        return
    show_summary(manifest)
    if manifest.scores and not trained.runs:
        show_scores(manifest.scores, manifest.synthetic)
    for note in manifest.notes:
        say(f"note: {note}")
    say(f"trained: {path} (card, curves, model); to use it: {how_to_use(trained)}")
    if trained.runs:
        finish(Results(trained.runs), manager, "table", False, False, "imhi finetune")


def how_to_use(trained: Trained) -> str:
    """Return the command that asks what was trained, about what it was trained for."""
    folder, manifest = trained.folder, trained.manifest
    name = folder.name if folder.path.parent.name == "trained" else folder.path
    if manifest.recipe.data.reads == "explanation":
        return f"imhi label RUN --labeler trained:{name}"
    words = ["imhi", "run", "--model", f"trained:{name}"]
    if manifest.source != "demo":
        words += ["--source", manifest.source]
    if not manifest.writes:
        words += [word for dataset in manifest.datasets for word in ("--dataset", dataset)]
    return shlex.join(words)


def _seeds(
    recipe: Recipe,
    manager: PluginManager,
    out: Path,
    name: str,
    runs: Path,
    seeds: Sequence[int],
    as_json: bool,
) -> None:
    from imhi.finetune.commands.tables import show_spreads
    from imhi.finetune.experiments.seeds import train_seeds
    from imhi.io import shown

    with shown(manager):
        trained, spreads = train_seeds(recipe, manager, out, name, runs, seeds)
    synthetic = any(one.manifest.synthetic for one in trained)
    result = {
        "recipe": recipe.name,
        "synthetic": synthetic,
        "seeds": list(seeds),
        "folders": [str(one.folder.path) for one in trained],
        "spreads": [dataclasses.asdict(spread) for spread in spreads],
    }
    _finish(out / f"{name}-seeds.json", result, as_json, lambda: show_spreads(spreads, synthetic))


def _leave_out(
    recipe: Recipe, manager: PluginManager, out: Path, name: str, runs: Path, as_json: bool
) -> None:
    from imhi.finetune.commands.tables import show_left_out
    from imhi.finetune.experiments.leave_out import leave_out
    from imhi.finetune.training.pipeline import open_data
    from imhi.io import shown

    with shown(manager):
        lines = leave_out(recipe, manager, out, name, runs)
    synthetic = bool(open_data(recipe, manager).source.describe().get("synthetic"))
    result = {
        "recipe": recipe.name,
        "synthetic": synthetic,
        "lines": [dataclasses.asdict(line) for line in lines],
    }
    _finish(out / f"{name}-left-out.json", result, as_json, lambda: show_left_out(lines, synthetic))


def _finish(path: Path, result: object, as_json: bool, show: Callable[[], None]) -> None:
    """Write the result of several trainings and print it."""
    from imhi.io import print_json, say, write_json

    if not _speaks():
        return
    write_json(path, result)
    if as_json:
        print_json(result)
        return
    show()
    say(f"written to {path}")


def _speaks() -> bool:
    """Say whether this is the one of several processes that prints and writes."""
    from imhi.finetune.training.processes import processes

    return bool(processes().is_main_process)


def _numbers(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() for part in parts):
        raise HarnessError(f"--seeds: found {text}, expected whole numbers such as 0,1,2")
    return [int(part) for part in parts]
