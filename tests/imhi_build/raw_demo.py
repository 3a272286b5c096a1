"""The fictional demo posts, written out as their datasets' raw files would be."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.sources import open_source

# Labels as the presets dr and dreaddit have them.
_RAW = {"yes": "1", "no": "0"}


def demo_rows(registry: Registry, dataset: str) -> list[Example]:
    """Return the demo rows of a dataset, all splits."""
    _, source = open_source("demo", registry)
    return [e for split in source.splits(dataset) for e in source.examples(dataset, split)]


def write_dr(folder: Path, rows: Sequence[Example]) -> Path:
    """Write rows of DR as its preset reads them, one file per split; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "val", "test"):
        chosen = [row for row in rows if row.split == split]
        if not chosen:
            continue
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["text", "label"])
            writer.writerows((row.post, _RAW[row.label]) for row in chosen)
    return folder
