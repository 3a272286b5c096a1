"""Loads a BART model for scoring, with fine-tuned weights where they are given: tensors only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from imhi import HarnessError
from imhi.checkpoints import Checkpoint, choose_device, require_package
from imhi.plugins.metrics.neural.bartscore.arguments import BartScoreArguments

if TYPE_CHECKING:
    import torch

USER = "bartscore"


def load_config(checkpoint: Checkpoint) -> Any:
    """Return the config of a BART model.

    Raises:
        HarnessError: transformers is missing, the config cannot be read, or it is another kind of
            model.
    """
    transformers = require_package("transformers", USER)
    with checkpoint.loading("config"):
        config = transformers.AutoConfig.from_pretrained(
            checkpoint.location, revision=checkpoint.commit
        )
    architecture = (config.architectures or ["model without architecture"])[0]
    if config.model_type != "bart" or not config.is_encoder_decoder:
        raise HarnessError(
            f"{USER}:{checkpoint.written}: found a {architecture} ({config.model_type}), expected a "
            "BART encoder-decoder, such as facebook/bart-large-cnn; BARTScore is defined for no "
            "other"
        )
    return config


def load(
    checkpoint: Checkpoint, config: Any, arguments: BartScoreArguments
) -> tuple[Any, Any, str]:
    """Return model, tokenizer and device.

    Raises:
        HarnessError: anything the user can put right: no weights, pickled weights, an incomplete
            model, a state file that does not fit, a tokenizer of another model, no such device,
            not enough memory.
    """
    torch = require_package("torch", USER)
    transformers = require_package("transformers", USER)
    if arguments.safetensors:
        checkpoint.require_safetensors()
    device = choose_device(arguments.device, USER)
    with checkpoint.loading("tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            checkpoint.location, revision=checkpoint.commit
        )
    checkpoint.check_tokenizer(tokenizer, config)
    _check_barts_tokenizer(tokenizer, config, checkpoint.written)
    with checkpoint.loading(device=device):
        model, info = transformers.BartForConditionalGeneration.from_pretrained(
            checkpoint.location,
            revision=checkpoint.commit,
            config=config,
            dtype=getattr(torch, arguments.dtype),
            # None prefers safetensors and takes pickles where there is nothing else.
            use_safetensors=True if arguments.safetensors else None,
            output_loading_info=True,
        )
    checkpoint.check_complete(info, "BartForConditionalGeneration")
    if arguments.state:
        load_state(model, Path(arguments.state).expanduser())
    with checkpoint.loading(device=device):
        model = model.to(device)
    return model.eval(), tokenizer, device


def load_state(model: Any, path: Path) -> None:
    """Put the tensors of a state file into a model, all of them, each in its place.

    Raises:
        HarnessError: not a file of tensors only, or names or sizes that do not fit.
    """
    state = _read_state(path)
    tensors = model.state_dict()
    given = {tensors[name].data_ptr() for name in state if name in tensors}
    # Embeddings have several names for one tensor: any of them will do. The bias of the logits is
    # no weight, and zero where nothing else is said.
    missing = [
        name
        for name, tensor in tensors.items()
        if tensor.data_ptr() not in given and name != "final_logits_bias"
    ]
    unexpected = [name for name in state if name not in tensors]
    if missing or unexpected:
        raise HarnessError(
            f"{USER}: state={path}: its names do not fit the model: {_some(missing)} missing, "
            f"{_some(unexpected)} unexpected; expected the state_dict of a "
            "BartForConditionalGeneration of this size"
        )
    for name, tensor in state.items():
        if tensor.shape != tensors[name].shape:
            raise HarnessError(
                f"{USER}: state={path}: found {name} of size {_size(tensor)}, expected "
                f"{_size(tensors[name])}: it belongs to a model of another size; give that model"
            )
    model.load_state_dict(state, strict=False)


def _read_state(path: Path) -> dict[str, torch.Tensor]:
    import pickle

    import torch

    if not path.is_file():
        raise HarnessError(f"{USER}: state={path}: no such file; expected weights (.pth or so)")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise HarnessError(
            f"{USER}: state={path}: refused: it is damaged or holds more than tensors, and could "
            "run code when loaded; expected a state_dict saved by torch.save, or .safetensors"
        ) from None
    except Exception as error:
        # Damaged archives and headers raise many kinds of exceptions.
        why = " ".join(str(error).split())[:160]
        raise HarnessError(
            f"{USER}: state={path}: cannot be read ({why}); expected a state_dict saved by "
            "torch.save, or .safetensors; copy it again"
        ) from None
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise HarnessError(
            f"{USER}: state={path}: found a {type(state).__name__} that is not names with tensors, "
            "expected a state_dict"
        )
    return state


def _check_barts_tokenizer(tokenizer: Any, config: Any, written: str) -> None:
    if not tokenizer.encode(""):
        raise HarnessError(
            f"{USER}:{written}: the tokenizer marks no end of a text, expected BART's (<s> ... "
            "</s>): copy the tokenizer files in from the base model"
        )
    highest = max(tokenizer.get_vocab().values())
    if highest >= config.vocab_size:
        raise HarnessError(
            f"{USER}:{written}: the tokenizer knows token {highest}, but the model knows "
            f"{config.vocab_size} tokens; use the tokenizer the model was trained with"
        )


def _some(names: list[str]) -> str:
    return f"{len(names)} ({', '.join(names[:2])}{', ...' * (len(names) > 2)})" if names else "none"


def _size(tensor: Any) -> str:
    return "x".join(map(str, tensor.shape)) or "1"
