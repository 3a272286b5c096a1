"""Runs on the demo posts, and submissions of them, for tests: honest ones and made-up ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imhi._core.answer_format import compose
from imhi._core.plan import ScoringPlan, plan_scoring
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Example, Prediction, Response, as_row
from imhi._core.run_store import RunFolder
from imhi._core.run_store.jsonl import write_rows
from imhi._core.settings import RunSettings
from imhi._core.stages.pipeline import run
from imhi._core.stages.rescore import relabel, rescore
from imhi.plugins.leaderboard.submission.packing import Submitter, pack
from imhi.plugins.leaderboard.submission.submittable import Allowed

DATASETS = ("DR", "IRF", "SAD")
METRICS = ("labels", "explanations")
SALT = "0123456789abcdef" * 2
RESAMPLES = 100


def demo_run(manager: PluginManager, out: Path, model: str = "baseline:tfidf", **more) -> RunFolder:
    """Run a baseline on a few demo datasets."""
    asked = {"dataset": DATASETS, "metric": METRICS, "resamples": RESAMPLES, **more}
    (scores,) = run(RunSettings(model=(model,), out=out, **asked), manager)
    return RunFolder(Path(scores.run))


def packed(folder: RunFolder, manager: PluginManager, name: str = "A model", **more) -> bytes:
    """Pack a run, always with the same salt."""
    about = Submitter(name=name, by="A group", salt=SALT, **more)
    return pack(folder, manager.registry, "hybrid", about, Allowed(True, True, True))


@dataclass(frozen=True)
class Forger:
    """Makes runs that no model has given, with labels and scores that fit them."""

    manager: PluginManager
    honest: RunFolder
    scratch: Path

    def scored(self, change: Callable[[RunFolder], None]) -> RunFolder:
        """Copy the honest run, change the answers or the data in it, and label and score anew."""
        folder = self.copy()
        change(folder)
        relabel([folder], self.manager, self._plan)
        return folder

    def rescored(self, change: Callable[[RunFolder], None]) -> RunFolder:
        """Copy the honest run, change its predictions, and score them as they are."""
        folder = self.copy()
        change(folder)
        rescore([folder], self.manager, self._plan)
        return folder

    def copy(self) -> RunFolder:
        number = len(list(self.scratch.glob("forged-*")))
        return RunFolder(shutil.copytree(self.honest.path, self.scratch / f"forged-{number}"))

    @property
    def _plan(self) -> ScoringPlan:
        settings = RunSettings(metric=METRICS, resamples=RESAMPLES)
        return plan_scoring(settings, self.manager.registry)

    def examples(self, dataset: str, split: str = "test") -> list[Example]:
        context_source = self.manager.registry.sources.get("demo")
        opened = context_source.open("", self.manager.registry.dataset_map())  # type: ignore[operator]
        return list(opened.examples(dataset, split))

    def gold_answer(self, example: Example, explanation: str | None = None) -> str:
        dataset = self.manager.registry.datasets.get(example.dataset)
        text = example.explanation if explanation is None else explanation
        return compose(dataset, example.label, text)


def answer_with(
    folder: RunFolder, answer: Callable[[Example], str], datasets: Sequence[str] = DATASETS
) -> None:
    """Replace the answers of a run."""
    for dataset in datasets:
        write_rows(
            folder.file("responses", dataset),
            [
                as_row(Response(example.id, dataset, "0", text=answer(example)))
                for example in folder.examples(dataset)
            ],
        )


def replace_examples(folder: RunFolder, dataset: str, examples: Sequence[Example]) -> None:
    """Put other examples in the place of a run's; answers stay by their number."""
    answers = list(folder.responses(dataset))
    rows = [
        as_row(Response(example.id, dataset, "0", text=answers[i % len(answers)].text))
        for i, example in enumerate(examples)
    ]
    write_rows(folder.file("examples", dataset), [as_row(example) for example in examples])
    write_rows(folder.file("responses", dataset), rows)
    manifest = folder.manifest()
    counts = {**manifest.datasets, dataset: len(examples)}
    folder.write_manifest(replace(manifest, datasets=counts))


def predict_gold(folder: RunFolder) -> None:
    """Write the gold labels as predictions; the answers stay."""
    for dataset in DATASETS:
        write_rows(
            folder.predictions_file("hybrid", dataset),
            [
                as_row(Prediction(example.id, dataset, example.label, decided_by="strict"))
                for example in folder.examples(dataset)
            ],
        )
