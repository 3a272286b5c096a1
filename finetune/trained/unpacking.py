"""Unpacking: a GGUF file made into a folder that trainings start from."""

from __future__ import annotations

import shutil
from pathlib import Path

from imhi import HarnessError
from imhi.checkpoints import find_checkpoint, quiet, require_package
from imhi.io import disk_error


def unpack(file: Path, to: Path) -> Path:
    """Write the model of a GGUF file into ``to``: weights in float32, which hold what was quantised
    without loss, as safetensors; configuration and tokenizer. Return the folder.

    Raises:
        HarnessError: it is no GGUF file, not of a causal model that transformers reads, ``to`` is there
            already, or the disk is full.
    """
    import torch

    if to.exists():
        raise HarnessError(f"{to}: found something there, expected nothing: choose another --to")
    if not file.is_file():
        raise HarnessError(f"{file}: there is no such file, expected a GGUF file: check the path")
    transformers = require_package("transformers", f"unpacking {file.name}", "finetune")
    require_package("gguf", f"unpacking {file.name}", "gguf")
    found = find_checkpoint(str(file.parent), None, user="gguf", file=file.name)
    staging = to.with_name(f".{to.name}.saving")
    # From 5.23 on transformers saves a model from such a file only where it was asked to unpack all of it.
    whole = getattr(transformers, "GgufConfig", None)
    packing = {"quantization_config": whole(dequantize=True)} if whole else {}
    with found.loading():
        model, info = transformers.AutoModelForCausalLM.from_pretrained(
            found.location,
            gguf_file=file.name,
            dtype=torch.float32,
            output_loading_info=True,
            **packing,
        )
        found.check_complete(info, "causal model")
    with found.loading("tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(found.location, gguf_file=file.name)
    found.check_tokenizer(tokenizer, model.config)
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.parent.mkdir(parents=True, exist_ok=True)
        with quiet():
            model.save_pretrained(staging)
            tokenizer.save_pretrained(staging)
        staging.replace(to)
    except OSError as error:
        raise disk_error(error, to) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return to
