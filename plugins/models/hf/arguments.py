"""What ``hf:`` takes, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from imhi import Argument


def parse_device(text: str) -> str:
    """Parse ``auto``, ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``spread``."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?|mps|spread", text):
        raise ValueError("expected auto, cpu, cuda, cuda:N, mps or spread")
    return text


def parse_labels(text: str) -> dict[int, str]:
    """Parse ``0:no;1:yes`` into ``{0: "no", 1: "yes"}``."""
    pairs = {}
    for part in text.split(";"):
        index, colon, label = part.partition(":")
        if not (colon and index.strip().isdigit() and label.strip()):
            raise ValueError("expected INDEX:LABEL;INDEX:LABEL;..., for example 0:no;1:yes")
        pairs[int(index)] = label.strip()
    return pairs


_batch_limit = partial(Argument.field, None, parse=Argument.auto_count, changes_answers=False)


@dataclass(frozen=True)
class HfArguments:
    """The arguments of one model."""

    peft: str | None = Argument.field(None, "PEFT adapter (id or folder) put on top of the model")
    revision: str | None = Argument.field(None, "branch, tag or commit on the hub; not for folders")
    peft_revision: str | None = Argument.field(
        None, "branch, tag or commit of the adapter; not for folders"
    )
    any_base: bool = Argument.field(
        False,
        "put the adapter on though it was trained on another base, or names layers that are not there",
        Argument.flag,
        changes_answers=False,
    )
    gguf_file: str | None = Argument.field(
        None,
        "a GGUF file in the folder or repository: its weights are unpacked, which takes a minute or "
        "more (gguf:FILE asks it as it is)",
        added_later=True,
    )
    dtype: str = Argument.field(
        "auto",
        "auto (the checkpoint's on a GPU, float32 on a CPU), float32, bfloat16 or float16",
        Argument.choice("auto", "float32", "bfloat16", "float16"),
    )
    device: str = Argument.field(
        "auto",
        "auto (CUDA, else MPS, else CPU), cpu, cuda, cuda:N, mps, or spread (over all GPUs)",
        parse_device,
    )
    batch_size: int | None = _batch_limit(
        summary="most requests in one batch; auto: as many as batch_tokens allows"
    )
    batch_tokens: int | None = _batch_limit(
        summary="most tokens in one batch, prompt and answer and padding together; auto: by device"
    )
    trust_remote_code: bool = Argument.field(
        False, "run code that comes with the checkpoint", Argument.flag
    )
    safetensors: bool = Argument.field(
        True, "refuse weights in pickle form, which can run code when loaded", Argument.flag
    )
    max_length: int | None = Argument.field(
        None, "the model's window in tokens, instead of what it says", Argument.count
    )
    chat_template: str | None = Argument.field(
        None,
        "auto, on or off for this model, instead of --chat-template",
        Argument.choice("auto", "on", "off"),
    )
    template: Mapping[str, Any] = Argument.group_field(
        "a variable that the chat template reads, such as template.enable_thinking=false",
        Argument.json_value,
    )
    labels: Mapping[int, str] | None = Argument.field(
        None, "classifiers: which label each output means, 0:no;1:yes", parse_labels
    )
