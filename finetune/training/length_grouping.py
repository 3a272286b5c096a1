"""Batches of rows of like length, in random order.

transformers (5.23) sorts fifty batches at a time by length, and hands them out as they are sorted. Where
datasets differ in length their rows then come in waves, one dataset after the other, and the loss with
them: what is learnt of one dataset's labels is unlearnt in the next. Here the batches are mixed.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def mixed(indices: Sequence[int], size: int, order: Sequence[int]) -> list[int]:
    """Return rows with their batches of ``size`` in another order.

    ``order`` is a permutation of the whole batches but the first, which stays (it holds the longest row:
    where memory does not suffice that is seen at once), as do the rows at the end that fill no batch.
    """
    whole = len(indices) // size * size
    batches = [list(indices[at : at + size]) for at in range(0, whole, size)]
    chosen = [*batches[:1], *(batches[1 + at] for at in order)]
    return [*(row for batch in chosen for row in batch), *indices[whole:]]


def mix_batches(trainer: Any, checkpoints: Path) -> None:
    """Let a :class:`transformers.Trainer` that groups rows by length take its batches in random order.

    The order is one of seed and epoch alone, so that a training that goes on within an epoch goes on with
    the rows that are left: transformers' own (5.23) is drawn from a random state that is another by then.
    Rows are grouped by as many as the training was begun with, whatever a device takes at a time now;
    ``checkpoints`` holds how many.
    """
    sampler_of = trainer._get_train_sampler

    def sampler(*given: Any) -> Any:
        from transformers.trainer_pt_utils import LengthGroupedSampler

        found = sampler_of(*given)
        if not isinstance(found, LengthGroupedSampler):
            return found
        # Of one device: the batches that make one update are then of several lengths.
        size = _group_size(trainer, checkpoints)
        return _mixing(LengthGroupedSampler)(trainer, size, lengths=found.lengths)

    trainer._get_train_sampler = sampler


def _group_size(trainer: Any, checkpoints: Path) -> int:
    kept = checkpoints / "grouped_by.json"
    if kept.is_file():
        return int(json.loads(kept.read_text())["rows"])
    size = int(trainer.args.train_batch_size)
    if trainer.args.should_save:
        checkpoints.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"rows": size}) + "\n")
    return size


def _mixing(grouped: Any) -> Any:
    import torch

    class MixedBatches(grouped):  # type: ignore[misc]
        def __init__(self, trainer: Any, size: int, **given: Any) -> None:
            super().__init__(size, **given)
            self.trainer = trainer

        def __iter__(self) -> Iterator[int]:
            # The state of a training that goes on says how much of an epoch is done: 1.5 is in the second.
            epoch = int(self.trainer.state.epoch or 0)
            drawn = random.Random(f"{self.trainer.args.seed} {epoch}").getrandbits(63)
            self.generator = torch.Generator().manual_seed(drawn)
            indices = [*super().__iter__()]
            others = max(0, len(indices) // self.batch_size - 1)
            order = torch.randperm(others, generator=self.generator).tolist()
            return iter(mixed(indices, self.batch_size, order))

    return MixedBatches
