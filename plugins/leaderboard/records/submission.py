"""The files of a submission's archive."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from imhi.plugins.leaderboard.records.fields import (
    Bound,
    By,
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
    OpenRecord,
    Over,
    Posts,
    PromptRecord,
    Record,
    Seed,
    Sha256,
    SourceKind,
    Time,
    Totals,
    Value,
)
from imhi.plugins.leaderboard.submission.limits import LIMITS

RowKey = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{32}$",
        description="SHA-256 of salt, dataset, split, example id, post and question, cut to 32 hex "
        "digits.",
    ),
]
MetricName = Annotated[
    str, Field(min_length=1, max_length=60, description="The metric it comes from.")
]
_Tokens = Annotated[int, Field(ge=0, le=10**9)]
_Amount = Annotated[float, Field(ge=0, le=1e12)]


class SubmittedData(Record):
    """The examples of one dataset."""

    n: Examples
    posts: Posts
    data: DataChecksum


class About(Record):
    """submission.json of an archive that imhi submit packs. It holds no post and no path. The lines of
    responses/ and predictions/ and scores.json are described under $defs."""

    model_config = ConfigDict(title="IMHI submission")

    format: Format
    name: Name
    by: By
    link: Link
    description: Description
    supersedes: Annotated[
        str,
        Field(
            max_length=120,
            pattern="^([a-z0-9][a-z0-9._-]{0,110}-[0-9a-f]{8})?$",
            description="The id of the submitter's own entry that this takes the place of, or nothing.",
        ),
    ]
    model: ModelName
    model_identity: Annotated[
        Identity,
        Field(
            description="What tells the model from others, as the run has it; of local paths the last "
            "part."
        ),
    ]
    source: SourceKind
    synthetic: Annotated[bool, Field(description="The posts are fictional.")]
    split: Annotated[
        str,
        Field(
            min_length=1,
            max_length=60,
            pattern="^[A-Za-z0-9][A-Za-z0-9_.-]*$",
            description="Which part of the data.",
        ),
    ]
    repair_mojibake: Annotated[bool, Field(description="Wrongly decoded posts were repaired.")]
    prompt: PromptRecord
    generation: Generation
    seed: Seed
    limit: Annotated[
        int | None,
        Field(
            ge=1,
            le=10**7,
            description="At most so many examples of each dataset were asked; null: all. Shown as "
            "partial.",
        ),
    ]
    unanswered: Annotated[
        int,
        Field(
            ge=0,
            le=10**7,
            description="Examples without an answer, all datasets together; above 0: shown as partial.",
        ),
    ]
    environment: Annotated[OpenRecord, Field(description="Python, packages, commit and hardware.")]
    harness_version: HarnessVersion
    created: Time
    totals: Totals
    datasets: Annotated[
        dict[DatasetName, SubmittedData],
        Field(min_length=1, max_length=64, description="What was asked, in the run's order."),
    ]
    labeler: LabelerRecord
    salt: Annotated[
        str,
        Field(
            pattern="^[0-9a-f]{32}$",
            description="Drawn once; what the rows' keys are made with.",
        ),
    ]
    metrics: Annotated[
        tuple[MeasureName, ...],
        Field(
            min_length=1, max_length=500, strict=False, description="The measures that are claimed."
        ),
    ]
    files: Annotated[
        dict[str, Sha256],
        Field(
            min_length=3,
            max_length=200,
            description="SHA-256 of every other file of the archive.",
        ),
    ]


class ResponseRow(Record):
    """One line of responses/DATASET.jsonl: a text, a label with probabilities, or an error."""

    # What is not there is nothing said: the values that stand for that say so in no file.
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["error"]},
                {"anyOf": [{"required": ["text"]}, {"required": ["label"]}]},
            ]
        }
    )

    key: RowKey
    text: Annotated[
        str, Field(max_length=LIMITS.answer, description="The answer as the model wrote it.")
    ] = ""
    label: Annotated[
        str, Field(min_length=1, max_length=120, description="A classifier's label.")
    ] = ""
    probabilities: Annotated[
        dict[str, Annotated[float, Field(ge=0, le=1, description="A probability.")]],
        Field(default_factory=dict, max_length=64, description="Probabilities by label."),
    ]
    error: Annotated[
        str, Field(pattern="^no answer$", description="The example has no answer.")
    ] = ""
    finish_reason: Annotated[str, Field(max_length=64, description="Why the model stopped.")] = ""
    prompt_tokens: Annotated[_Tokens, Field(description="Tokens of the prompt.")] = 0
    completion_tokens: Annotated[_Tokens, Field(description="Tokens of the answer.")] = 0
    latency: Annotated[_Amount, Field(description="Seconds.")] = 0.0
    cost: Annotated[_Amount, Field(description="US dollars.")] = 0.0
    attempts: Annotated[_Tokens, Field(description="How often it was asked.")] = 1
    truncated: Annotated[bool, Field(description="The prompt did not fit the model's window.")] = (
        False
    )

    @model_validator(mode="after")
    def _one_of(self) -> ResponseRow:
        if bool(self.error) == bool(self.model_fields_set & {"text", "label"}):
            raise ValueError("expected a text, a label, or an error, and an error alone")
        return self


class PredictionRow(Record):
    """One line of predictions/DATASET.jsonl."""

    key: RowKey
    label: Annotated[
        str | None,
        Field(max_length=120, description="The label that was read, if there is one."),
    ]
    status: Annotated[
        Literal["labelled", "unparsed", "failed"],
        Field(description="Whether a label was read; failed: there was no answer."),
    ]
    decided_by: Annotated[str, Field(max_length=60, description="What read it.")] = ""


class ClaimedMetric(Record):
    """The metric that scores come from."""

    version: Annotated[str, Field(min_length=1, max_length=40, description="The metric's version.")]
    arguments: Annotated[OpenRecord, Field(description="Its arguments.")]


class ClaimedScore(Record):
    """A measure of one dataset."""

    dataset: DatasetName
    metric: MeasureName
    made_by: MetricName
    value: Value
    low: Bound
    high: Bound
    decimals: Decimals
    higher_is_better: HigherIsBetter
    headline: Annotated[bool, Field(description="Shown in tables.")]


class ClaimedAverage(Record):
    """A mean of a measure."""

    over: Over
    metric: MeasureName
    made_by: MetricName
    value: Value
    low: Bound
    high: Bound
    decimals: Decimals
    higher_is_better: HigherIsBetter
    groups: Means


class Claims(Record):
    """scores.json: what is claimed, and made again by whoever verifies."""

    format: Format
    resamples: Annotated[int, Field(ge=100, le=20_000, description="Bootstrap resamples.")]
    seed: Annotated[int, Field(ge=0, le=2**32 - 1, description="Seed of the bootstrap.")]
    metrics: Annotated[
        dict[Annotated[str, Field(max_length=60)], ClaimedMetric],
        Field(
            min_length=1,
            max_length=200,
            description="The metrics, with version and arguments.",
        ),
    ]
    scores: Annotated[
        tuple[ClaimedScore, ...],
        Field(
            min_length=1,
            max_length=20_000,
            strict=False,
            description="A row for each dataset and measure.",
        ),
    ]
    averages: Annotated[
        tuple[ClaimedAverage, ...],
        Field(max_length=2_000, strict=False, description="Means over datasets and over tasks."),
    ]
