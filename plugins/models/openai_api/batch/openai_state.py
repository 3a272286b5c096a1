"""A batch as OpenAI describes it, and why it refused one as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imhi.plugins.models.openai_api.batch.openai_lines import PASSING_WORDS
from imhi.plugins.models.openai_api.batch.server import Refusal
from imhi.plugins.models.openai_api.server_errors import kind_of_code
from imhi.plugins.models.openai_api.wire import ServerJson

METADATA = "imhi-batch"
"""The name in a batch's metadata under which our key stands."""

# Codes of a batch that was refused as a whole since its queue is full.
_QUEUE_CODES = frozenset({"token_limit_exceeded"})


@dataclass(frozen=True)
class BatchError:
    """One reason for which a batch was refused; ``line`` of its file, from 1, where one is named."""

    line: int | None
    code: str
    message: str


@dataclass(frozen=True)
class Described:
    """What the server says of a batch. Texts are empty where it says nothing; ``answered``: it counts
    answers."""

    id: str
    status: str
    key: str
    input_file: str
    output_file: str
    error_file: str
    answered: bool
    errors: tuple[BatchError, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Return the files its answers and errors are in."""
        return tuple(filter(None, (self.output_file, self.error_file)))

    @property
    def names_its_files(self) -> bool:
        """Return whether the file of answers is named where there are any; it may come later."""
        return bool(self.output_file) or not self.answered


def read_state(described: ServerJson) -> Described:
    """Read what a server says of a batch; ``id`` must be there."""

    def text(name: str) -> str:
        return str(described.get(name) or "")

    metadata, counts = described.get("metadata"), described.get("request_counts")
    errors = described.get("errors")
    rows = errors.get("data") if isinstance(errors, Mapping) else None
    return Described(
        text("id"),
        text("status"),
        str(metadata.get(METADATA) or "") if isinstance(metadata, Mapping) else "",
        text("input_file_id"),
        text("output_file_id"),
        text("error_file_id"),
        bool(counts.get("completed")) if isinstance(counts, Mapping) else False,
        tuple(_read_error(row) for row in rows if isinstance(row, Mapping))
        if isinstance(rows, list)
        else (),
    )


def _read_error(row: ServerJson) -> BatchError:
    line = row.get("line")
    return BatchError(
        line if isinstance(line, int) else None,
        str(row.get("code") or ""),
        str(row.get("message") or ""),
    )


def read_refusal(errors: tuple[BatchError, ...], size: int) -> Refusal:
    """Return what the errors of a failed batch of ``size`` lines come to."""
    if not errors:
        return Refusal("the server refused the batch and gave no reason")
    first = errors[0]
    message = f"the server refused the batch: {first.message or first.code or 'no reason given'}"
    message += f" (line {first.line})" if first.line is not None else ""
    message += f" and {len(errors) - 1} more" if len(errors) > 1 else ""
    codes = {error.code for error in errors}
    lines = frozenset(error.line for error in errors if error.line is not None)
    named = all(error.line is not None and 1 <= error.line <= size for error in errors)
    return Refusal(
        message,
        full=bool(codes & _QUEUE_CODES),
        passing=any(word in code for code in codes for word in PASSING_WORDS),
        fatal=any(kind_of_code(code) in ("quota", "key", "not_found") for code in codes),
        lines=lines if named and len(lines) < size else frozenset(),
    )
