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

Weights may give away what they were trained on: like a run folder, it is readable by its owner only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imhi import HarnessError
from imhi.finetune.trained.manifest import TrainingManifest
from imhi.io import held, write_json, yaml_models

FORMAT = 1
MANIFEST = "training.json"
TRAINED = Path("trained")


class TrainedFolder:
    """Reads and writes one trained folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """What the training is called."""
        return self.path.name

    def begun(self) -> bool:
        """Say whether something was trained: a checkpoint or a finished model is there. A folder of a
        training that was refused holds nothing to keep."""
        if not (self.path / MANIFEST).is_file():
            return False
        models = any(self.model(name).is_dir() for name in self.manifest().members)
        return models or any(self.path.glob("checkpoints/*/checkpoint-*"))

    def model(self, name: str) -> Path:
        """Return where a finished model lies."""
        return self.path / name

    def base(self, name: str) -> Path:
        """Return where a model made from nothing lies as it was before its first update."""
        return self.path / "base" / name

    def checkpoints(self, name: str) -> Path:
        """Return where the checkpoints are that its training can go on from."""
        return self.path / "checkpoints" / name

    def manifest(self) -> TrainingManifest:
        """Return what training.json says.

        Raises:
            HarnessError: there is none, it cannot be read, or it is of another format.
        """
        path = self.path / MANIFEST
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise HarnessError(
                f"{self.path}: not a trained folder: there is no {MANIFEST} in it"
            ) from None
        except (OSError, ValueError) as error:
            raise HarnessError(
                f"{path}: cannot be read ({error}); restore it, or train again under another --name"
            ) from None
        if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
            raise HarnessError(
                f"{path}: found another format, expected {FORMAT}: it was made by another version of "
                "imhi-harness; train again under another --name"
            )
        return yaml_models.validated(TrainingManifest, values, str(path))

    def finished(self) -> TrainingManifest:
        """Return the manifest of a training that came to its end.

        Raises:
            HarnessError: it has not.
        """
        manifest = self.manifest()
        if manifest.status == "training":
            done = sum(model.trained for model in manifest.members.values())
            raise HarnessError(
                f"{self.path}: its training has not come to its end ({done} of "
                f"{len(manifest.members)} models are there); go on with: {manifest.command}"
            )
        return manifest

    def write_manifest(self, manifest: TrainingManifest) -> None:
        """Write training.json: it appears complete or not at all."""
        write_json(self.path / MANIFEST, {"format": FORMAT, **manifest.to_json()})

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep a second process out while this one trains into the folder.

        Raises:
            HarnessError: another process has it.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        refusal = (
            f"{self.path}: another process trains into it; wait for it, or choose another --name"
        )
        with held(self.path / ".lock", refusal):
            yield


def make_private(path: Path) -> None:
    """Let only the owner read a folder of weights and what is in it: it may be copied out of a folder
    that is closed to others."""
    for part in path.rglob("*"):
        part.chmod(0o700 if part.is_dir() else 0o600)
    path.chmod(0o700)


def find_trained(written: str, out: Path = TRAINED) -> TrainedFolder:
    """Return the trained folder of a name (below ``out``) or path.

    Raises:
        HarnessError: there is none; says which there are.
    """
    for path in (out / written, Path(written).expanduser()):
        if (path / MANIFEST).is_file():
            return TrainedFolder(path)
    names = ", ".join(sorted(p.parent.name for p in out.glob(f"*/{MANIFEST}"))) or "none"
    raise HarnessError(
        f"trained:{written}: found no {MANIFEST} in {out / written} or {written}, expected a model that "
        f"imhi finetune made (there are: {names})"
    )
