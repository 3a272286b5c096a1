"""Scores of what was trained: models by a run of the harness, classifiers of explanations on the
reference explanations."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import (
    Context,
    Example,
    PluginManager,
    Response,
    RunScores,
    RunSettings,
    open_source,
    resolve,
)
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.trained.manifest import ModelScore

if TYPE_CHECKING:
    from imhi.finetune.recipe.schema import Recipe

METRICS = ("weighted_f1", "accuracy")


def evaluate(
    folder: TrainedFolder,
    recipe: Recipe,
    manager: PluginManager,
    runs: Path,
    datasets: Sequence[str],
) -> tuple[list[RunScores], list[ModelScore]]:
    """Return the run (none for classifiers of explanations) and score rows for the manifest.

    Only datasets that have the split are scored.
    """
    split = recipe.evaluation.split
    source_name = recipe.data.source or "demo"
    _, source = open_source(source_name, manager.registry)
    scored = [name for name in datasets if split in source.splits(name)]
    if split is None or not scored:
        return [], []
    if recipe.data.reads == "explanation":
        labeler, shown = f"trained:{folder.path}", {"labeler": f"trained:{folder.name}"}
        rows = [
            row.model_copy(update=shown)
            for dataset in scored
            for row in labeler_scores(labeler, source_name, dataset, recipe, manager)
        ]
        return [], rows
    model = f"trained:{folder.path},name={folder.name}"
    result = ask(model, recipe, manager, runs, scored, recipe.data.style)
    return [result], _score_rows(result)


def ask(
    model: str,
    recipe: Recipe,
    manager: PluginManager,
    runs: Path,
    datasets: Sequence[str],
    prompt: str,
) -> RunScores:
    """Run any model on the split the recipe is evaluated on, as its evaluation says."""
    from imhi.runs import run

    assert recipe.evaluation.split is not None
    settings = RunSettings(
        model=(model,),
        source=recipe.data.source or "demo",
        split=recipe.evaluation.split,
        dataset=tuple(datasets),
        prompt=prompt,
        labeler=recipe.evaluation.labeler,
        limit=recipe.evaluation.limit,
        max_new_tokens=recipe.evaluation.max_new_tokens,
        system=recipe.data.system,
        seed=recipe.training.seed,
        out=runs,
        energy=recipe.energy,
    )
    return run(settings, manager)[0]


def _score_rows(result: RunScores) -> list[ModelScore]:
    return [
        ModelScore(
            dataset=row["dataset"],
            split=row["split"],
            metric=row["metric"],
            value=row["value"],
            low=row["low"],
            high=row["high"],
            n=row["n"],
            unparsed=row["unparsed"],
            failed=row["failed"],
            labeler=result.labeler,
            source=result.source,
            run=Path(result.run).name,
        )
        for row in result.scores
        if row["metric"] in METRICS
    ]


def labeler_scores(
    labeler: str, source_name: str, dataset: str, recipe: Recipe, manager: PluginManager
) -> list[ModelScore]:
    """Return weighted F1 and accuracy, with intervals over posts, of a labeler that is given the
    reference explanations of the recipe's evaluation split and nothing else."""
    from imhi.runs import statistics

    split = recipe.evaluation.split
    assert split is not None
    _, source = open_source(source_name, manager.registry)
    context = Context(manager.registry, source, split, seed=recipe.training.seed)
    examples = [e for e in context.examples(dataset, split) if e.explanation.strip()]
    examples = examples[: recipe.evaluation.limit]
    responses = [_explanation_alone(example) for example in examples]
    read = context.labeler(labeler)
    predictions = read(context.dataset(dataset), [e.aspect for e in examples], responses)
    posts = [example.post_id or example.id for example in examples]
    rows = []
    for metric in METRICS:
        score = resolve(manager.registry.metrics.get(metric).score or "")
        measure = next(iter(score(examples, responses, predictions, context)))
        bounds = statistics.interval_of(measure, posts)
        rows.append(
            ModelScore(
                dataset=dataset,
                split=split,
                metric=metric,
                **dataclasses.asdict(bounds),
                n=len(examples),
                unparsed=sum(p.label is None for p in predictions),
                failed=0,
                labeler=labeler,
                source=source_name,
                run=None,
            )
        )
    return rows


def _explanation_alone(example: Example) -> Response:
    return Response(example.id, example.dataset, "", text=f"Reasoning: {example.explanation}")
