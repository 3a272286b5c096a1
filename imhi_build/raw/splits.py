"""Which file, and which of its rows, is which split."""

from __future__ import annotations

import fnmatch
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from imhi import DataError
from imhi.build.raw.preset import Preset, Split

SPLITS: tuple[Split, ...] = ("train", "val", "test")
ORDER = (*SPLITS, "all")


@dataclass(frozen=True)
class FoundFile:
    """A file and what of it belongs to ``split`` (``all``: its rows say, or are drawn). ``name`` is
    its path within the folder of the raw files."""

    split: str
    path: Path
    name: str
    rows: tuple[int, int | None] | None = None

    def holds(self, number: int) -> bool:
        """Say whether row ``number`` (from 0) belongs to it."""
        if self.rows is None:
            return True
        first, end = self.rows
        return number >= first and (end is None or number < end)


def find_files(preset: Preset, root: Path, where: str) -> list[FoundFile]:
    """Return the files of a raw dataset, in the order of the splits. Splits whose file is not there
    are left out; at least one must be. The file of all splits only counts where there is no other.

    Raises:
        DataError: no such folder, none of the files, or a pattern that fits several.
    """
    if not root.exists():
        raise DataError(f"{where}: there is no {root}; expected the folder of the raw files")
    found: list[FoundFile] = []
    for split, declared in sorted(preset.files.items(), key=lambda item: ORDER.index(item[0])):
        if split == "all" and found:
            break
        path = root if root.is_file() and split == "all" else _find(declared.patterns, root, where)
        if path is not None:
            name = path.relative_to(root).as_posix() if root.is_dir() else path.name
            found.append(FoundFile(split, path, name, declared.rows))
    if not found:
        wanted = [pattern for file in preset.files.values() for pattern in file.patterns]
        there = sorted(p.name for p in root.iterdir()) if root.is_dir() else [root.name]
        raise DataError(
            f"{where}: {root}: found {', '.join(there[:8]) or 'nothing'}, expected one of "
            f"{', '.join(dict.fromkeys(wanted))}; name the folder that holds the raw files, or copy "
            "the preset and correct 'files'"
        )
    return found


def lacking_splits(preset: Preset, found: Iterable[FoundFile]) -> dict[str, tuple[str, ...]]:
    """Return the splits for which a preset names files and none is there, with their patterns."""
    there = {file.split for file in found}
    if "all" in there:
        return {}
    named = ((split, preset.files[split].patterns) for split in SPLITS if split in preset.files)
    return {split: patterns for split, patterns in named if split not in there}


def matches(name: str, pattern: str) -> bool:
    """Say whether a file is called so; case does not count, and a name may stand for itself."""
    name, pattern = name.lower(), pattern.lower()
    return name == pattern or fnmatch.fnmatchcase(name, pattern)


def _find(patterns: Iterable[str], root: Path, where: str) -> Path | None:
    files = (
        {p.relative_to(root).as_posix(): p for p in sorted(root.rglob("*")) if p.is_file()}
        if root.is_dir()
        else {root.name: root}
    )
    for pattern in patterns:
        fitting = [
            path
            for name, path in files.items()
            if matches(name, pattern) or ("/" not in pattern and matches(path.name, pattern))
        ]
        # What a Mac leaves beside every file, and what a spreadsheet leaves while it is open.
        fitting = [path for path in fitting if not path.name.startswith((".", "~$"))]
        if len(fitting) > 1:
            raise DataError(
                f"{where}: {root}: found {len(fitting)} files for '{pattern}' "
                f"({', '.join(str(p.relative_to(root)) for p in fitting[:3])}), expected one; name "
                "the folder that holds only the right one"
            )
        if fitting:
            return fitting[0]
    return None


def draw_splits(
    posts: Iterable[tuple[str, str]], shares: Mapping[Split, float], seed: int, stratify: bool
) -> dict[str, Split]:
    """Return the split of each distinct post.

    Args:
        posts: ``(key of the post, stratum)``; of a post that occurs twice the first stratum counts.
        shares: adding up to 1.
        stratify: draw each stratum by itself, so that every split has about its share of each.
    """
    strata: dict[str, list[str]] = {}
    seen: set[str] = set()
    for key, stratum in posts:
        if key not in seen:
            seen.add(key)
            strata.setdefault(stratum if stratify else "", []).append(key)
    chosen: dict[str, Split] = {}
    last = [split for split in SPLITS if shares.get(split)][-1]
    for stratum in sorted(strata):
        keys = strata[stratum]
        random.Random(f"{seed}/{stratum}").shuffle(keys)
        end = 0.0
        start = 0
        for split in (split for split in SPLITS if split in shares):
            end += shares[split] * len(keys)
            # Shares add up to 1, or nearly: the last split takes what is left.
            stop = len(keys) if split == last else round(end)
            chosen.update(dict.fromkeys(keys[start:stop], split))
            start = stop
    return chosen
