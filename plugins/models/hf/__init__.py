"""Models of Hugging Face transformers: ``hf:ID_OR_FOLDER``.

Causal and encoder-decoder models answer in text, sequence classifiers with a label and its
probabilities; which of them a checkpoint is stands in its config. This module only declares: torch
and transformers are imported when a model is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from imhi import Argument, ModelFamily, ModelPreset, hookimpl, parse_count, parse_flag

_DTYPES = ("auto", "float32", "bfloat16", "float16")
_TEMPLATES = ("auto", "on", "off")


def _one_of(*allowed: str) -> object:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"expected {' or '.join(allowed)}")
        return text

    return parse


def parse_device(text: str) -> str:
    """Parse ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``spread``."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps|spread", text):
        raise ValueError("expected auto, cpu, cuda, cuda:N, mps or spread")
    return text


def parse_auto_count(text: str) -> int | None:
    """Parse ``auto`` (None) or a whole number above 0."""
    if text == "auto":
        return None
    try:
        return parse_count(text)
    except ValueError:
        raise ValueError("expected auto or a whole number above 0") from None


def parse_labels(text: str) -> dict[int, str]:
    """Parse ``0:no;1:yes`` into ``{0: "no", 1: "yes"}``."""
    pairs = {}
    for part in text.split(";"):
        index, colon, label = part.partition(":")
        if not (colon and index.strip().isdigit() and label.strip()):
            raise ValueError("expected INDEX:LABEL;INDEX:LABEL;..., for example 0:no;1:yes")
        pairs[int(index)] = label.strip()
    return pairs


ARGUMENTS = (
    Argument("peft", "PEFT adapter (id or folder) put on top of the model"),
    Argument("revision", "branch, tag or commit on the hub; not for folders"),
    Argument("peft_revision", "branch, tag or commit of the adapter; not for folders"),
    Argument(
        "dtype",
        "auto (the checkpoint's on a GPU, float32 on a CPU), float32, bfloat16 or float16",
        "auto",
        _one_of(*_DTYPES),  # type: ignore[arg-type]
    ),
    Argument(
        "device",
        "auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:N, mps, or spread (over all GPUs)",
        "auto",
        parse_device,
    ),
    Argument(
        "batch_size",
        "most requests in one batch; auto: as many as batch_tokens allows",
        None,
        parse_auto_count,
        changes_answers=False,
    ),
    Argument(
        "batch_tokens",
        "most tokens in one batch, prompt and answer and padding together; auto: by device",
        None,
        parse_auto_count,
        changes_answers=False,
    ),
    Argument("trust_remote_code", "run code that comes with the checkpoint", False, parse_flag),
    Argument(
        "safetensors",
        "refuse weights in pickle form, which can run code when loaded",
        True,
        parse_flag,
    ),
    Argument(
        "max_length", "the model's window in tokens, instead of what it says", None, parse_count
    ),
    Argument(
        "chat_template",
        "auto, on or off for this model, instead of --chat-template",
        None,
        _one_of(*_TEMPLATES),  # type: ignore[arg-type]
    ),
    Argument(
        "labels", "classifiers: which label each output means, 0:no;1:yes", None, parse_labels
    ),
)

# Public ids. The published generation code sent the bare query, so the chat-tuned ones are asked
# without a chat template; ",chat_template=on" after the preset changes that.
PRESETS = (
    ModelPreset(
        "mentallama-chat-7b",
        "hf:klyang/MentaLLaMA-chat-7B,chat_template=off",
        "LLaMA-2-chat 7B tuned on the IMHI instruction data",
    ),
    ModelPreset(
        "mentallama-chat-13b",
        "hf:klyang/MentaLLaMA-chat-13B,chat_template=off",
        "LLaMA-2-chat 13B tuned on the IMHI instruction data",
    ),
    ModelPreset(
        "mentallama-33b-lora",
        "hf:lmsys/vicuna-33b-v1.3,peft=klyang/MentaLLaMA-33B-lora,chat_template=off",
        "Vicuna 33B v1.3 with the published LoRA adapter",
    ),
    ModelPreset(
        "mentalbart",
        "hf:Tianlin668/MentalBART",
        "BART-large tuned on the IMHI completion data",
        prompt="completion",
    ),
    ModelPreset(
        "mentalt5",
        "hf:Tianlin668/MentalT5",
        "T5-large tuned on the IMHI completion data",
        prompt="completion",
    ),
)


@hookimpl
def imhi_models() -> Iterable[ModelFamily | ModelPreset]:
    yield ModelFamily(
        "hf",
        "Hugging Face transformers: causal and encoder-decoder models, sequence classifiers",
        create="imhi.plugins.models.hf.model:create",
        target="ID_OR_FOLDER",
        arguments=ARGUMENTS,
        fingerprint="imhi.plugins.models.hf.identity:fingerprint",
        estimate="imhi.plugins.models.hf.estimating:estimate",
        wrap="imhi.plugins.models.hf.in_memory:wrap",
        examples=(
            "hf:meta-llama/Llama-3.2-1B-Instruct,dtype=bfloat16",
            "hf:./my-model,batch_size=8",
            "hf:lmsys/vicuna-33b-v1.3,peft=./my-lora",
            "hf:./my-classifier,labels=0:no;1:yes",
        ),
    )
    yield from PRESETS
