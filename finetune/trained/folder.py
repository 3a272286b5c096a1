"""A trained folder: what a training leaves, and where its parts lie.

::

    trained/NAME/
      training.json       what reproduces it: recipe, data, rows, curves, environment, scores
      README.md           the model card
      curves.png          loss and validation scores over updates
      model/              the model (or adapter) and its tokenizer; a folder per model where a recipe
                          trains several: model names are then dataset names, or DATASET-ASPECT
      base/               a model made from nothing, before its first update
      checkpoints/        to go on from; gone when finished
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imhi import HarnessError
from imhi.io import held, write_json

FORMAT = 1
MANIFEST = "training.json"
TRAINED = Path("trained")


class TrainedFolder:
    """Reads and writes one trained folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return self.path.name

    def exists(self) -> bool:
        return (self.path / MANIFEST).is_file()

    def begun(self) -> bool:
        """Say whether something was trained: a checkpoint or a finished model is there. A folder of a
        training that was refused holds nothing to keep."""
        if not self.exists():
            return False
        models = any(self.model(member).is_dir() for member in self.manifest()["members"])
        return models or any(self.path.glob("checkpoints/*/checkpoint-*"))

    def model(self, member: str) -> Path:
        return self.path / member

    def base(self, member: str) -> Path:
        return self.path / "base" / member

    def checkpoints(self, member: str) -> Path:
        return self.path / "checkpoints" / member

    def manifest(self) -> dict[str, Any]:
        """Return what training.json says.

        Raises:
            HarnessError: there is none, it cannot be read, or it is of another format.
        """
        path = self.path / MANIFEST
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise HarnessError(
                f"{self.path}: not a trained folder: there is no {MANIFEST} in it"
            ) from None
        except (OSError, ValueError) as error:
            raise HarnessError(
                f"{path}: cannot be read ({error}); restore it, or train again under another --name"
            ) from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise HarnessError(
                f"{path}: found another format, expected {FORMAT}: it was made by another version of "
                "imhi-harness; train again under another --name"
            )
        return found

    def finished(self) -> dict[str, Any]:
        """Return the manifest of a training that came to its end.

        Raises:
            HarnessError: it has not.
        """
        manifest = self.manifest()
        if manifest["status"] == "training":
            done = sum("updates" in member for member in manifest["members"].values())
            raise HarnessError(
                f"{self.path}: its training has not come to its end ({done} of "
                f"{len(manifest['members'])} models are there); go on with: {manifest['command']}"
            )
        return manifest

    def write_manifest(self, manifest: dict[str, Any]) -> None:
        write_json(self.path / MANIFEST, {"format": FORMAT, **manifest})

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep a second process out while this one trains into the folder.

        Raises:
            HarnessError: another process has it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        refusal = (
            f"{self.path}: another process trains into it; wait for it, or choose another --name"
        )
        with held(self.path / ".lock", refusal):
            yield


def find_trained(written: str, out: Path = TRAINED) -> TrainedFolder:
    """Return the trained folder of a name (below ``out``) or path.

    Raises:
        HarnessError: there is none; says which there are.
    """
    for path in (out / written, Path(written).expanduser()):
        if (path / MANIFEST).is_file():
            return TrainedFolder(path)
    there = ", ".join(sorted(p.parent.name for p in out.glob(f"*/{MANIFEST}"))) or "none"
    raise HarnessError(
        f"trained:{written}: found no {MANIFEST} in {out / written} or {written}, expected a model that "
        f"imhi finetune made (there are: {there})"
    )
