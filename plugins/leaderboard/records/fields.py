"""The parts that submissions and entries share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Record(BaseModel):
    """A JSON object with these fields and no others; no value is turned into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Format = Annotated[int, Field(ge=1, le=1, description="Version of this format.")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, in hex.")]
DataChecksum = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="SHA-256 of ids, posts, questions, gold labels and reference explanations, in "
        "order.",
    ),
]
DatasetName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", description="The name of a dataset."),
]
MeasureName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=120,
        description="The name of a measure: weighted_f1, f1[yes], rougeL ...",
    ),
]
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
Description = Annotated[
    str,
    Field(
        max_length=1000,
        description="What a reader should know about the model; one paragraph of plain text.",
    ),
]
ModelName = Annotated[
    str, Field(min_length=1, max_length=200, description="The model's name as the run has it.")
]
SourceKind = Annotated[
    str,
    Field(
        pattern="^[a-z][a-z0-9_-]{0,30}$",
        description="The kind of source, without its place: official, demo, own ...",
    ),
]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1, description="Seed of the run.")]
HarnessVersion = Annotated[
    str, Field(min_length=1, max_length=40, description="Version of imhi-harness.")
]
Time = Annotated[
    str,
    Field(
        min_length=10,
        max_length=40,
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$",
        description="When, in ISO 8601.",
    ),
]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Examples = Annotated[Count, Field(description="Examples.")]
Posts = Annotated[Count, Field(description="Distinct posts.")]
Means = Annotated[int, Field(ge=0, le=200, description="How many means go into it.")]
Over = Annotated[
    Literal["datasets", "tasks"],
    Field(
        description="Mean over datasets, or over tasks (a task's value is the mean of its datasets)."
    ),
]
# Settings of models, prompts and machines, which plugins of others may make as they like.
OpenRecord = Annotated[dict[str, JsonValue], Field(max_length=200)]
Identity = Annotated[OpenRecord, Field(description="What tells the model from others.")]
Generation = Annotated[OpenRecord, Field(description="How answers were decoded.")]
Totals = Annotated[
    OpenRecord,
    Field(
        description="Tokens, cost in US dollars, wall time in seconds, as the run counted them; not "
        "verified."
    ),
]

Value = Annotated[float | None, Field(ge=-1e12, le=1e12, description="On the metric's scale.")]
Bound = Annotated[
    float | None,
    Field(
        ge=-1e12,
        le=1e12,
        description="A bound of the 95% interval; null where there is none.",
    ),
]
Decimals = Annotated[int, Field(ge=0, le=10, description="How many are shown.")]
HigherIsBetter = Annotated[bool | None, Field(description="null: neither is better.")]


class ScoreRecord(Record):
    """A value with its 95% interval."""

    value: Value
    low: Bound
    high: Bound


class PromptRecord(Record):
    """What the model was asked in."""

    style: Annotated[
        str, Field(min_length=1, max_length=60, description="The prompt style's name.")
    ]
    version: Annotated[str, Field(min_length=1, max_length=20, description="Its version.")]
    shots: Annotated[int, Field(ge=0, le=1000, description="Examples shown in the few-shot style.")]


class LabelerRecord(Record):
    """What read the labels out of the answers."""

    name: Annotated[str, Field(min_length=1, max_length=120, description="The labeler's name.")]
    version: Annotated[str, Field(min_length=1, max_length=40, description="Its version.")]
    fingerprint: Annotated[
        JsonValue,
        Field(
            description="What its labels depend on beside the version; absent where nothing does."
        ),
    ] = None
