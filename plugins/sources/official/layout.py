"""Which file of an official checkout holds which split of which dataset.

File and folder names vary in the published repository (``Irf``, ``t-sid``, ``swmh``,
``dreaddit-train.csv``, ``reddit_valid.csv``), so they are matched by the dataset's name or one of
its aliases and by the word for the split, without regard to case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from imhi import DataError, Dataset, HarnessError

Style = Literal["instruction", "completion"]


@dataclass(frozen=True)
class Folder:
    """A sub-folder of the checkout. ``splits`` maps the word for a split in a file name to the
    split; empty where the folder holds one split, one file per dataset. ``joined`` files have the
    prompt in two columns."""

    path: str
    style: Style
    splits: Mapping[str, str]
    joined: bool = False


FOLDERS = (
    Folder("train_data/instruction_data", "instruction", {"train": "train", "val": "val"}),
    Folder("test_data/test_instruction", "instruction", {"": "test"}),
    Folder("test_data/test_complete", "completion", {"": "complete"}),
    Folder("human_evaluation/test_instruction_expert", "instruction", {"": "expert"}),
    Folder(
        "train_data/complete_data",
        "completion",
        {"train": "train-complete", "val": "val-complete"},
        joined=True,
    ),
)
SPLITS = ("train", "val", "test", "complete", "expert", "train-complete", "val-complete")

_WORDS = {"train": "train", "training": "train"} | dict.fromkeys(
    ("val", "valid", "validation", "dev"), "val"
)
_ONE_SPLIT_WORDS = ("test", "complete", "expert", "instruction")


@dataclass(frozen=True)
class SplitFile:
    """The file of one dataset and split."""

    path: Path
    folder: Folder


@dataclass
class Layout:
    """What was found: ``files[dataset][split]``; ``unused`` are CSV files in these folders that
    belong to no known dataset or split."""

    root: Path
    files: dict[str, dict[str, SplitFile]] = field(default_factory=dict)
    unused: list[Path] = field(default_factory=list)


def find_files(root: Path, datasets: Mapping[str, Dataset]) -> Layout:
    """Find the files of a checkout.

    Raises:
        HarnessError: no such folder, or none of the expected sub-folders in it.
        DataError: two files could be the same split of a dataset.
    """
    if not root.is_dir():
        raise HarnessError(
            f"official:{root}: there is no such folder; expected a checkout of the IMHI data: "
            "get one with 'imhi data fetch'"
        )
    names = {
        _key(name): dataset.name
        for dataset in datasets.values()
        for name in (dataset.name, *dataset.aliases)
    }
    layout = Layout(root)
    there = [folder for folder in FOLDERS if (root / folder.path).is_dir()]
    if not there:
        raise HarnessError(
            f"official:{root}: found none of the folders of a checkout, expected at least one of "
            f"{', '.join(folder.path for folder in FOLDERS)}; {_nested(root)}"
        )
    for folder in there:
        for path, dataset, word in _candidates(root / folder.path, folder, names):
            split = folder.splits.get(word) if dataset is not None and word is not None else None
            if dataset is None or split is None:
                layout.unused.append(path)
                continue
            splits = layout.files.setdefault(dataset, {})
            if split in splits:
                raise DataError(
                    f"official:{root}: found two files for {dataset}/{split}: {splits[split].path} "
                    f"and {path}, expected one; remove one of them"
                )
            splits[split] = SplitFile(path, folder)
    # Registry order for datasets, a fixed order for splits, whatever the file system says.
    layout.files = {
        name: {split: layout.files[name][split] for split in SPLITS if split in layout.files[name]}
        for name in datasets
        if name in layout.files
    }
    return layout


def _candidates(
    path: Path, folder: Folder, names: Mapping[str, str]
) -> Iterator[tuple[Path, str | None, str | None]]:
    """Yield ``(file, dataset, word for the split)``; None where a name says nothing known."""
    one_split = "" in folder.splits
    for file in sorted([*path.glob("*.csv"), *path.glob("*/*.csv")]):
        if file.name.startswith("."):  # what a Mac leaves beside every file
            continue
        tokens = re.split(r"[-_. ]+", file.stem.lower())
        found = {_WORDS[token] for token in tokens if token in _WORDS}
        if one_split:
            word: str | None = "" if not found else None
        else:
            word = found.pop() if len(found) == 1 else None
        rest = "".join(t for t in tokens if t not in _WORDS and t not in _ONE_SPLIT_WORDS)
        known = [names.get(_key(name)) for name in (file.stem, rest)]
        if file.parent != path:
            known.insert(0, names.get(_key(file.parent.name)))
        yield file, next((name for name in known if name is not None), None), word


def _key(name: str) -> str:
    return re.sub(r"[-_. ]+", "", name).casefold()


def _nested(root: Path) -> str:
    """Say what to do, naming the folder that was probably meant."""
    for candidate in (root.parent, root.parent.parent, *sorted(root.glob("*/"))):
        if any((candidate / folder.path).is_dir() for folder in FOLDERS):
            return f"did you mean official:{candidate}?"
    return "get a checkout with 'imhi data fetch'"
