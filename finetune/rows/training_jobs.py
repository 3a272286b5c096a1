"""Which models a recipe trains, and on which examples each."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from imhi import Example, HarnessError, digest
from imhi.finetune.recipe.rules import ONE_SET_OF_LABELS
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.job import TrainingJob

if TYPE_CHECKING:
    from imhi import Context
    from imhi.finetune.recipe.schema import Data, Recipe


def chosen_datasets(data: Data, context: Context) -> list[str]:
    """Return the datasets that are trained on: those named, else all with a training split.

    Raises:
        HarnessError: a dataset that is not there or has no training rows.
    """
    source, where = context.source, f"source {data.source or 'demo'}"
    available = [n for n in context.registry.datasets.things if n in set(source.datasets())]
    wanted = " or ".join(data.train)
    trainable = [n for n in available if set(data.train) & set(source.splits(n))]
    if not data.datasets:
        if not trainable:
            raise HarnessError(
                f"data.{where}: no dataset has a split {wanted}; expected training rows: give another "
                "--source or data.train"
            )
        return trainable
    names = [context.registry.datasets.get(name).name for name in data.datasets]
    for name in names:
        if name not in available:
            raise HarnessError(
                f"data.datasets: {name} is not in {where} (it has: {', '.join(available)})"
            )
        if name not in trainable:
            raise HarnessError(
                f"data.datasets: {name} has no split {wanted} in {where} (it has: "
                f"{', '.join(source.splits(name))}), so nothing can be trained on it; datasets with "
                f"training rows: {', '.join(trainable) or 'none'}"
            )
    return list(dict.fromkeys(names))


def training_jobs(recipe: Recipe, context: Context, folder: TrainedFolder) -> list[TrainingJob]:
    """Return the models to train, each with its training and validation examples.

    No post of the validation rows is trained on, and none of the split the finished model is scored
    on; ``context.notes`` says how many were left out. The loss on all validation rows may take longer
    than the training: ``validation.examples`` of each dataset are drawn.

    Raises:
        HarnessError: see :func:`chosen_datasets`; a dataset without explanations where they are read.
    """
    data = recipe.data
    train: dict[str, list[Example]] = {}
    validation: dict[str, list[Example]] = {}
    names = chosen_datasets(data, context)
    if len(names) > 1 and data.per == "all" and context.registry.trainers.get(recipe.kind).labels:
        raise HarnessError(f"recipe {recipe.name}: {ONE_SET_OF_LABELS}")
    for name in names:
        train[name], validation[name] = _rows(recipe, context, name)
    if data.per == "all":
        _drop_validation_posts(train, validation, context)
    jobs = []
    for title, datasets, aspect in _groups(data, names, context):
        rows = balanced(_of_aspect(train, datasets, aspect), data.balance, recipe.training.seed)
        if not rows:
            raise HarnessError(f"{recipe.name}: no training rows are left for {title}")
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in title)
        validated = sampled(
            _of_aspect(validation, datasets, aspect),
            recipe.validation.examples,
            recipe.training.seed,
        )
        jobs.append(
            TrainingJob(
                recipe, context, folder, name, datasets, aspect, tuple(rows), tuple(validated)
            )
        )
    return jobs


def sampled(rows: Sequence[Example], limit: int, seed: int) -> list[Example]:
    """Return at most ``limit`` rows of each dataset, drawn by seed."""
    sample = []
    for name in dict.fromkeys(row.dataset for row in rows):
        of_dataset = [row for row in rows if row.dataset == name]
        draw = random.Random(seed)
        sample += of_dataset if len(of_dataset) <= limit else draw.sample(of_dataset, limit)
    return sample


def _groups(
    data: Data, names: Sequence[str], context: Context
) -> Iterator[tuple[str, tuple[str, ...], str | None]]:
    """Yield name, datasets and aspect of each model."""
    if data.per == "all":
        yield "model", tuple(names), None
        return
    for name in names:
        aspects = [question.aspect for question in context.dataset(name).questions]
        if data.per == "dataset" or len(aspects) == 1:
            yield name, (name,), None
        else:
            yield from ((f"{name}-{aspect}", (name,), aspect) for aspect in aspects)


def _drop_validation_posts(
    train: dict[str, list[Example]], validation: Mapping[str, list[Example]], context: Context
) -> None:
    """Take validation posts of one dataset out of the training rows of the others: one model is
    trained on all."""
    posts = {_post(row) for rows in validation.values() for row in rows}
    for name, rows in train.items():
        train[name], dropped = _without(rows, posts)
        context.count(
            f"{name}: {{n}} training rows were left out, as their posts are validation posts of another "
            "dataset",
            dropped,
        )


def _of_aspect(
    rows: Mapping[str, list[Example]], names: Sequence[str], aspect: str | None
) -> list[Example]:
    return [row for name in names for row in rows[name] if aspect is None or row.aspect == aspect]


def _rows(recipe: Recipe, context: Context, name: str) -> tuple[list[Example], list[Example]]:
    data = recipe.data
    rows = _read(context, name, data.train)
    validation = _read(context, name, [s for s in data.validation if s not in data.train])
    if data.reads == "explanation":
        rows, validation = _explained(rows, name, context), _explained(validation, name, context)
    # A model that is not scored here will be scored elsewhere.
    evaluated = recipe.evaluation.split or "test"
    if data.drop_test_posts != "none":
        everywhere = data.drop_test_posts == "any"
        tested = context.source.datasets() if everywhere else [name]
        posts = {
            _post(row)
            for other in tested
            if evaluated in context.source.splits(other)
            for row in context.examples(other, evaluated)
        }
        rows, dropped = _without(rows, posts)
        context.count(
            f"{name}: {{n}} training rows whose post stands in {evaluated} were left out", dropped
        )
    if validation:
        rows, dropped = _without(rows, {_post(row) for row in validation})
        context.count(
            f"{name}: {{n}} training rows whose post is a validation post were left out", dropped
        )
    elif data.held_out:
        share = data.held_out
        held = {p for p in map(_post, rows) if int(digest([name, p])[:8], 16) / 16**8 < share}
        validation = [row for row in rows if _post(row) in held]
        rows, _ = _without(rows, held)
        absent = not set(data.validation) & set(context.source.splits(name))
        why = "no split " + " or ".join(data.validation) if absent else ""
        context.note(
            f"{name}: {why or 'no other split'} to validate on, so {share:.0%} of the training posts are "
            f"held out for it (rows: {len(validation):,})"
        )
    if data.limit is not None:
        rows = _sampled(rows, data.limit, recipe.training.seed)
    return rows, validation


def _read(context: Context, name: str, splits: Sequence[str]) -> list[Example]:
    present = [split for split in splits if split in context.source.splits(name)]
    return [row for split in present for row in context.examples(name, split)]


def _post(row: Example) -> str:
    return row.post_id or row.id


def _explained(rows: list[Example], name: str, context: Context) -> list[Example]:
    kept = [row for row in rows if row.explanation.strip()]
    context.count(f"{name}: {{n}} rows without an explanation were left out", len(rows) - len(kept))
    if rows and not kept:
        raise HarnessError(f"{name}: its rows have no explanations, and data.reads is explanation")
    return kept


def _without(rows: list[Example], posts: set[str]) -> tuple[list[Example], int]:
    """Return the rows about other posts, and how many were left out."""
    kept = [row for row in rows if _post(row) not in posts]
    return kept, len(rows) - len(kept)


def _sampled(rows: list[Example], limit: int, seed: int) -> list[Example]:
    """Return ``limit`` rows drawn by seed, in file order."""
    if len(rows) <= limit:
        return rows
    chosen = sorted(random.Random(seed).sample(range(len(rows)), limit))
    return [rows[index] for index in chosen]


def balanced(rows: Sequence[Example], by: str, seed: int) -> list[Example]:
    """Return the rows, with rows of the rarer groups repeated until all groups are as frequent as
    the most frequent one. Groups are ``datasets``, or ``labels`` within each question."""
    if by == "none":
        return list(rows)
    groups: dict[tuple[str, ...], list[Example]] = defaultdict(list)
    for row in rows:
        groups[_group(row, by)].append(row)
    most: Counter[tuple[str, ...]] = Counter()
    for key, group in groups.items():
        most[key[1:]] = max(most[key[1:]], len(group))
    more: list[Example] = []
    draw = random.Random(seed)
    for key, group in groups.items():
        more += draw.choices(group, k=most[key[1:]] - len(group))
    return [*rows, *more]


def _group(row: Example, by: str) -> tuple[str, ...]:
    """Return what is to be as frequent as its like, then what makes them alike."""
    return (row.dataset,) if by == "datasets" else (row.label, row.dataset, row.aspect)
