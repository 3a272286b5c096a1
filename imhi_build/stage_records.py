"""What each stage leaves in the record of a build (``build.json``), field by field.

A record may be of an earlier version, or somebody may have edited it: a value of another form than
expected counts as not recorded, and says nothing.
"""

from __future__ import annotations

from typing import Any

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)


class Recorded(BaseModel):
    """A part of a record: unknown fields are passed over, values of another form are the default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @field_validator("*", mode="wrap")
    @classmethod
    def _or_default(
        cls, value: object, validate: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        try:
            return validate(value)
        except ValidationError:
            return cls.model_fields[info.field_name or ""].get_default(call_default_factory=True)


class StageRecord(Recorded):
    """What every stage records: ``at``, when it was done (ISO 8601, UTC)."""

    at: str = ""

    def to_json(self) -> dict[str, JsonValue]:
        """Return what the stage records; ``at`` is added when it does."""
        return self.model_dump(mode="json", exclude={"at"})


class RawFileRecord(Recorded):
    """A raw file; ``rows`` of it are the split: the first so many, from and to (excluded), or all."""

    path: str = ""
    sha256: str = ""
    rows: int | list[int | None] | None = None


class DatasetRecord(Recorded):
    """Where the rows of a dataset are from (``files`` by split), how they were cleaned, and what was
    counted: rows by split, rows by split and label, rows left out by reason, masked passages by kind."""

    preset: str = ""
    preset_sha256: str = ""
    url: str = ""
    paper: str = ""
    licence: str = ""
    layout: str = ""
    folder: str = ""
    files: dict[str, RawFileRecord] = {}
    clean: dict[str, JsonValue] = {}
    counts: dict[str, int] = {}
    labels: dict[str, dict[str, int]] = {}
    removed: dict[str, int] = {}
    masked: dict[str, int] = {}
    note: str = ""


class ReadRecord(StageRecord):
    """The stage ``read``; ``config`` is the part of the configuration that it depends on."""

    datasets: dict[str, DatasetRecord] = {}
    config: dict[str, JsonValue] | None = None
    seconds: float = 0.0


class ExplainRecord(StageRecord):
    """The stage ``explain``: counts by dataset (``rows, given, lacking ...``), and what asking came
    to over all rounds; ``cost`` in US dollars, None where no price is known."""

    gold: str = ""
    given_by: str | None = None
    datasets: dict[str, dict[str, int]] = {}
    models: list[str] = []
    rounds: list[str] = []
    answered: int = 0
    failed: int = 0
    not_asked: int = Field(default=0, validation_alias=AliasChoices("not_asked", "unanswered"))
    cost: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    asking_seconds: float = 0.0
    notes: list[str] = []
    seconds: float = 0.0


class CheckRecord(StageRecord):
    """The stage ``check``: the checksum of the ``rows``, findings by check, checks that did not look
    and why, checks that were not made on these rows, and the rows that are kept out, by dataset."""

    rows: str = ""
    checks: dict[str, int] = {}
    skipped: dict[str, str] = {}
    missing: list[str] = []
    quarantined: dict[str, int] = {}


class LeftOut(Recorded):
    """How many rows of a dataset were not written, and why."""

    quarantined: int = 0
    unexplained: int = 0


class WrittenFormat(Recorded):
    """One format as it was written: its folder, how many files, and their size."""

    path: str = ""
    files: int = 0
    bytes: int = 0


class WriteRecord(StageRecord):
    """The stage ``write``: ``rows`` by dataset and split, and what was written by format."""

    to: str = ""
    rows: dict[str, dict[str, int]] = {}
    total: int = 0
    left_out: dict[str, LeftOut] = {}
    formats: dict[str, WrittenFormat] = {}
    notes: list[str] = []


class BuildRecord(Recorded):
    """What was done to a build, by stage; None where a stage was not run."""

    read: ReadRecord | None = None
    explain: ExplainRecord | None = None
    check: CheckRecord | None = None
    write: WriteRecord | None = None

    def done(self) -> dict[str, StageRecord]:
        """Return the stages that were run, in their order."""
        stages = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: stage for name, stage in stages.items() if stage is not None}
