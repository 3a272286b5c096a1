"""The files of a submission's archive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from imhi.plugins.leaderboard.records import fields
from imhi.plugins.leaderboard.records.fields import Record, at_most
from imhi.plugins.leaderboard.submission.limits import LIMITS

_KEY = "SHA-256 of salt, dataset, split, example id, post and question, cut to 32 hex digits."
RowKey = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description=_KEY)]
_METRIC = "The metric it comes from."
MetricName = Annotated[str, Field(min_length=1, max_length=60, description=_METRIC)]
_Total = Annotated[int, Field(ge=0, le=10**9)]
_Amount = Annotated[float, Field(ge=0, le=1e12)]


class SubmittedData(Record):
    """The examples of one dataset."""

    n: fields.Examples
    posts: fields.Posts
    data: fields.DataChecksum


class About(Record):
    """submission.json of an archive that imhi submit packs. It holds no post and no path. The lines of
    responses/ and predictions/ and scores.json are described under $defs."""

    model_config = ConfigDict(title="IMHI submission")

    format: fields.Format
    name: fields.Name
    by: fields.By
    link: fields.Link
    description: fields.Description
    supersedes: Annotated[
        str, Field(max_length=120, pattern="^([a-z0-9][a-z0-9._-]{0,110}-[0-9a-f]{8})?$")
    ]
    """The id of the submitter's own entry that this takes the place of, or nothing."""
    model: fields.ModelName
    model_identity: fields.OpenRecord
    """What tells the model from others, as the run has it; of local paths the last part."""
    source: fields.SourceKind
    synthetic: bool
    """The posts are fictional."""
    split: Annotated[
        str, Field(min_length=1, max_length=60, pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    ]
    """Which part of the data."""
    repair_mojibake: bool
    """Wrongly decoded posts were repaired."""
    prompt: fields.PromptRecord
    generation: fields.Generation
    seed: fields.Seed
    limit: Annotated[int | None, Field(ge=1, le=10**7)]
    """At most so many examples of each dataset were asked; null: all. Shown as partial."""
    unanswered: Annotated[int, Field(ge=0, le=10**7)]
    """Examples without an answer, all datasets together; above 0: shown as partial."""
    environment: fields.OpenRecord
    """Python, packages, commit and hardware."""
    harness_version: fields.Version
    """Version of imhi-harness."""
    created: fields.Time
    """When, in ISO 8601."""
    totals: fields.Totals
    datasets: Annotated[dict[fields.DatasetName, SubmittedData], Field(min_length=1, max_length=64)]
    """What was asked, in the run's order."""
    labeler: fields.LabelerRecord
    salt: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    """Drawn once; what the rows' keys are made with."""
    metrics: Annotated[
        tuple[fields.MeasureName, ...], Field(min_length=1, max_length=500), at_most(500)
    ]
    """The measures that are claimed."""
    files: Annotated[dict[str, fields.Sha256], Field(min_length=3, max_length=200)]
    """SHA-256 of every other file of the archive."""


class ResponseRow(Record):
    """One line of responses/DATASET.jsonl: a text, a label with probabilities, or an error."""

    # Fields that are not there have values that no file can hold, or that say nothing.
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["error"]},
                {"anyOf": [{"required": ["text"]}, {"required": ["label"]}]},
            ]
        }
    )

    key: RowKey
    text: Annotated[str, Field(max_length=LIMITS.answer)] = ""
    """The answer as the model wrote it."""
    label: Annotated[str, Field(min_length=1, max_length=120)] = ""
    """A classifier's label."""
    probabilities: Annotated[
        dict[str, Annotated[float, Field(ge=0, le=1, description="A probability.")]],
        Field(default_factory=dict, max_length=64),
    ]
    """Probabilities by label."""
    error: Annotated[str, Field(pattern="^no answer$")] = ""
    """The example has no answer."""
    finish_reason: Annotated[str, Field(max_length=64)] = ""
    """Why the model stopped."""
    prompt_tokens: _Total = 0
    """Tokens of the prompt."""
    completion_tokens: _Total = 0
    """Tokens of the answer."""
    latency: _Amount = 0.0
    """Seconds."""
    cost: _Amount = 0.0
    """US dollars."""
    attempts: _Total = 1
    """How often it was asked."""
    truncated: bool = False
    """The prompt did not fit the model's window."""

    @model_validator(mode="after")
    def _one_of(self) -> ResponseRow:
        if bool(self.error) == bool(self.model_fields_set & {"text", "label"}):
            raise ValueError("expected a text, a label, or an error, and an error alone")
        return self


class PredictionRow(Record):
    """One line of predictions/DATASET.jsonl."""

    key: RowKey
    label: Annotated[str | None, Field(max_length=120)]
    """The label that was read, if there is one."""
    status: Literal["labelled", "unparsed", "failed"]
    """Whether a label was read; failed: there was no answer."""
    decided_by: Annotated[str, Field(max_length=60)] = ""
    """What read it."""


class ClaimedMetric(Record):
    """The metric that scores come from."""

    version: fields.Version
    """The metric's version."""
    arguments: fields.OpenRecord
    """Its arguments."""
    interval: Annotated[str, Field(max_length=60)] = ""
    """How its intervals were made; empty: by an earlier version's bootstrap."""


class ClaimedScore(Record):
    """A measure of one dataset."""

    dataset: fields.DatasetName
    metric: fields.MeasureName
    made_by: MetricName
    value: fields.Value
    low: fields.Bound
    high: fields.Bound
    decimals: fields.Decimals
    higher_is_better: fields.HigherIsBetter
    headline: bool
    """Shown in tables."""


class ClaimedAverage(Record):
    """A mean of a measure."""

    over: fields.Over
    metric: fields.MeasureName
    made_by: MetricName
    value: fields.Value
    low: fields.Bound
    high: fields.Bound
    decimals: fields.Decimals
    higher_is_better: fields.HigherIsBetter
    groups: fields.Means


class Claims(Record):
    """scores.json: what is claimed, and made again by whoever verifies."""

    format: fields.Format
    resamples: Annotated[int | None, Field(ge=100, le=20_000)] = None
    """Bootstrap resamples of earlier versions' intervals."""
    seed: fields.SeedNumber | None = None
    """Seed of that bootstrap."""
    metrics: Annotated[
        dict[Annotated[str, Field(max_length=60)], ClaimedMetric],
        Field(min_length=1, max_length=200),
    ]
    """The metrics, with version and arguments."""
    scores: Annotated[
        tuple[ClaimedScore, ...], Field(min_length=1, max_length=20_000), at_most(20_000)
    ]
    """A row for each dataset and measure."""
    averages: Annotated[tuple[ClaimedAverage, ...], Field(max_length=2_000), at_most(2_000)]
    """Means over datasets and over tasks."""
