"""A build folder: where everything about one build lies.

::

    BUILD/
      build.yaml                 what is to be built: written by `imhi build new`, yours to edit
      build.json                 what was done: a record per stage
      posts/DATASET.jsonl        the raw rows, cleaned, with where each is from
      removed/DATASET.jsonl      what was left out, and why
      explanations/NN-MODEL/     a run folder per round of asking
      asked/CHECK/NN-MODEL/      the same, of checks that ask a model
      rows/DATASET.jsonl         the posts with their explanations, in the order of the posts
      checks/NAME.json           what a check found; checks/NAME/DATASET.jsonl: row by row
      quarantine/DATASET.jsonl   the rows that are kept out of what is written, each with its reasons
      annotation/                sheets for people, and what became of them
      written/                   the instruction set

The folder holds posts and is readable by its owner only.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import JsonValue

from imhi import HarnessError, as_row, digest, file_checksum, from_row
from imhi.build.records import BuiltRow, Finding, Removal
from imhi.build.stage_records import BuildRecord, ExplainRecord, ReadRecord
from imhi.io import held, jsonl, write_json

FORMAT = 1
CONFIG, RECORD = "build.yaml", "build.json"
MADE = "made.json"
STAGES = ("read", "explain", "check", "write")

Record = TypeVar("Record", BuiltRow, Removal, Finding)


class BuildFolder:
    """Reads and writes one build folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def config_file(self) -> Path:
        """The file ``build.yaml``."""
        return self.path / CONFIG

    # --- the record ------------------------------------------------------------------------------

    def stages(self) -> dict[str, dict[str, JsonValue]]:
        """Return what was done, by stage, as the record has it; empty where nothing was.

        Raises:
            HarnessError: not a build folder, or the record is of another format or not JSON.
        """
        path = self.path / RECORD
        if not path.exists():
            if not self.config_file.exists():
                raise HarnessError(
                    f"{self.path}: not a build folder (no {CONFIG}); make one with: imhi build new "
                    f"{self.path} --raw PRESET=PATH"
                )
            return {}
        go_on = "remove it and run the stages again: answers of models are kept"
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise HarnessError(f"{path}: not JSON ({error}); {go_on}") from None
        format = record.get("format") if isinstance(record, dict) else None
        if format != FORMAT:
            raise HarnessError(
                f"{path}: build format {format!r}, expected {FORMAT}: it was made by another version "
                "of imhi-harness; build into a new folder"
            )
        if not isinstance(record.get("stages"), dict):
            raise HarnessError(
                f"{path}: found no stages in it, expected the record of a build; {go_on}"
            )
        return dict(record["stages"])

    def record(self) -> BuildRecord:
        """Return what was done, by stage; raises as :meth:`stages`."""
        return BuildRecord.model_validate(self.stages())

    def record_stage(
        self, name: str, values: Mapping[str, object], *, same_rows: bool = False
    ) -> None:
        """Replace what is recorded of a stage; its time is added. What later stages made of
        earlier rows is recorded no more, unless these are the ``same_rows``."""
        stages: dict[str, Mapping[str, object]] = {**self.stages()}
        for later in () if same_rows else STAGES[STAGES.index(name) + 1 :]:
            stages.pop(later, None)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        stages[name] = {"at": now, **values}
        write_json(self.path / RECORD, {"format": FORMAT, "stages": stages})

    def require_read(self) -> ReadRecord:
        """Return what is recorded of reading.

        Raises:
            HarnessError: nothing was read yet.
        """
        return self.record().read or self._refuse("read")

    def require_explained(self) -> ExplainRecord:
        """Return what is recorded of explaining.

        Raises:
            HarnessError: posts were not joined with explanations yet.
        """
        return self.record().explain or self._refuse("explain")

    def _refuse(self, stage: str) -> NoReturn:
        raise HarnessError(
            f"{self.path}: nothing was built by the stage '{stage}' yet; run: imhi build {stage} "
            f"{self.path}"
        )

    # --- rows ------------------------------------------------------------------------------------

    def file(self, kind: str, dataset: str) -> Path:
        """Return where the rows of one kind (``posts, rows, checks/NAME ...``) lie."""
        return self.path / kind / f"{dataset}.jsonl"

    def datasets(self) -> list[str]:
        """Return the datasets that were read, in the order of the configuration."""
        return list(self.require_read().datasets)

    def posts(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows as read, without explanations (other than those of the raw data).

        Raises:
            HarnessError: the file is gone.
        """
        if not self.file("posts", dataset).exists():
            raise HarnessError(
                f"{self.file('posts', dataset)}: it is gone; run: imhi build read {self.path}"
            )
        return self._read(BuiltRow, self.file("posts", dataset))

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows with their explanations, all splits, in order."""
        return self._read(BuiltRow, self.file("rows", dataset))

    def removed(self, dataset: str) -> Iterator[Removal]:
        """Yield the raw rows that were left out."""
        return self._read(Removal, self.file("removed", dataset))

    def findings(self, check: str, dataset: str) -> Iterator[Finding]:
        """Yield what a check found, by row; nothing where it was not made."""
        return self._read(Finding, self.file(f"checks/{check}", dataset))

    def quarantined(self, dataset: str) -> dict[str, list[str]]:
        """Return the reasons by row id: ``CHECK: sentence``."""
        path = self.file("quarantine", dataset)
        return {str(row["id"]): list(row["reasons"]) for _, row in jsonl.read_rows(path)}

    def to_ask_again(self, dataset: str) -> set[str]:
        """Return the ids of quarantined rows that another explanation might mend."""
        path = self.file("quarantine", dataset)
        return {str(row["id"]) for _, row in jsonl.read_rows(path) if row["ask_again"]}

    def quarantined_at(self) -> int:
        """Return the number of the last round of asking there was when the quarantine was made.

        Raises:
            HarnessError: it was not made.
        """
        path = self.path / "quarantine" / MADE
        try:
            return int(json.loads(path.read_text(encoding="utf-8"))["round"])
        except (OSError, ValueError, KeyError, TypeError):
            raise HarnessError(
                f"{self.path}: no check says which rows to ask about again; run: imhi build check "
                f"{self.path}"
            ) from None

    def kept(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows that were explained and are not quarantined: what is written. A model's
        answer without an explanation never is; an empty explanation that was given is a finding of
        the check ``empty``.

        Raises:
            HarnessError: the quarantine is not the one that was recorded.
        """
        out = self.quarantined(dataset)
        check = self.record().check
        recorded = check.quarantined.get(dataset, len(out)) if check else len(out)
        if recorded != len(out):
            raise HarnessError(
                f"{self.file('quarantine', dataset)}: found {len(out):,} rows, expected the "
                f"{recorded:,} that checks keep out; run: imhi build check {self.path}"
            )
        return (
            row
            for row in self.rows(dataset)
            if row.explained_by and (row.explanation or not row.round) and row.id not in out
        )

    def rows_checksum(self) -> str:
        """Return what the joined rows are known by: reports of checks hold of the rows they were
        made on."""
        return digest([file_checksum(self.file("rows", name)) for name in self.datasets()])

    def write(self, kind: str, dataset: str, records: Iterable[Record]) -> int:
        """Replace a file whole; return the number of records."""
        return jsonl.write_rows(self.file(kind, dataset), (as_row(record) for record in records))

    def _read(self, cls: type[Record], path: Path) -> Iterator[Record]:
        for number, row in jsonl.read_rows(path):
            yield from_row(cls, row, f"{path}: line {number}")

    # --- lock ------------------------------------------------------------------------------------

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder against other processes; the system lets go if this one dies."""
        refusal = f"{self.path}: another process is working in this build; wait for it to end"
        with held(self.path / "build.lock", refusal):
            yield
