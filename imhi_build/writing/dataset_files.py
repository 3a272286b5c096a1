"""Writes a build as a dataset for the Hub (:mod:`imhi.build.writing.dataset_dict`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from imhi import Dataset, HarnessError
from imhi.build.writing.card import write_card
from imhi.build.writing.dataset_dict import ALL, CARD, DATA, LEFT_OUT
from imhi.build.writing.format_files import FormatFiles, Summary
from imhi.build.writing.markdown import model_shown
from imhi.build.writing.parquet import SHARD_BYTES, ShardedFile, columns
from imhi.build.writing.wording import Worded

# What the library ``datasets`` takes as the name of a split, and refuses in that of a configuration.
_SPLIT = re.compile(r"\w+(\.\w+)*")
_NOT_IN_CONFIG = re.compile(r'[<>:/\\|?*"]')


@dataclass
class DatasetFiles(FormatFiles):
    """Writes the Parquet files of the layout; the card is written when their rows are known."""

    shard_bytes: int = SHARD_BYTES
    _tables: dict[str, ShardedFile] = field(default_factory=dict)
    _dataset: str = ""

    def begin(self, dataset: Dataset) -> None:
        """Take the rows of this dataset from now on.

        Raises:
            HarnessError: its name cannot be that of a configuration.
        """
        if dataset.name == ALL or _NOT_IN_CONFIG.search(dataset.name):
            raise HarnessError(
                f"dataset '{dataset.name}': the Hub has no configuration of that name; leave out "
                "the format dataset, or rename the dataset"
            )
        self._dataset = dataset.name

    def add(self, worded: Worded) -> None:
        """Take a row into the table of its split.

        Raises:
            HarnessError: the split cannot have its name on the Hub.
        """
        split = worded.row.split
        table = self._tables.get(split)
        if table is None:
            if not _SPLIT.fullmatch(split):
                raise HarnessError(
                    f"{worded.row.key}: the Hub has no split of the name '{split}'; leave out the "
                    "format dataset, or rename the split"
                )
            names = [name for name in columns() if name not in LEFT_OUT]
            table = ShardedFile(self._folder, split, names, self.shard_bytes)
            self._tables[split] = table
        shown = model_shown(worded.row.explained_by)
        if shown != worded.row.explained_by:
            worded = replace(worded, row=replace(worded.row, explained_by=shown))
        table.add(worded)

    def end(self) -> None:
        """Complete the files of the dataset."""
        for table in self._tables.values():
            written = table.close()
            self.files |= {f"{DATA}/{self._dataset}/{name}": rows for name, rows in written.items()}
        self._tables.clear()

    def finish(self, summary: Summary) -> None:
        """Write the card."""
        write_card(self.root / CARD, summary)

    def abort(self) -> None:
        """Close what is open, after a failure."""
        for table in self._tables.values():
            table.abort()

    @property
    def _folder(self) -> Path:
        return self.root / DATA / self._dataset
