"""What a trainer is made from: one model to be trained, its rows, and where it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from imhi.finetune.rows.texts import ClassRow, TextRow, class_rows, text_rows
from imhi.finetune.trained.folder import TrainedFolder

if TYPE_CHECKING:
    from imhi import Context, Example, Trainer
    from imhi.finetune.recipe.schema import Recipe

A = TypeVar("A")


@dataclass(frozen=True)
class TrainingJob:
    """One of the models a recipe trains.

    ``name`` is its folder, below that of the training. ``aspect`` is set where it answers one question
    of several. ``context`` is opened on the recipe's source.
    """

    recipe: Recipe
    context: Context = field(repr=False)
    folder: TrainedFolder
    name: str
    datasets: tuple[str, ...]
    aspect: str | None
    train: tuple[Example, ...] = field(repr=False)
    validation: tuple[Example, ...] = field(repr=False)

    @property
    def title(self) -> str:
        """What it is called in messages: ``RECIPE/NAME``."""
        return f"{self.recipe.name}/{self.name}"

    @property
    def trainer(self) -> Trainer:
        """How it is trained.

        Raises:
            UnknownName: no plugin adds the recipe's kind.
        """
        return self.context.registry.trainers.get(self.recipe.kind)

    @property
    def labels(self) -> tuple[str, ...]:
        """What a classifier's outputs mean, in order; empty for models that write."""
        if not self.trainer.labels:
            return ()
        return self.context.dataset(self.datasets[0]).label_names

    @property
    def output(self) -> Path:
        """Where the finished model goes; it exists only when finished."""
        return self.folder.model(self.name)

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints are that the training goes on from."""
        return self.folder.checkpoints(self.name)

    @property
    def base(self) -> Path:
        """Where a model made from nothing is saved, so that a resumed training starts from the same."""
        return self.folder.base(self.name)

    def text_rows(self, examples: Iterable[Example]) -> Iterator[TextRow]:
        """Yield prompts in the recipe's style with their answers."""
        return text_rows(examples, self.recipe.data, self.context)

    def class_rows(self, examples: Iterable[Example]) -> Iterator[ClassRow]:
        """Yield what a classifier reads of each example, with its label."""
        return class_rows(examples, self.recipe.data, self.context)

    def texts(self) -> Iterator[str]:
        """Yield all that is read and written in training: what a tokenizer made from nothing learns."""
        if self.trainer.labels:
            for row in self.class_rows(self.train):
                yield row.text
                yield from [row.pair] if row.pair else []
        else:
            for answered in self.text_rows(self.train):
                yield answered.request.prompt
                yield answered.answer

    def training_arguments(self, kind: Callable[..., A], rows: int, **more: object) -> A:
        """Return ``kind`` (transformers' TrainingArguments or a subclass) filled from the recipe.

        ``rows`` are the training rows (after packing); ``more`` are arguments beside the recipe's.

        Raises:
            HarnessError: the batch size cannot be shared evenly among the devices.
        """
        from imhi.finetune.training.arguments import training_arguments

        settings = {"output_dir": str(self.checkpoints), "run_name": self.title, **more}
        return training_arguments(self.recipe, kind, rows, bool(self.validation), settings)
