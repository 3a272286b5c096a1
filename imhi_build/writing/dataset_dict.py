"""A folder that the Hub shows as a dataset, and that loads without it.

::

    README.md                                the card; its front matter names the configurations
    data/DATASET/SPLIT-00000-of-00001.parquet

``datasets.load_dataset(FOLDER, "DR")`` reads it as it does from the Hub: a configuration per dataset,
and ``all``, which is the default. To push it is to upload it. ``source_id``, the raw data's own name
for a row, is left out: in some sources it leads to the author of the post. So are paths of this
machine in the name of the model that explained.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from imhi import Dataset, HarnessError
from imhi.build.writing.markdown import model_shown
from imhi.build.writing.parquet import SHARD_BYTES, ShardedFile, columns
from imhi.build.writing.wording import Worded

if TYPE_CHECKING:
    from datasets import DatasetDict

PACKAGES = ("pyarrow", "jinja2")
CARD, DATA, ALL = "README.md", "data", "all"
LEFT_OUT = ("source_id",)

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
# What the library ``datasets`` takes as the name of a split, and refuses in that of a configuration.
_SPLIT = re.compile(r"\w+(\.\w+)*")
_NOT_IN_CONFIG = re.compile(r'[<>:/\\|?*"]')


@dataclass
class DatasetFiles:
    """Writes the Parquet files of the layout; the card is written when their rows are known."""

    root: Path
    files: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
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

    def finish(self) -> None:
        """Nothing is left to do: files are complete when their dataset ends."""

    def abort(self) -> None:
        """Close what is open, after a failure."""
        for table in self._tables.values():
            table.abort()

    @property
    def _folder(self) -> Path:
        return self.root / DATA / self._dataset


def configurations(rows: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Return the configurations of the card, of rows by dataset and split: ``all`` first."""

    def pattern(dataset: str, split: str) -> str:
        return f"{DATA}/{dataset}/{split}-*.parquet"

    splits = dict.fromkeys(split for counts in rows.values() for split in counts)
    everything = [
        {"split": split, "path": [pattern(name, split) for name in rows if split in rows[name]]}
        for split in splits
    ]
    each = [
        {
            "config_name": name,
            "data_files": [{"split": split, "path": pattern(name, split)} for split in counts],
        }
        for name, counts in rows.items()
        if counts
    ]
    return [{"config_name": ALL, "default": True, "data_files": everything}, *each]


def front_matter(folder: Path) -> dict[str, Any]:
    """Return the front matter of the card of a dataset folder.

    Raises:
        HarnessError: the folder is none that ``imhi build write`` made.
    """
    path = folder / CARD
    try:
        found = _FRONT_MATTER.match(path.read_text(encoding="utf-8"))
        read = yaml.safe_load(found[1]) if found else None
    except (OSError, ValueError, yaml.YAMLError):
        read = None
    if not isinstance(read, dict) or not read.get("configs") or not (folder / DATA).is_dir():
        raise HarnessError(
            f"{folder}: found no {CARD} with configurations beside a folder {DATA}, expected the "
            "folder 'dataset' of what imhi build write --format dataset makes"
        )
    return read


def load(folder: Path, name: str = ALL) -> DatasetDict:
    """Return the splits of a configuration: of ``all`` datasets, or of the one that is named.

    The rows are read into memory. ``datasets.load_dataset(FOLDER)`` gives the same, and leaves a copy
    of the posts in its cache folder; ``load(folder).save_to_disk(...)`` makes a folder for
    ``DatasetDict.load_from_disk``.

    Raises:
        HarnessError: not such a folder, no such configuration, a file is missing, or the packages
            are.
    """
    from imhi.build.writing.libraries import require

    require("loading a dataset", ("datasets", "pyarrow"))
    import datasets
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = {config["config_name"]: config for config in front_matter(folder)["configs"]}
    if name not in known:
        raise HarnessError(f"{folder}: no configuration '{name}'; it has {', '.join(known)}")
    splits = {}
    for part in known[name]["data_files"]:
        tables = [pq.read_table(path) for path in _files(folder, part["path"])]
        rows = datasets.Dataset(pa.concat_tables(tables), split=datasets.NamedSplit(part["split"]))
        splits[part["split"]] = rows
    return datasets.DatasetDict(splits)


def _files(folder: Path, patterns: str | Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        fitting = sorted(folder.glob(pattern))
        expected = int(fitting[0].stem.rpartition("-")[2]) if fitting else 1
        if len(fitting) != expected:
            raise HarnessError(
                f"{folder}: found {len(fitting)} files {pattern}, expected {expected}; write it again"
            )
        found += fitting
    return found
