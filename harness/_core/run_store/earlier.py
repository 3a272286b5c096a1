"""A run of before whose id was made another way: found by what it asks.

A run's id is made of what its answers depend on. Ids of earlier versions were also made of the words
by which labels are read, which no answer depends on; a run that asks the same requests about the same
rows of the same model, decoded alike, is the same run, and nothing is asked again.
"""

from __future__ import annotations

import dataclasses
import filecmp
from collections.abc import Iterator
from pathlib import Path

from imhi._core.errors import HarnessError
from imhi._core.fingerprints import canonical_json
from imhi._core.run_store.folder import RunFolder
from imhi._core.run_store.manifest import Manifest

_ALIKE = ("model_identity", "prompt", "generation", "seed", "split", "datasets")


def earlier_run(out: Path, slug: str, staging: Path, manifest: Manifest) -> RunFolder | None:
    """Return the run below ``out`` that asks what was written to ``staging``, or None.

    ``slug`` is what its name begins with; folders that cannot be read are passed over.
    """
    for folder in _readable(out, slug):
        found = folder.manifest()
        if _asked(found) == _asked(manifest) and all(
            _same(folder.path / kind / f"{dataset}.jsonl", staging / kind / f"{dataset}.jsonl")
            for dataset in manifest.datasets
            for kind in ("examples", "requests")
        ):
            return folder
    return None


def _asked(manifest: Manifest) -> str:
    row = dataclasses.asdict(manifest)
    return canonical_json([row[name] for name in _ALIKE])


def _readable(out: Path, slug: str) -> Iterator[RunFolder]:
    for path in sorted(out.glob(f"{slug}-*/manifest.json")):
        folder = RunFolder(path.parent)
        try:
            folder.manifest()
        except HarnessError:
            continue
        yield folder


def _same(one: Path, other: Path) -> bool:
    return one.exists() and filecmp.cmp(one, other, shallow=False)
