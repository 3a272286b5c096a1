"""What a trainer is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.rows.members import Member

if TYPE_CHECKING:
    from finetune.recipe.schema import Recipe
    from harness.context import Context
    from harness.events import Event


@dataclass(frozen=True)
class Job:
    """One model to be trained.

    ``output`` is where the finished model goes (it exists only when finished), ``checkpoints`` where
    the trainer's own go, ``history`` a JSONL file of what was logged. ``context`` is opened on the
    recipe's source (``context.split`` is the first training split). ``base`` is the folder a model
    made from nothing was saved in, so that a resumed training starts from the same one.
    """

    recipe: Recipe
    member: Member
    context: Context
    output: Path
    checkpoints: Path
    history: Path
    base: Path
    notify: Callable[[Event], None]

    @property
    def name(self) -> str:
        return f"{self.recipe.name}/{self.member.name}"


@dataclass
class Built:
    """A trainer that is ready to run.

    ``trainer`` is a :class:`transformers.Trainer` with model, rows and collator set; ``notes`` are
    sentences a user must know (rows that were truncated or left out, with counts); ``description``
    is JSON for the manifest: parameters, trainable parameters, rows, tokens, answer tokens,
    truncated rows, labels of a classifier, attention, dtype ...
    """

    trainer: Any
    tokenizer: Any
    notes: list[str] = field(default_factory=list)
    description: dict[str, Any] = field(default_factory=dict)
