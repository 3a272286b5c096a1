"""A verified submission as a board keeps it: ``entries/ID/entry.json`` and ``answers.json``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from imhi.plugins.leaderboard.records import fields
from imhi.plugins.leaderboard.records.fields import Record, ScoreRecord, at_most


class ArchiveRecord(Record):
    """The submission."""

    sha256: fields.Sha256
    bytes: Annotated[int, Field(ge=0, le=10**10)]
    """Size."""


class DatasetRecord(Record):
    """What one dataset came to."""

    task: Annotated[str, Field(min_length=1, max_length=120)]
    """Its task."""
    n: fields.Examples
    posts: fields.Posts
    unparsed: fields.Count
    """Answers without a label."""
    failed: fields.Count
    """Examples without an answer."""
    data: fields.DataChecksum
    scores: Annotated[dict[fields.MeasureName, ScoreRecord], Field(max_length=200)]
    """Verified measures."""


class AverageRecord(Record):
    """A verified mean."""

    over: fields.Over
    metric: fields.MeasureName
    value: fields.Value
    low: fields.Bound
    high: fields.Bound
    groups: fields.Means


class MetricRecord(Record):
    """How values of a measure are shown."""

    decimals: fields.Decimals
    higher_is_better: fields.HigherIsBetter


class CheckRecord(Record):
    """What was looked at, and what was found."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """What was looked at."""
    passed: bool
    detail: Annotated[str, Field(max_length=600)]
    """What was found."""
    severity: Literal["error", "warning"]


class EntryRecord(Record):
    """entry.json of a board: a submission that was verified. Its scores were made again from its
    answers by whoever verified it."""

    model_config = ConfigDict(title="IMHI leaderboard entry")

    format: fields.Format
    id: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]{0,110}-[0-9a-f]{8}$")]
    """Slug of the name and the first 8 hex digits of the archive's checksum; the folder's name."""
    name: fields.Name
    by: fields.By
    link: fields.Link
    description: fields.Description
    model: fields.ModelName
    model_identity: fields.OpenRecord
    """What tells the model from others."""
    source: fields.SourceKind
    synthetic: bool
    """The posts are fictional: no IMHI result."""
    split: Annotated[str, Field(min_length=1, max_length=60)]
    """Which part of the data."""
    prompt: fields.PromptRecord
    generation: fields.Generation
    seed: fields.Seed
    labeler: fields.LabelerRecord
    created: fields.Time
    """When the run was made, in ISO 8601."""
    totals: fields.Totals
    harness_version: fields.Version
    """Version of imhi-harness that verified it."""
    verified: fields.Time
    """When it was verified, in ISO 8601, UTC."""
    supersedes: Annotated[str, Field(max_length=120)]
    """The id of the entry it takes the place of, or nothing."""
    view: Annotated[str, Field(max_length=120)] = ""
    """Which gold labels and rows the scores are about (imhi views); empty or absent: the released
    ones, all."""
    archive: ArchiveRecord
    partial: bool
    """Not all examples were asked, or not all were answered."""
    datasets: Annotated[dict[fields.DatasetName, DatasetRecord], Field(min_length=1, max_length=64)]
    """Scores of each dataset."""
    averages: Annotated[tuple[AverageRecord, ...], Field(max_length=1000), at_most(1000)]
    """Verified means."""
    metrics: Annotated[dict[fields.MeasureName, MetricRecord], Field(max_length=200)]
    """How each verified measure is shown."""
    not_verified: Annotated[
        dict[
            fields.MeasureName,
            Annotated[dict[fields.DatasetName, ScoreRecord], Field(min_length=1, max_length=64)],
        ],
        Field(max_length=200),
    ]
    """Claims that need a model or a judge to make again: measure, then dataset."""
    checks: Annotated[tuple[CheckRecord, ...], Field(max_length=500), at_most(500)]
    """What was looked at."""


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

    format: fields.Format
    datasets: dict[fields.DatasetName, AnswerColumn]
