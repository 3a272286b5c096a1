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
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import yaml

from imhi import HarnessError

if TYPE_CHECKING:
    from datasets import DatasetDict

CARD, DATA, ALL = "README.md", "data", "all"
LEFT_OUT = ("source_id",)

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


class SplitFiles(TypedDict):
    """Where the files of a split lie, as the Hub wants it: a pattern, or several."""

    split: str
    path: str | list[str]


class Configuration(TypedDict, total=False):
    """A configuration in the front matter of a card."""

    config_name: str
    default: bool
    data_files: list[SplitFiles]


class FrontMatter(TypedDict, total=False):
    """The front matter of a card, as the Hub reads it."""

    pretty_name: str
    license: str
    license_name: str
    language: list[str]
    size_categories: list[str]
    task_categories: list[str]
    tags: list[str]
    configs: list[Configuration]


def configurations(rows: Mapping[str, Mapping[str, int]]) -> list[Configuration]:
    """Return the configurations of the card, of rows by dataset and split: ``all`` first."""

    def pattern(dataset: str, split: str) -> str:
        return f"{DATA}/{dataset}/{split}-*.parquet"

    splits = dict.fromkeys(split for counts in rows.values() for split in counts)
    everything: list[SplitFiles] = [
        {"split": split, "path": [pattern(name, split) for name in rows if split in rows[name]]}
        for split in splits
    ]
    each: list[Configuration] = [
        {
            "config_name": name,
            "data_files": [{"split": split, "path": pattern(name, split)} for split in counts],
        }
        for name, counts in rows.items()
        if counts
    ]
    return [{"config_name": ALL, "default": True, "data_files": everything}, *each]


def front_matter(folder: Path) -> FrontMatter:
    """Return the front matter of the card of a dataset folder.

    Raises:
        HarnessError: the folder is none that ``imhi build write`` made.
    """
    path = folder / CARD
    try:
        match = _FRONT_MATTER.match(path.read_text(encoding="utf-8"))
        read = yaml.safe_load(match[1]) if match else None
    except (OSError, ValueError, yaml.YAMLError):
        read = None
    if not isinstance(read, dict) or not read.get("configs") or not (folder / DATA).is_dir():
        raise HarnessError(
            f"{folder}: found no {CARD} with configurations beside a folder {DATA}, expected the "
            "folder 'dataset' of what imhi build write --format dataset makes"
        )
    return cast(FrontMatter, read)


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
    files: list[Path] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        fitting = sorted(folder.glob(pattern))
        expected = int(fitting[0].stem.rpartition("-")[2]) if fitting else 1
        if len(fitting) != expected:
            raise HarnessError(
                f"{folder}: found {len(fitting)} files {pattern}, expected {expected}; write it again"
            )
        files += fitting
    return files
