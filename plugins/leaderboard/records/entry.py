"""A verified submission as a board keeps it: ``entries/ID/entry.json`` and ``answers.json``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from imhi.plugins.leaderboard.records.fields import (
    Bound,
    By,
    Count,
    DataChecksum,
    DatasetName,
    Decimals,
    Description,
    Examples,
    Format,
    Generation,
    HarnessVersion,
    HigherIsBetter,
    Identity,
    LabelerRecord,
    Link,
    Means,
    MeasureName,
    ModelName,
    Name,
    Over,
    Posts,
    PromptRecord,
    Record,
    ScoreRecord,
    Seed,
    Sha256,
    SourceKind,
    Time,
    Totals,
    Value,
)


class ArchiveRecord(Record):
    """The submission."""

    sha256: Sha256
    bytes: Annotated[int, Field(ge=0, le=10**10, description="Size.")]


class DatasetRecord(Record):
    """What one dataset came to."""

    task: Annotated[str, Field(min_length=1, max_length=120, description="Its task.")]
    n: Examples
    posts: Posts
    unparsed: Annotated[Count, Field(description="Answers without a label.")]
    failed: Annotated[Count, Field(description="Examples without an answer.")]
    data: DataChecksum
    scores: Annotated[
        dict[MeasureName, ScoreRecord], Field(max_length=200, description="Verified measures.")
    ]


class AverageRecord(Record):
    """A verified mean."""

    over: Over
    metric: MeasureName
    value: Value
    low: Bound
    high: Bound
    groups: Means


class MetricRecord(Record):
    """How values of a measure are shown."""

    decimals: Decimals
    higher_is_better: HigherIsBetter


class CheckRecord(Record):
    """What was looked at, and what was found."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="What was looked at.")]
    passed: bool
    detail: Annotated[str, Field(max_length=600, description="What was found.")]
    severity: Literal["error", "warning"]


class EntryRecord(Record):
    """entry.json of a board: a submission that was verified. Its scores were made again from its
    answers by whoever verified it."""

    model_config = ConfigDict(title="IMHI leaderboard entry")

    format: Format
    id: Annotated[
        str,
        Field(
            pattern="^[a-z0-9][a-z0-9._-]{0,110}-[0-9a-f]{8}$",
            description="Slug of the name and the first 8 hex digits of the archive's checksum; the "
            "folder's name.",
        ),
    ]
    name: Name
    by: By
    link: Link
    description: Description
    model: ModelName
    model_identity: Identity
    source: SourceKind
    synthetic: Annotated[bool, Field(description="The posts are fictional: no IMHI result.")]
    split: Annotated[str, Field(min_length=1, max_length=60, description="Which part of the data.")]
    prompt: PromptRecord
    generation: Generation
    seed: Seed
    labeler: LabelerRecord
    created: Annotated[Time, Field(description="When the run was made, in ISO 8601.")]
    totals: Totals
    harness_version: Annotated[
        HarnessVersion, Field(description="Version of imhi-harness that verified it.")
    ]
    verified: Annotated[Time, Field(description="When it was verified, in ISO 8601, UTC.")]
    supersedes: Annotated[
        str,
        Field(max_length=120, description="The id of the entry it takes the place of, or nothing."),
    ]
    view: Annotated[
        str,
        Field(
            max_length=120,
            description="Which gold labels and rows the scores are about (imhi views); empty or "
            "absent: the released ones, all.",
        ),
    ] = ""
    archive: ArchiveRecord
    partial: Annotated[
        bool, Field(description="Not all examples were asked, or not all were answered.")
    ]
    datasets: Annotated[
        dict[DatasetName, DatasetRecord],
        Field(min_length=1, max_length=64, description="Scores of each dataset."),
    ]
    averages: Annotated[
        tuple[AverageRecord, ...],
        Field(max_length=1000, strict=False, description="Verified means."),
    ]
    metrics: Annotated[
        dict[MeasureName, MetricRecord],
        Field(max_length=200, description="How each verified measure is shown."),
    ]
    not_verified: Annotated[
        dict[
            MeasureName,
            Annotated[dict[DatasetName, ScoreRecord], Field(min_length=1, max_length=64)],
        ],
        Field(
            max_length=200,
            description="Claims that need a model or a judge to make again: measure, then dataset.",
        ),
    ]
    checks: Annotated[
        tuple[CheckRecord, ...],
        Field(max_length=500, strict=False, description="What was looked at."),
    ]


class AnswerColumn(Record):
    """The answers to one dataset in the order of the source, without their texts: ``labels`` by
    digit, the ``predicted`` digits (- for none), 0 and 1 for wrong and ``right``, and base64 of 4
    bytes of each answer's hash."""

    labels: tuple[str, ...]
    predicted: str
    right: str
    answers: str


class AnswersRecord(Record):
    """answers.json of a board's entry."""

    format: Format
    datasets: dict[DatasetName, AnswerColumn]
