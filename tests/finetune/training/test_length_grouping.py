"""Rows of like length share a batch, and batches come in random order: no dataset in waves."""

from __future__ import annotations

import itertools
import statistics
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
def trainer(recipe_of: MakeRecipe, job_of: MakeJob) -> Any:
    training = {"batch_size": 4, "device_batch_size": 2}
    return build(job_of(recipe_of("causal", training=training))).trainer


def drawn(trainer: Any, seed: int) -> list[int]:
    torch.manual_seed(seed)
    return [*trainer._get_train_sampler()]


@pytest.mark.slow
def test_batches_are_of_one_length_and_in_no_order_of_length(trainer: Any) -> None:
    lengths = trainer.train_dataset["length"]
    order = drawn(trainer, 0)
    assert sorted(order) == list(range(len(lengths)))
    batches = [[lengths[i] for i in order[at : at + 2]] for at in range(0, len(order) // 2 * 2, 2)]
    assert max(lengths) in batches[0]
    within = statistics.mean(max(batch) - min(batch) for batch in batches[1:])
    between = statistics.stdev(batch[0] for batch in batches)
    assert within < between / 2
    falls = sum(a[0] >= b[0] for a, b in itertools.pairwise(batches[1:]))
    assert falls < 0.75 * (len(batches) - 2), "as transformers orders them, nearly all fall"


@pytest.mark.slow
def test_the_seed_decides_the_order(trainer: Any) -> None:
    assert drawn(trainer, 0) == drawn(trainer, 0)
    assert drawn(trainer, 0) != drawn(trainer, 1)
