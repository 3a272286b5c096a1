"""What a trainer is made from: one model to be trained, and where it lies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imhi.finetune.rows.training_jobs import Member

if TYPE_CHECKING:
    from imhi import Context, Event
    from imhi.finetune.recipe.schema import Recipe


@dataclass(frozen=True)
class Job:
    """One model to be trained.

    ``output`` is where the finished model goes (it exists only when finished), ``checkpoints`` where
    those to go on from are. ``context`` is opened on the recipe's source. ``base`` is the folder a
    model made from nothing is saved in, so that a resumed training starts from the same one.
    """

    recipe: Recipe
    member: Member
    context: Context
    output: Path
    checkpoints: Path
    base: Path
    notify: Callable[[Event], None]

    @property
    def name(self) -> str:
        return f"{self.recipe.name}/{self.member.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """What a classifier's outputs mean, in order; empty for models that write."""
        if self.recipe.kind != "classifier":
            return ()
        return self.context.dataset(self.member.datasets[0]).label_names
