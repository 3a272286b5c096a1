"""Which models a recipe trains, and on which examples each."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imhi import Example, HarnessError, digest

if TYPE_CHECKING:
    from imhi import Context
    from imhi.finetune.recipe.schema import Data, Recipe


@dataclass(frozen=True)
class Member:
    """One of the models of a training: ``name`` is its folder. ``aspect`` is set where it answers
    one question of several."""

    name: str
    datasets: tuple[str, ...]
    aspect: str | None
    train: tuple[Example, ...] = field(repr=False)
    validation: tuple[Example, ...] = field(repr=False)


def chosen_datasets(data: Data, context: Context) -> list[str]:
    """Return the datasets that are trained on: those named, else all with a training split.

    Raises:
        HarnessError: a dataset that is not there or has no training rows.
    """
    source = context.source
    there = [name for name in context.registry.datasets.things if name in set(source.datasets())]

    def trains(name: str) -> bool:
        return any(split in source.splits(name) for split in data.train)

    if not data.datasets:
        found = [name for name in there if trains(name)]
        if not found:
            raise HarnessError(
                f"data.source {data.source or 'demo'}: no dataset has a split {' or '.join(data.train)}; "
                "expected training rows: give another --source or data.train"
            )
        return found
    names = [context.registry.datasets.get(name).name for name in data.datasets]
    for name in names:
        if name not in there:
            raise HarnessError(
                f"data.datasets: {name} is not in source {data.source or 'demo'} (it has: {', '.join(there)})"
            )
        if not trains(name):
            with_rows = ", ".join(n for n in there if trains(n)) or "none"
            raise HarnessError(
                f"data.datasets: {name} has no split {' or '.join(data.train)} in source "
                f"{data.source or 'demo'} (it has: {', '.join(source.splits(name))}), so nothing can be "
                f"trained on it; datasets with training rows: {with_rows}"
            )
    return list(dict.fromkeys(names))


def members(recipe: Recipe, context: Context) -> list[Member]:
    """Return the models to train, each with its training and validation examples.

    No post of the validation rows is trained on, and none of the split the finished model is scored
    on; ``context.notes`` says how many were left out.

    Raises:
        HarnessError: see :func:`chosen_datasets`; a dataset without explanations where they are read.
    """
    data, seed = recipe.data, recipe.training.seed
    train: dict[str, list[Example]] = {}
    validation: dict[str, list[Example]] = {}
    for name in chosen_datasets(data, context):
        train[name], validation[name] = _rows(recipe, context, name)
    if data.per == "all":
        _drop_validation_posts(train, validation, context)
    groups: dict[tuple[str, tuple[str, ...], str | None], None] = {}
    for name in train:
        aspects = [question.aspect for question in context.dataset(name).questions]
        if data.per == "all":
            continue
        if data.per == "dataset" or len(aspects) == 1:
            groups[(name, (name,), None)] = None
        else:
            groups.update({(f"{name}-{aspect}", (name,), aspect): None for aspect in aspects})
    if data.per == "all":
        groups[("model", tuple(train), None)] = None
    found = []
    for folder, names, aspect in groups:
        rows = balanced(_chosen(train, names, aspect), data.balance, seed)
        if not rows:
            raise HarnessError(f"{recipe.name}: no training rows are left for {folder}")
        held = _chosen(validation, names, aspect)
        found.append(Member(_slug(folder), names, aspect, tuple(rows), tuple(held)))
    return found


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


def _chosen(
    rows: Mapping[str, list[Example]], names: Sequence[str], aspect: str | None
) -> list[Example]:
    return [row for name in names for row in rows[name] if aspect is None or row.aspect == aspect]


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)


def _rows(recipe: Recipe, context: Context, name: str) -> tuple[list[Example], list[Example]]:
    data = recipe.data
    there = context.source.splits(name)
    rows = _read(context, name, data.train)
    validation = _read(context, name, [s for s in data.validation if s not in data.train])
    if data.reads == "explanation":
        rows, validation = _explained(rows, name, context), _explained(validation, name, context)
    evaluated = recipe.evaluation.split
    if evaluated is None and data.drop_test_posts != "none":
        context.note("evaluation.split is not set, so no test posts are left out of training")
    if evaluated is not None and data.drop_test_posts != "none":
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
        why = (
            "" if set(data.validation) & set(there) else "no split " + " or ".join(data.validation)
        )
        context.note(
            f"{name}: {why or 'no other split'} to validate on, so {len(validation)} training rows "
            f"({share:.0%} of the posts) are held out for it"
        )
    if data.limit is not None:
        rows = _drawn(rows, data.limit, recipe.training.seed)
    return rows, validation


def _read(context: Context, name: str, splits: Sequence[str]) -> list[Example]:
    there = context.source.splits(name)
    return [row for split in splits if split in there for row in context.examples(name, split)]


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


def _drawn(rows: list[Example], limit: int, seed: int) -> list[Example]:
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
    found = list(rows)
    draw = random.Random(seed)
    for key, group in groups.items():
        found += draw.choices(group, k=most[key[1:]] - len(group))
    return found


def _group(row: Example, by: str) -> tuple[str, ...]:
    """Return what is to be as frequent as its like, then what makes them alike."""
    return (row.dataset,) if by == "datasets" else (row.label, row.dataset, row.aspect)
