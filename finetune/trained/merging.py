"""Merging: an adapter's weights added to those of its base, into a model of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from imhi import HarnessError
from imhi.checkpoints import find_checkpoint, require_package
from imhi.finetune.trained.folder import TrainedFolder
from imhi.io import disk_error


def merge(folder: TrainedFolder, to: Path) -> list[Path]:
    """Write merged models, with their tokenizers, into ``to`` (one folder per model where a recipe
    trains several); return the folders.

    The base is loaded in the precision it was published in (of a QLoRA training too: merging into
    4 bits would lose what was learnt).

    Raises:
        HarnessError: the training has not ended, it left no adapter, or ``to`` is there already.
    """
    import torch

    manifest = folder.finished()
    base = manifest.recipe.base
    if manifest.recipe.method.name == "full":
        raise HarnessError(
            f"{folder.path}: found whole models (method.name full), expected adapters: there is nothing "
            "to merge, use them as they are"
        )
    if to.exists():
        raise HarnessError(f"{to}: found something there, expected nothing: choose another --to")
    peft = require_package("peft", "merging")
    transformers = require_package("transformers", "merging")
    checkpoint = find_checkpoint(str(base.model), base.revision, user="base.model")
    written = []
    for name, record in manifest.members.items():
        adapter, labels = folder.model(name), record.labels
        heads = {"num_labels": len(labels), "id2label": dict(enumerate(labels))} if labels else {}
        with checkpoint.loading():
            model = getattr(transformers, manifest.auto_class).from_pretrained(
                checkpoint.location,
                revision=checkpoint.commit,
                trust_remote_code=base.trust_remote_code,
                dtype="auto" if torch.cuda.is_available() else torch.float32,
                **heads,
            )
            merged = peft.PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
            tokenizer = transformers.AutoTokenizer.from_pretrained(str(adapter))
        place = to if len(manifest.members) == 1 else to / name
        _save(merged, tokenizer, place)
        written.append(place)
    return written


def _save(model: object, tokenizer: object, place: Path) -> None:
    staging = place.with_name(f".{place.name}.saving")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.parent.mkdir(parents=True, exist_ok=True)
        for part in (model, tokenizer):
            part.save_pretrained(staging)  # type: ignore[attr-defined]
        staging.replace(place)
    except OSError as error:
        raise disk_error(error, place) from error
