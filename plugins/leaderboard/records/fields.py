"""The parts that submissions and entries share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue


class Record(BaseModel):
    """A JSON object with these fields and no others; no value is turned into another type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )


def at_most(count: int) -> BeforeValidator:
    """Let lists be read as tuples; longer ones are refused before their parts are looked at, since
    a million wrong parts are a million errors."""

    def read(value: object) -> object:
        if isinstance(value, list) and len(value) > count:
            raise ValueError(f"found {len(value):,} parts, expected at most {count:,}")
        return tuple(value) if isinstance(value, list) else value

    return BeforeValidator(read)


_HEX_64 = "^[0-9a-f]{64}$"

Format = Annotated[int, Field(ge=1, le=1, description="Version of this format.")]
Sha256 = Annotated[str, Field(pattern=_HEX_64, description="SHA-256, in hex.")]
DataChecksum = Annotated[
    str,
    Field(
        pattern=_HEX_64,
        description="SHA-256 of ids, posts, questions, gold labels and reference explanations, in "
        "order.",
    ),
]
DatasetName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="The name of a dataset.")
]
_MEASURE = "The name of a measure: weighted_f1, f1[yes], rougeL ..."
MeasureName = Annotated[str, Field(min_length=1, max_length=120, description=_MEASURE)]
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=80,
        pattern="^[^<>=+@-][^<>]*$",
        description="What the board calls it. No < or >, and no = + - @ at the beginning, which "
        "spreadsheets take for a formula.",
    ),
]
By = Annotated[str, Field(max_length=120, description="Who submits: people, a group.")]
Link = Annotated[
    str,
    Field(
        max_length=300,
        pattern="^(https?://[!-~]+)?$",
        description="A page about the model: http or https, without a user name or password.",
    ),
]
_ABOUT_MODEL = "What a reader should know about the model; one paragraph of plain text."
Description = Annotated[str, Field(max_length=1000, description=_ABOUT_MODEL)]
_MODEL = "The model's name as the run has it."
ModelName = Annotated[str, Field(min_length=1, max_length=200, description=_MODEL)]
SourceKind = Annotated[
    str,
    Field(
        pattern="^[a-z][a-z0-9_-]{0,30}$",
        description="The kind of source, without its place: official, demo, own ...",
    ),
]
SeedNumber = Annotated[int, Field(ge=0, le=2**32 - 1)]
Seed = Annotated[SeedNumber, Field(description="Seed of the run.")]
Version = Annotated[str, Field(min_length=1, max_length=40)]
Time = Annotated[
    str,
    Field(
        min_length=10,
        max_length=40,
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$",
    ),
]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Examples = Annotated[Count, Field(description="Examples.")]
Posts = Annotated[Count, Field(description="Distinct posts.")]
Means = Annotated[int, Field(ge=0, le=200, description="How many means go into it.")]
_OVER = "Mean over datasets, or over tasks (a task's value is the mean of its datasets)."
Over = Annotated[Literal["datasets", "tasks"], Field(description=_OVER)]
# Settings of models, prompts and machines, which plugins of others may make as they like.
OpenRecord = Annotated[dict[str, JsonValue], Field(max_length=200)]
Generation = Annotated[OpenRecord, Field(description="How answers were decoded.")]
_TOTALS = "Tokens, cost in US dollars, wall time in seconds, energy, as the run counted them; not verified."
Totals = Annotated[OpenRecord, Field(description=_TOTALS)]
Value = Annotated[float | None, Field(ge=-1e12, le=1e12, description="On the metric's scale.")]
_BOUND = "A bound of the 95% interval; null where there is none."
Bound = Annotated[float | None, Field(ge=-1e12, le=1e12, description=_BOUND)]
Decimals = Annotated[int, Field(ge=0, le=10, description="How many are shown.")]
HigherIsBetter = Annotated[bool | None, Field(description="null: neither is better.")]


class ScoreRecord(Record):
    """A value with its 95% interval."""

    value: Value
    low: Bound
    high: Bound


class PromptRecord(Record):
    """What the model was asked in."""

    style: Annotated[str, Field(min_length=1, max_length=60)]
    """The prompt style's name."""
    version: Annotated[str, Field(min_length=1, max_length=20)]
    """Its version."""
    shots: Annotated[int, Field(ge=0, le=1000)]
    """Examples shown in the few-shot style."""


class LabelerRecord(Record):
    """What read the labels out of the answers."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    """The labeler's name."""
    version: Version
    """Its version."""
    fingerprint: JsonValue = None
    """What its labels depend on beside the version; absent where nothing does."""
