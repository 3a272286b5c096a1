"""What ``training.json`` says: the record of a training, of each of its models, and of its scores.

Read once, checked by pydantic; written in the form it has had from the first version on.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from imhi import Energy
from imhi.finetune.recipe.schema import Recipe

# Of trainings made before a plugin could add kinds of training.
_CLASSES = {
    "causal": "AutoModelForCausalLM",
    "seq2seq": "AutoModelForSeq2SeqLM",
    "classifier": "AutoModelForSequenceClassification",
}


class Record(BaseModel):
    """A part of the manifest. Fields that this version does not know are kept as they are."""

    model_config = ConfigDict(extra="allow", frozen=True, from_attributes=True)


class Dependencies(Record):
    """What the trained weights depend on: fields of the recipe, the SHA-256 of the rows by dataset
    and split, and the base model (``commit:...``, ``sha256:...``; None: made from nothing)."""

    settings: dict[str, object]
    data: dict[str, dict[str, str]]
    base: str | None


class Best(Record):
    """The update whose weights were kept, and the validation score they had."""

    update: int
    value: float


class ModelRecord(Record):
    """One model of a training. Only ``datasets`` and ``aspect`` are set before it is trained.

    ``rows``, ``tokens`` ... are what was trained on; ``history`` holds what was logged at an update
    (``step``): ``loss``, ``eval_loss``, ``eval_weighted_f1`` ...; ``seconds`` are those of the process
    that ended it, ``resumed_from`` is the checkpoint it began at; ``energy`` is that of all processes
    that measured it (None: none did), model and data loaded included.
    """

    datasets: tuple[str, ...]
    aspect: str | None = None
    architecture: str = ""
    parameters: int = 0
    trainable_parameters: int = 0
    labels: tuple[str, ...] | None = None
    rows: int = 0
    validation_rows: int = 0
    tokens: int = 0
    answer_tokens: int = 0
    truncated_rows: int = 0
    left_out_rows: int = 0
    longest_row: int = 0
    attention: str | None = None
    packed_rows: int | None = None
    updates: int | None = None
    epochs: float | None = None
    resumed_from: str | None = None
    final_loss: float | None = None
    best: Best | None = None
    history: tuple[dict[str, int | float], ...] = ()
    seconds: float = 0.0
    energy: Energy | None = None

    @property
    def trained(self) -> bool:
        """Whether its training came to its end."""
        return self.updates is not None

    def answers(self, dataset: str, aspect: str) -> bool:
        """Say whether it was trained for this question of a dataset."""
        return dataset in self.datasets and self.aspect in {None, aspect}


class ModelScore(Record):
    """A score of the finished model, with its 95% interval over posts; ``run`` is the folder of the
    run it comes from (None: of classifiers of explanations, which read references)."""

    dataset: str
    split: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    unparsed: int
    failed: int
    labeler: str
    source: str
    run: str | None


class Hardware(Record):
    """The machine, without its name."""

    machine: str
    system: str
    cores: int | None
    accelerators: tuple[str, ...] = ()


class Environment(Record):
    """What it was trained on: versions, the harness's commit, the machine."""

    python: str
    packages: dict[str, str]
    git_commit: str | None
    hardware: Hardware


class TrainingManifest(Record):
    """A whole training. ``members`` are its models by the name of their folder; ``identity`` is the
    SHA-256 of ``depends_on``; ``command`` is what goes on with it."""

    status: Literal["training", "trained", "scored"]
    created: str
    command: str
    identity: str
    depends_on: Dependencies
    recipe: Recipe
    source: str
    source_details: dict[str, object]
    model_class: str = ""
    members: dict[str, ModelRecord]
    notes: tuple[str, ...]
    scores: tuple[ModelScore, ...]
    environment: Environment

    @property
    def datasets(self) -> list[str]:
        """The datasets of all models, each once."""
        return list(dict.fromkeys(name for m in self.members.values() for name in m.datasets))

    @property
    def base_commit(self) -> str | None:
        """The commit of a base from the hub; None of a folder, or of a model made from nothing."""
        scheme, _, commit = (self.depends_on.base or "").partition(":")
        return commit if scheme == "commit" else None

    @property
    def synthetic(self) -> bool:
        """Whether the rows are fictional."""
        return bool(self.source_details.get("synthetic"))

    @property
    def auto_class(self) -> str:
        """The class of transformers that loads its models."""
        return self.model_class or _CLASSES[self.recipe.kind]

    @property
    def writes(self) -> bool:
        """Whether its models write answers; else they predict labels."""
        return self.auto_class != _CLASSES["classifier"]

    def model_for(self, dataset: str, aspect: str) -> str | None:
        """Return the name of the model that was trained for a question, None where none was."""
        names = (n for n, model in self.members.items() if model.answers(dataset, aspect))
        return next(names, None)

    def to_json(self) -> dict[str, object]:
        """Return what is written: every field of the recipe, and of the rest what is known. A recipe that
        has nothing measured is written as before there were meters."""
        written = self.model_dump(mode="json", exclude_unset=True)
        recipe = self.recipe.model_dump(mode="json")
        if not recipe["energy"]:
            del recipe["energy"]
        return {**written, "recipe": recipe}
