"""The fields of a recipe, what each may be, and what it is where nothing is said.

Everything is checked by pydantic when a recipe is made; :mod:`imhi.finetune.recipe.reading` turns what
it finds into one line. A default is our choice; ``quoted`` names the values that a publication
states, by field, with where.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from imhi.io import yaml_models

Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(gt=0)]


class Part(BaseModel):
    """A part of a recipe: unknown fields are refused, values are not coerced from text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Architecture(Part):
    """A model made from nothing, with random weights and a tokenizer trained on its own rows."""

    type: Literal["llama", "t5", "bart", "bert"]
    hidden_size: Count = 128
    intermediate_size: Count = 344
    layers: Count = 2
    heads: Count = 4
    vocabulary: Annotated[int, Field(ge=300)] = 4000
    window: Annotated[int, Field(ge=32)] = 512


class Size(Part):
    """What a base model measures, for the memory estimate before it is at hand. ``head_size``: where it is
    not ``hidden_size`` over ``heads``. ``source`` says where the figures stand."""

    parameters: Annotated[float, Field(gt=0)]
    layers: Count
    hidden_size: Count
    intermediate_size: Count
    heads: Count
    key_value_heads: Count
    head_size: Count | None = None
    vocabulary: Count
    source: str


class Base(Part):
    """The model training starts from: ``model`` (hub id or folder) or ``scratch``. ``safetensors``
    false also takes weights in pickle form, which can run code when loaded."""

    model: str | None = None
    revision: str | None = None
    scratch: Architecture | None = None
    trust_remote_code: bool = False
    safetensors: bool = True
    size: Size | None = None


class Data(Part):
    """The rows. ``datasets`` empty: all that the source has with a training split.

    ``held_out`` is the share of training posts used for validation where a dataset has none of the
    ``validation`` splits. ``reads``: a classifier reads the ``post``, or the ``explanation``
    without its label sentence. ``per``: one model for ``all`` datasets, one per ``dataset``, or one
    per ``question`` (IRF and MultiWD ask several). ``limit`` is rows per dataset, drawn by seed;
    ``balance`` draws rows with replacement until ``datasets`` or ``labels`` (within each question)
    are equally frequent. ``drop_test_posts``: training rows about posts of the split the finished
    model is scored on (``test``, where it is not scored) are left out, those of the ``own`` dataset, of
    ``any`` dataset, or ``none``.
    ``window`` is tokens per row, prompt and answer together; ``answer_window`` is for the answers of
    encoder-decoders.
    """

    source: str | None = None
    datasets: tuple[str, ...] = ()
    train: tuple[str, ...] = ("train",)
    validation: tuple[str, ...] = ("val",)
    held_out: Share = 0.1
    style: str = "instruction"
    reads: Literal["post", "explanation"] = "post"
    per: Literal["all", "dataset", "question"] = "all"
    limit: Count | None = None
    balance: Literal["none", "datasets", "labels"] = "none"
    drop_test_posts: Literal["none", "own", "any"] = "own"
    window: Annotated[int, Field(ge=32)] = 1024
    answer_window: Annotated[int, Field(ge=8)] = 512
    chat_template: Literal["on", "off"] = "off"
    system: str = ""


class Method(Part):
    """What is trained: ``full`` (all weights), ``lora`` or ``qlora`` (adapters; the base in 4 bit)."""

    name: Literal["full", "lora", "qlora"] = "full"
    rank: Count = 16
    alpha: Annotated[float, Field(gt=0)] = 32
    dropout: Share = 0.05
    targets: tuple[str, ...] | Literal["all-linear"] = "all-linear"


class Training(Part):
    """How it is trained. ``batch_size`` is examples per update over all devices and accumulated
    steps; ``device_batch_size`` is what one device holds at a time.

    ``loss_on``: the answer's tokens only, or all. ``label_weight`` multiplies the loss of the label
    sentence's tokens. ``class_weights: balanced`` (classifiers) weighs each class by n / (classes x
    its rows). ``length_grouping`` puts rows of like length together, ``packing`` puts several rows
    into one sequence of ``data.window`` tokens, in which none sees another (causal); ``batch_size``
    then counts such sequences.
    """

    epochs: Annotated[float, Field(gt=0)] = 3
    max_steps: Count | None = None
    learning_rate: Annotated[float, Field(gt=0)] = 2e-5
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "cosine"
    warmup: Share = 0.03
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    adam_beta2: Annotated[float, Field(gt=0, lt=1)] = 0.999
    max_grad_norm: Annotated[float, Field(gt=0)] = 1.0
    optimizer: str = "adamw_torch"
    batch_size: Count = 32
    device_batch_size: Count = 8
    gradient_checkpointing: bool = False
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    attention: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"
    loss_on: Literal["answer", "all"] = "answer"
    label_weight: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    class_weights: Literal["none", "balanced"] = "none"
    label_smoothing: Share = 0.0
    length_grouping: bool = True
    packing: bool = False
    seed: Annotated[int, Field(ge=0)] = 0
    log_every: Count = 10
    save_every: Annotated[float, Field(gt=0)] = 1.0
    keep_checkpoints: Count = 2


class Validation(Part):
    """Early stopping and the choice of the best checkpoint, by what the harness itself measures on
    generated answers (classifiers: on predicted labels) of the validation rows.

    ``every`` is epochs (0.5: twice per epoch); ``examples`` per dataset, drawn by seed, are what loss
    and answers are measured on; ``patience``
    is how many measurements without a better one are waited for (None: no early stopping, the last
    weights are kept). Without ``metric`` only the loss is measured.
    """

    metric: Literal["weighted_f1", "macro_f1", "accuracy"] | None = "weighted_f1"
    labeler: str = "strict"
    every: Annotated[float, Field(gt=0)] = 1.0
    examples: Count = 200
    max_new_tokens: Count = 256
    patience: Count | None = None


class Evaluation(Part):
    """What the finished model is scored on: ``split`` None leaves it out."""

    split: str | None = "test"
    limit: Count | None = None
    labeler: str = "hybrid"
    max_new_tokens: Count | None = None


class Hardware(Part):
    """What the recipe was laid out for; the memory is computed, see ``imhi finetune RECIPE --dry-run``."""

    gpus: Annotated[int, Field(ge=0)] = 0
    gpu: str = ""
    gpu_memory_gb: Annotated[float, Field(ge=0)] = 0
    strategy: Literal["single", "ddp", "fsdp", "deepspeed-zero2", "deepspeed-zero3"] = "single"


class Recipe(Part):
    """A whole training. ``kind`` is how it is trained: ``causal``, ``seq2seq``, ``classifier``, or a
    kind that a plugin adds. ``quoted`` maps a field (``training.epochs``) to where its value stands;
    every other value is our choice. ``leave_out`` (leave-task-out recipes) names the tasks or
    datasets to be left out, one training each. ``energy`` names a meter (``codecarbon:DEU``)."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
    summary: str
    kind: str
    base: Base
    data: Data = Data()
    method: Method = Method()
    training: Training = Training()
    validation: Validation = Validation()
    evaluation: Evaluation = Evaluation()
    hardware: Hardware = Hardware()
    report_to: tuple[str, ...] = ()
    energy: str = ""
    leave_out: tuple[str, ...] = ()
    quoted: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def fields(self) -> Iterator[tuple[str, object]]:
        """Yield every field with its JSON value: ``training.epochs``, 3.0 ..."""
        yield from yaml_models.leaves(self.model_dump(mode="json", exclude={"quoted", "notes"}))

    def origin(self, field: str) -> str:
        """Return where the value of a field comes from. What a base measures is nobody's choice."""
        size = self.base.size
        measured = size is not None and field.startswith("base.size.")
        return self.quoted.get(field, size.source if size and measured else "our choice")
