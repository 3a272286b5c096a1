"""Whether an adapter fits a model: every name and weight of it used, nothing of it left at random.

peft passes over keys that match nothing, and leaves layers that its file says nothing of as they were
initialised: such a model answers as its bare base does.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from imhi._core.checkpoints.adapter_files import AdapterFiles
from imhi._core.checkpoints.checkpoint import Checkpoint
from imhi._core.errors import HarnessError

PREFIX = "base_model.model."
# peft adds both names to what a classifier saves; a model has one of them.
_HEADS = {"classifier", "score"}
_SIZES = re.compile(r"size mismatch for (\S+): .*?Size\(\[([\d, ]*)\]\).*?Size\(\[([\d, ]*)\]\)")
# Of an embedding or head: whole weights, and the parts of LoRA whose one side is the vocabulary.
_WHOLE = (
    "weight",
    "base_layer.weight",
    "modules_to_save.weight",
    "token_adapter.base_layer.weight",
)


def apply_adapter(
    model: Any, adapter: AdapterFiles, base: Checkpoint, *, any_base: bool = False
) -> tuple[Any, list[str]]:
    """Put an adapter on a model, whose embeddings are resized first where the adapter's have another
    number of rows; return the model of peft, and notes.

    Raises:
        HarnessError: it does not fit.
    """
    import peft

    shapes, where = adapter.shapes, str(adapter.folder)
    _require_known_type(adapter, base)
    require_numbers(adapter, base)
    notes = unknown_names(model, adapter, base, any_base=any_base)
    require_weights(shapes, adapter, base)
    resize_embeddings(model, adapter, base)
    with adapter.checkpoint.loading("adapter"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what is refused below
        try:
            applied = peft.PeftModel.from_pretrained(model, where, is_trainable=False)
        except RuntimeError as error:
            raise _misshapen(error, adapter, base) or error from None
        except KeyError as error:
            raise misfit(adapter, base, f"its file lacks {error.args[0]}") from None
        # Once more, since only this says which keys found no place.
        result = peft.set_peft_model_state_dict(
            applied, peft.load_peft_weights(where, device="cpu")
        )
    if past_embeddings(applied.get_base_model()):
        raise HarnessError(
            f"{base.user}:{base.written}: the adapter {adapter.written} changes the shared embeddings, past "
            "which encoder and decoder read: the bare base would answer; expected an adapter on layers "
            "inside the model: train one whose target_modules and modules_to_save name no embeddings"
        )
    config = applied.peft_config["default"]
    if not config.is_prompt_learning:  # these hold one tensor, under a name of its own
        lacking = [*_left(result.missing_keys), *_biases(applied, config, shapes)]
        check_used(shapes, result.unexpected_keys, lacking, adapter, base)
    return applied, notes


def past_embeddings(model: Any) -> bool:
    """Say whether an adapter lies on embeddings that encoder and decoder do not read through it: they
    hold the same weights under names of their own (T5, BART; transformers 5.23, peft 0.21)."""
    if not getattr(model.config, "is_encoder_decoder", False):
        return False
    embeddings = model.get_input_embeddings()
    # What peft puts in their place: of target_modules, modules_to_save, trainable_token_indices.
    return any(hasattr(embeddings, n) for n in ("base_layer", "original_module", "token_adapter"))


def _require_known_type(adapter: AdapterFiles, base: Checkpoint) -> None:
    from peft import PeftType

    said = adapter.config.get("peft_type")
    if said not in {kind.value for kind in PeftType}:
        raise HarnessError(
            f"{base.user}:{base.written}: {adapter.written}/adapter_config.json: found peft_type "
            f"{said!r}, expected a method that peft knows (LORA, IA3, PREFIX_TUNING ...): restore the file "
            "as peft saved it, or update peft"
        )


def require_numbers(adapter: AdapterFiles, base: Checkpoint) -> None:
    """Refuse an adapter whose weights, or whose scale, are not all finite: the model would answer nothing.

    Raises:
        HarnessError: naming the first.
    """
    broken = [*adapter.not_finite()]
    alpha = adapter.config.get("lora_alpha")
    if isinstance(alpha, float) and not math.isfinite(alpha):
        broken.append("lora_alpha of adapter_config.json")
    if broken:
        raise HarnessError(
            f"{base.user}:{base.written}: the adapter {adapter.written} is broken: found NaN or infinity in "
            f"{broken[0]} ({len(broken)} in all), expected numbers; train it again with a lower learning "
            "rate, or take an earlier checkpoint"
        )


def require_weights(shapes: Mapping[str, object], adapter: AdapterFiles, base: Checkpoint) -> None:
    """Refuse an adapter without weights.

    Raises:
        HarnessError: its file has none, or is not there.
    """
    if not shapes:
        raise misfit(adapter, base, "there are no weights in it (adapter_model.safetensors)")


def check_used(
    held: Collection[str],
    unused: Collection[str],
    lacking: Collection[str],
    adapter: AdapterFiles,
    base: Checkpoint,
) -> None:
    """Refuse an adapter of which something is not used, or that lacks something.

    Raises:
        HarnessError: with how many weights, and one of them.
    """
    # Of resized layers that were trained whole, peft saves two copies more; one of them it never reads.
    copies = {key for key in unused if key.replace(".modules_to_save.", ".") in {*held} - {key}}
    if unused := {*unused} - copies:
        raise misfit(
            adapter, base, f"{len(unused)} of its {len(held)} weights match nothing ({min(unused)})"
        )
    if lacking:
        raise misfit(
            adapter,
            base,
            f"{len(lacking)} weights it should have are not in its file ({min(lacking)}) and would be "
            "as they were initialised",
        )


def unknown_names(
    model: Any, adapter: AdapterFiles, base: Checkpoint, *, any_base: bool = False
) -> list[str]:
    """Refuse an adapter whose configuration names layers that the model lacks (``target_modules``,
    ``modules_to_save``, ``target_parameters``). With ``any_base`` a name that its weights do not speak
    of is a note.

    Raises:
        HarnessError: naming them.
    """
    layers = [name for name, _ in model.named_modules()]
    parameters = [name for name, _ in model.named_parameters()]
    lacking = _lacking(_names(adapter, "target_modules"), layers)
    saved = _names(adapter, "modules_to_save")
    lacking_saved = _lacking(saved, layers)
    classifies = adapter.config.get("task_type") in ("SEQ_CLS", "TOKEN_CLS")
    if classifies and not _HEADS.issubset(lacking_saved):
        lacking_saved = [name for name in lacking_saved if name not in _HEADS]
    lacking += lacking_saved + _lacking(_names(adapter, "target_parameters"), parameters)
    # What stands in its weights may still be found: transformers renames some layers as it loads.
    lacking = [name for name in lacking if not any(f".{name}." in key for key in adapter.shapes)]
    if not lacking:
        return []
    what = f"its configuration names layers that the model does not have ({', '.join(lacking)})"
    if any_base:
        return [f"the adapter {adapter.written}: {what}"]
    raise misfit(adapter, base, what, ", or add 'any_base=true' if they are of no use")


def embedding_rows(model: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, dict[str, int]]:
    """Return, by the name of the model's input embeddings and of its head, the rows that the adapter's
    weights have for them, by what stands behind that name."""
    found: dict[str, dict[str, int]] = {}
    for name in _ends(model):
        begin = f"{PREFIX}{name}."
        for key, shape in shapes.items():
            if not key.startswith(begin) or not shape:
                continue
            part = key.removeprefix(begin)
            if part in _WHOLE or part == "lora_B.weight":
                found.setdefault(name, {})[part] = shape[0]
            elif part == "lora_embedding_A":
                found.setdefault(name, {})[part] = shape[-1]
    return found


def resize_embeddings(model: Any, adapter: AdapterFiles, base: Checkpoint) -> None:
    """Give the model as many rows of embeddings as the adapter's weights have, where they have any.

    Raises:
        HarnessError: its weights disagree on how many, or hold no rows for tokens that were added.
    """
    found = embedding_rows(model, adapter.shapes)
    rows = {count for parts in found.values() for count in parts.values()}
    embeddings = model.get_input_embeddings()
    present = int(embeddings.weight.shape[0]) if embeddings is not None else 0
    if not rows or rows == {present}:
        return
    if len(rows) > 1:
        raise misfit(
            adapter, base, f"its embeddings have {' and '.join(map(str, sorted(rows)))} rows"
        )
    (wanted,) = rows
    whole = {name for name, parts in found.items() if {*parts} & {*_WHOLE}}
    head = model.get_output_embeddings()
    tied = head is not None and head.weight is embeddings.weight
    lacking = [name for name in _ends(model) if name not in whole]
    shared = tied and any({*parts} & {"weight", "base_layer.weight"} for parts in found.values())
    if wanted > present and lacking and not shared:
        raise misfit(
            adapter,
            base,
            f"it was trained with {wanted - present} added tokens, of which its file holds no weights "
            f"for {lacking[0]}",
        )
    with adapter.checkpoint.loading("adapter"):
        model.resize_token_embeddings(wanted, mean_resizing=False)


def misfit(adapter: AdapterFiles, base: Checkpoint, what: str, or_else: str = "") -> HarnessError:
    """Return the refusal of an adapter that does not fit."""
    named = f" (its configuration names {adapter.base})" if adapter.base else ""
    return HarnessError(
        f"{base.user}:{base.written}: the adapter {adapter.written} does not fit: {what}; expected the "
        f"adapter of this base: give the base it was trained on{named}{or_else}"
    )


def _ends(model: Any) -> list[str]:
    """Return the names of input embeddings and head, as far as the model has them."""
    parts = [model.get_input_embeddings(), model.get_output_embeddings()]
    names = {id(module): name for name, module in model.named_modules()}
    return [names[id(part)] for part in parts if part is not None and id(part) in names]


def _names(adapter: AdapterFiles, field: str) -> list[str]:
    said = adapter.config.get(field)
    return [str(name) for name in said] if isinstance(said, list) else []


def _lacking(wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    ends = {name[at:] for name in known for at in _starts(name)}
    return [name for name in wanted if name not in ends]


def _starts(name: str) -> Iterable[int]:
    """Yield where the last parts of a dotted name begin."""
    yield 0
    yield from (at + 1 for at, letter in enumerate(name) if letter == ".")


def _left(missing: Iterable[str]) -> list[str]:
    """Return the adapter's own among keys that were not in the file, as the file would name them."""
    own = [key for key in missing if ".default." in key or key.endswith(".default")]
    return [key.replace(".default", "") for key in own]


def _biases(applied: Any, config: Any, held: Collection[str]) -> list[str]:
    """Return the biases that were trained with the adapter (``bias`` of its configuration) and are not in
    its file: peft tells them from the base's by no name."""
    import peft

    if getattr(config, "bias", "none") == "none":
        return []
    wanted = peft.get_peft_model_state_dict(applied, save_embedding_layers=False)
    return [name for name in wanted if name.endswith("bias") and name not in held]


def _misshapen(error: RuntimeError, adapter: AdapterFiles, base: Checkpoint) -> HarnessError | None:
    text = " ".join(str(error).split())
    found = _SIZES.findall(text)
    if not found:
        return None
    name, theirs, ours = found[0]
    return misfit(
        adapter,
        base,
        f"{len(found)} of its weights have another shape ({name.replace('.default', '')} is "
        f"{theirs.replace(', ', ' x ')}, expected {ours.replace(', ', ' x ')})",
    )
