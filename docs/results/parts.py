"""The parts of the results, and the commands of imhi that make each."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docs.results.shuffling import shuffle_explanations
from docs.results.storing import RunOf, store_comparison, store_run, store_training

RECIPE = "gemma-3-270m-lora"
GROUPS = ("seen", "unseen", "five")


@dataclass(frozen=True)
class Place:
    """Where things are: ``source``, ``base`` and ``encoder`` as the command is given them, ``work``
    for what is made. ``engine`` is a model's name, with ``{folder}`` for that of its weights."""

    source: str
    base: str
    encoder: str
    work: Path
    engine: str

    def filled(self, arguments: Iterable[str]) -> list[str]:
        """Put this place's folders into the arguments of experiments.yaml."""
        return [one.format(base=self.base, encoder=self.encoder) for one in arguments]


def read_experiments(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def parts(experiments: dict[str, Any]) -> dict[str, str]:
    """Return every part with its kind, in the order in which they are made."""
    kinds = {
        **{f"train-{name}": "trainings" for name in experiments["trainings"]},
        **dict.fromkeys(experiments["runs"], "runs"),
        **{f"compare-{name}": "comparisons" for name in experiments["comparisons"]},
    }
    return kinds


def make(name: str, experiments: dict[str, Any], place: Place) -> float:
    """Make one part and store what came of it. Returns seconds.

    Raises:
        subprocess.CalledProcessError: a command failed; it has said why.
    """
    kind = parts(experiments)[name]
    own = name.removeprefix("train-").removeprefix("compare-") if kind != "runs" else name
    started = time.monotonic()
    {"trainings": _train, "runs": _run, "comparisons": _compare}[kind](own, experiments, place)
    return time.monotonic() - started


def datasets_of(experiments: dict[str, Any], names: Sequence[str]) -> list[str]:
    """Return datasets, of names that may be groups of them."""
    found = []
    for name in names:
        found += experiments[name] if name in GROUPS else [name]
    return found


def _imhi(arguments: Sequence[str], work: Path) -> str:
    """Run a command of imhi, and return what it printed. What it says beside goes to its log."""
    work.mkdir(parents=True, exist_ok=True)
    with (work / "log.txt").open("a") as log:
        print("imhi", *arguments, file=log, flush=True)
        done = subprocess.run(
            [sys.executable, "-m", "imhi", *arguments],
            cwd=work,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            check=True,
        )
    return done.stdout


def _of_datasets(names: Iterable[str]) -> list[str]:
    return [f"--dataset={name}" for name in names]


def _train(name: str, experiments: dict[str, Any], place: Place) -> None:
    one = experiments["trainings"][name]
    recipe = one.get("recipe", RECIPE)
    given = [
        *("finetune", recipe, f"--name={name}"),
        *(f"--source={place.source}", f"--seed={one['seed']}"),
        *_of_datasets(datasets_of(experiments, one["datasets"])),
        f"--set=data.limit={one['rows']}",
        *([f"--set=data.train=[{one['splits']}]"] if "splits" in one else []),
        *place.filled(experiments["training"][recipe]),
    ]
    shutil.rmtree(_merged(name, place), ignore_errors=True)  # of an earlier training
    _imhi(given, place.work)
    store_training(f"train-{name}", place.work / "trained" / name)


def _run(name: str, experiments: dict[str, Any], place: Place) -> None:
    one = experiments["runs"][name]
    datasets = datasets_of(experiments, one["datasets"])
    given = [
        *("run", f"--model={_model(name, one, experiments, place)}", f"--source={place.source}"),
        *_of_datasets(datasets),
        f"--limit={experiments['rows']}",
        *one.get("asked", []),
        *place.filled(experiments["asking"]),
        "--json",
    ]
    store_run(name, _imhi(given, place.work), place.work)


def _model(name: str, one: dict[str, Any], experiments: dict[str, Any], place: Place) -> str:
    if "shuffled" in one:
        folder = place.work / "shuffled"
        shuffle_explanations(RunOf(place.work, one["shuffled"]).folder, folder)
        return f"imported:{folder},id=id,text=text,gold=-,name={name}"
    model: str = one["model"]
    if model == "base":
        return place.engine.format(folder=place.base) + f",name={name}"
    if model in experiments["trainings"]:
        merged = _merged(model, place)
        if not merged.is_dir():
            _imhi(["finetune", "merge", model], place.work)
        return place.engine.format(folder=merged) + f",name={name}"
    return model


def _merged(name: str, place: Place) -> Path:
    return place.work / "trained" / f"{name}-merged"


def _compare(name: str, experiments: dict[str, Any], place: Place) -> None:
    one = experiments["comparisons"][name]
    runs = [str(RunOf(place.work, run).folder) for run in one["runs"]]
    given = [
        *("compare", *runs, f"--against={RunOf(place.work, one['against']).folder}"),
        *_of_datasets(datasets_of(experiments, one["datasets"])),
        *(f"--metric={measure}" for measure in one.get("measures", ["weighted_f1"])),
        *(f"--allow={what}" for what in one.get("allow", [])),
        "--json",
    ]
    store_comparison(f"compare-{name}", _imhi(given, place.work))
