"""Parquet files: one row, its provenance, and its words in both styles.

Rows are collected into row groups of a few megabytes and written as they are full, so memory does
not grow with the number of rows. The schema is fixed by :func:`columns`: it does not depend on what
happens to stand in the rows.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imhi.build.records import BuiltRow
from imhi.build.writing.format_files import FormatFiles, Summary
from imhi.build.writing.wording import Worded

WORDS = ("query", "answer", "prompt", "response")

_INTEGERS = frozenset({"round", "row"})
# Columns with few different values, which Parquet keeps as a dictionary. Trying that with texts
# only costs time.
_FEW_VALUES = (
    *("dataset", "split", "question", "label", "human_label", "aspect", "model_label"),
    *("gold_from", "explained_by", "finish_reason", "file", "raw_label"),
)
_GROUP_ROWS = 2_000
_GROUP_BYTES = 16 << 20
SHARD_BYTES = 1 << 30  # of text before compression: about 300 MB on disk


def columns() -> tuple[str, ...]:
    """Return the names of the columns: the fields of a row, then its words."""
    return (*(item.name for item in dataclasses.fields(BuiltRow)), *WORDS)


def schema(names: Sequence[str]) -> Any:
    """Return the Arrow schema of these columns. ``model_label`` is null where the model gave no
    label, ``prompt`` and ``response`` where the question has no completion style."""
    import pyarrow as pa

    empty = {"model_label", "prompt", "response"}
    return pa.schema(
        pa.field(name, pa.int32() if name in _INTEGERS else pa.string(), nullable=name in empty)
        for name in names
    )


class ShardedFile:
    """One table in one or more Parquet files ``STEM*.parquet``; they get their names when all rows
    are written, since the names tell how many files there are."""

    def __init__(
        self, folder: Path, stem: str, names: Sequence[str], shard_bytes: int = SHARD_BYTES
    ) -> None:
        self._folder, self._stem, self._shard_bytes = folder, stem, shard_bytes
        self._names = tuple(names)
        self._schema = schema(names)
        fields = [name for name in names if name not in WORDS]
        self._fields = operator.attrgetter(*fields)
        self._words = [name for name in names if name in WORDS]
        self._held: list[tuple[Any, ...]] = []
        self._held_bytes = 0
        self._shards: list[tuple[Path, int]] = []
        self._shard_size = 0
        self._writer: Any = None

    def add(self, worded: Worded) -> None:
        """Take a row; rows are written when there are enough of them."""
        words = [getattr(worded, name) for name in self._words]
        self._held.append((*self._fields(worded.row), *(word or None for word in words)))
        # What a row takes: its words, and half as much again for the post and the explanation.
        self._held_bytes += sum(map(len, words)) * 3 // 2
        if len(self._held) >= _GROUP_ROWS or self._held_bytes >= _GROUP_BYTES:
            self._flush()

    def close(self) -> dict[str, int]:
        """Write what is held; return the rows of each file, under its final name."""
        if self._held:
            self._flush()
        self.abort()
        final = {}
        for number, (path, rows) in enumerate(self._shards):
            name = self._name(number, len(self._shards))
            path.rename(self._folder / name)
            final[name] = rows
        return final

    def abort(self) -> None:
        """Close what is open."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _name(self, number: int, count: int) -> str:
        return f"{self._stem}-{number:05d}-of-{count:05d}.parquet"

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._writer is not None and self._shard_size + self._held_bytes > self._shard_bytes:
            self.abort()
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f".{self._stem}-{len(self._shards):05d}.part"
            self._shards.append((path, 0))
            self._shard_size = 0
            self._writer = pq.ParquetWriter(
                path,
                self._schema,
                compression="zstd",
                use_dictionary=[name for name in self._names if name in _FEW_VALUES],
            )
        values = zip(zip(*self._held, strict=True), self._schema, strict=True)
        arrays = [pa.array(column, type=field.type) for column, field in values]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        path, rows = self._shards[-1]
        self._shards[-1] = (path, rows + len(self._held))
        self._shard_size += self._held_bytes
        self._held, self._held_bytes = [], 0


class PlainFile(ShardedFile):
    """The same, called ``STEM.parquet`` where one file is enough."""

    def _name(self, number: int, count: int) -> str:
        return f"{self._stem}.parquet" if count == 1 else super()._name(number, count)


@dataclass
class ParquetFiles(FormatFiles):
    """Writes one table per split, the rows of all datasets in it: ``train.parquet`` ..."""

    shard_bytes: int = SHARD_BYTES
    _tables: dict[str, PlainFile] = field(default_factory=dict)

    def add(self, worded: Worded) -> None:
        """Take a row into the table of its split."""
        split = worded.row.split
        table = self._tables.get(split)
        if table is None:
            table = PlainFile(self.root, split, columns(), self.shard_bytes)
            self._tables[split] = table
        table.add(worded)

    def finish(self, summary: Summary) -> None:
        """Complete the tables."""
        for table in self._tables.values():
            self.files |= table.close()

    def abort(self) -> None:
        """Close what is open, after a failure."""
        for table in self._tables.values():
            table.abort()
