"""Rows of like length share a batch, and batches come in random order: no dataset in waves."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from typing import Any

import pytest

from imhi.finetune.training.building import build
from imhi.finetune.training.length_grouping import mixed
from tests.finetune.conftest import MakeJob, MakeRecipe

torch = pytest.importorskip("torch", reason="finetune needs the extra [finetune]")


def test_whole_batches_change_places_the_first_and_what_is_left_stay() -> None:
    assert mixed([0, 1, 2, 3, 4, 5, 6], 2, [1, 0]) == [0, 1, 4, 5, 2, 3, 6]


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_few_rows_stay_as_they_are(rows: int) -> None:
    assert mixed(range(rows), 2, []) == list(range(rows))


@pytest.fixture
def trainer_of(recipe_of: MakeRecipe, job_of: MakeJob) -> Callable[..., Any]:
    """Return what builds the trainer of the one training there is, at a seed and rows at a time."""

    def make(seed: int = 0, rows: int = 2) -> Any:
        training = {"batch_size": 4, "device_batch_size": rows, "seed": seed}
        return build(job_of(recipe_of("causal", training=training))).trainer

    return make


def drawn(trainer: Any, epoch: float = 0) -> list[int]:
    """Return the order of rows that a training takes where so many epochs are behind it."""
    trainer.state.epoch = epoch
    torch.rand(1)  # what else is drawn changes nothing
    return [*trainer._get_train_sampler()]


@pytest.mark.slow
def test_batches_are_of_one_length_and_in_no_order_of_length(
    trainer_of: Callable[..., Any],
) -> None:
    trainer = trainer_of()
    lengths = trainer.train_dataset["length"]
    order = drawn(trainer)
    assert sorted(order) == list(range(len(lengths)))
    batches = [[lengths[i] for i in order[at : at + 2]] for at in range(0, len(order) // 2 * 2, 2)]
    assert max(lengths) in batches[0]
    within = statistics.mean(max(batch) - min(batch) for batch in batches[1:])
    between = statistics.stdev(batch[0] for batch in batches)
    assert within < 0.75 * between
    falls = sum(a[0] >= b[0] for a, b in itertools.pairwise(batches[1:]))
    assert falls < 0.75 * (len(batches) - 2), "as transformers orders them, nearly all fall"


@pytest.mark.slow
def test_seed_and_epoch_decide_the_order(trainer_of: Callable[..., Any]) -> None:
    trainer = trainer_of()
    assert drawn(trainer) == drawn(trainer) != drawn(trainer, 1)
    assert drawn(trainer_of(seed=1)) != drawn(trainer)


@pytest.mark.slow
def test_what_goes_on_within_an_epoch_takes_the_rows_that_are_left(
    trainer_of: Callable[..., Any],
) -> None:
    begun = trainer_of()
    whole = [drawn(begun, 0), drawn(begun, 1)]
    again = trainer_of(rows=1)  # as is advised where memory ran out
    assert [drawn(again, 0.5), drawn(again, 1.75)] == whole
