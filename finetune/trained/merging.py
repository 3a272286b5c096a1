"""Merging: an adapter's weights added to those of its base, into a model of its own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import HarnessError
from imhi.checkpoints import (
    AdapterFiles,
    Checkpoint,
    apply_adapter,
    check_adapter_base,
    find_checkpoint,
    free_memory,
    open_adapter,
    quiet,
    require_package,
)
from imhi.finetune.trained.folder import TrainedFolder, make_private
from imhi.finetune.trained.merge_check import (
    bound_for,
    difference,
    sample_logits,
    sample_texts,
)
from imhi.finetune.trained.model import check_same_base
from imhi.io import disk_error

if TYPE_CHECKING:
    from imhi import PluginManager
    from imhi.finetune.trained.manifest import ModelRecord, TrainingManifest


def merge(folder: TrainedFolder, to: Path, manager: PluginManager) -> list[Path]:
    """Write merged models, with their tokenizers, into ``to`` (one folder per model where a recipe
    trains several); return the folders.

    The base is loaded in the precision it was published in, without a GPU in float32 (of a QLoRA
    training too: merging into 4 bits would lose what was learnt). What was written is loaded again and
    compared with base and adapter before it takes its place.

    Raises:
        HarnessError: the training has not ended, it left no adapter, ``to`` is there already, the
            base is another one, or the merged model is not what base and adapter are.
    """
    manifest = folder.finished()
    base = manifest.recipe.base
    if manifest.recipe.method.name == "full":
        raise HarnessError(
            f"{folder.path}: found whole models (method.name full), expected adapters: there is nothing "
            "to merge, use them as they are"
        )
    if to.exists():
        raise HarnessError(f"{to}: found something there, expected nothing: choose another --to")
    require_package("peft", "merging")
    checkpoint = find_checkpoint(
        str(base.model), base.revision, user="base.model", option="--set base.{}"
    )
    staging = to.with_name(f".{to.name}.saving")
    several = len(manifest.members) > 1
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.parent.mkdir(parents=True, exist_ok=True)
        for name, record in manifest.members.items():
            found = find_checkpoint(str(folder.model(name)), None, "adapter", "adapter")
            place = staging / name if several else staging
            check_same_base(manifest, folder.model(name), str(folder.path))
            texts = sample_texts(manifest, record, manager)
            _merge_one(open_adapter(found), checkpoint, manifest, record, texts, place)
        make_private(staging)
        staging.replace(to)
    except OSError as error:
        raise disk_error(error, to) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return [to / name for name in manifest.members] if several else [to]


def _merge_one(
    adapter: AdapterFiles,
    base: Checkpoint,
    manifest: TrainingManifest,
    record: ModelRecord,
    texts: list[tuple[str, str | None]],
    place: Path,
) -> None:
    import transformers

    check_adapter_base(adapter, base)
    loader = getattr(transformers, manifest.auto_class)
    labels, trust = record.labels, manifest.recipe.base.trust_remote_code
    heads = {"num_labels": len(labels), "id2label": dict(enumerate(labels))} if labels else {}
    with base.loading():
        model = loader.from_pretrained(
            base.location,
            revision=base.commit,
            trust_remote_code=trust,
            dtype=_dtype(),
            **heads,
        )
    adapted, _ = apply_adapter(model, adapter, base)
    with adapter.checkpoint.loading("tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(adapter.folder))
    with quiet():
        expected = sample_logits(adapted.get_base_model(), tokenizer, texts)
        with adapted.disable_adapter():
            effect = difference(sample_logits(adapted.get_base_model(), tokenizer, texts), expected)
        untied = _untie(model)
    with adapter.checkpoint.loading("adapter"):
        merged = adapted.merge_and_unload(safe_merge=True)  # says where a sum is no number
    dtype = str(merged.dtype).removeprefix("torch.")
    with quiet():
        merged.save_pretrained(place)
        tokenizer.save_pretrained(place)
    del model, adapted, merged
    free_memory("cpu")
    with Checkpoint(str(place), folder=place, user="merged").loading():
        again = loader.from_pretrained(place, dtype="auto", trust_remote_code=trust)
    with quiet():
        found = difference(sample_logits(again, tokenizer, texts), expected)
    bound = bound_for(dtype, effect)
    if not found <= bound:
        shared = (
            " (its embeddings, which the base shares with its head, were parted)" if untied else ""
        )
        raise HarnessError(
            f"{adapter.folder}: merged it would be another model{shared}: on {len(texts)} sample prompts "
            f"its logits differ by {found:.2g} of their size from those of base and adapter, expected at "
            f"most {bound:.2g} ({dtype}); nothing was written: use the adapter as it is (trained:NAME, or "
            f"hf:{base.written},peft={adapter.folder}), or train without method.targets that name "
            "embeddings"
        )


def _dtype() -> Any:
    import torch

    return "auto" if torch.cuda.is_available() else torch.float32


def _untie(model: Any) -> bool:
    """Give the head weights of its own where it shares them with the embeddings and the adapter
    changes one of the two: added to the shared ones, the change would reach both. Return whether."""
    import torch

    embeddings, head = model.get_input_embeddings(), model.get_output_embeddings()
    if embeddings is None or head is None:
        return False
    inner, outer = _layer(embeddings), _layer(head)
    if outer.weight is not inner.weight or (inner is embeddings and outer is head):
        return False
    outer.weight = torch.nn.Parameter(outer.weight.detach().clone(), requires_grad=False)
    for config in (model.config, model.config.get_text_config()):
        config.tie_word_embeddings = False
    return True


def _layer(part: Any) -> Any:
    """Return the base's own layer under what peft puts around it."""
    for name in ("original_module", "base_layer"):
        part = getattr(part, name, part)
    return part
