"""Whether what was loaded is whole: the packages, the tokenizer, the weights."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any

from imhi._core.errors import HarnessError

_SENTENCE = "Does the poster suffer from stress?"
# Buffers that are computed, not learnt, can be missing in old checkpoints.
_COMPUTED = ("position_ids", "inv_freq")


def require_package(name: str, needed_by: str, extra: str = "hf") -> Any:
    """Return an imported package; ``extra`` of the project brings it.

    Raises:
        HarnessError: it, or one that it needs, is not installed; says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise HarnessError(
            f"{needed_by} needs the package '{error.name or name}', which is not installed: "
            f"pip install 'imhi-harness[{extra}]'"
        ) from None


def check_tokenizer(tokenizer: Any, config: Any, where: str) -> None:
    """Refuse a tokenizer that knows no words or more tokens than the model.

    ``where`` (``hf:gpt2``) opens the message. Without tokenizer files transformers may build an
    empty tokenizer instead of failing.
    """
    ids = tokenizer.encode(_SENTENCE, add_special_tokens=False)
    if not set(ids) - {tokenizer.unk_token_id}:
        raise HarnessError(
            f"{where}: the tokenizer knows no words; the checkpoint lacks its tokenizer files "
            "(tokenizer.json or the like): copy them in from the base model"
        )
    vocabulary = getattr(config.get_text_config(), "vocab_size", None)
    highest = max(tokenizer.encode(_SENTENCE))
    if vocabulary is not None and highest >= vocabulary:
        raise HarnessError(
            f"{where}: the tokenizer gives token {highest}, but the model knows {vocabulary} "
            "tokens; they do not belong together: use the tokenizer the model was trained with"
        )


def check_complete(
    info: Mapping[str, Any], where: str, kind: str, unused: Collection[str] = ()
) -> None:
    """Refuse weights that were not in the checkpoint: transformers fills them in at random.

    Args:
        info: what ``from_pretrained(output_loading_info=True)`` returned beside the model.
        kind: of model, for the message.
        unused: parts of the model, as they stand between the dots of names, that are not looked
            at.
    """
    missing = [
        name
        for name in sorted(map(str, info.get("missing_keys", ())))
        if not name.endswith(_COMPUTED) and not {*name.split(".")} & {*unused}
    ]
    if missing:
        raise HarnessError(
            f"{where}: {len(missing)} weights are not in the checkpoint ({missing[0]}, ...) and "
            f"would be random; expected a complete {kind}: train it, or give the one that was"
        )
