"""What ``vllm:`` takes, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from imhi import Argument


def parse_share(text: str) -> float:
    """Parse a number above 0 and at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise ValueError("expected a number above 0 and at most 1, such as 0.9")
    return value


def parse_amount(text: str) -> float:
    """Parse a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise ValueError("expected a number above 0, such as 4 or 0.5")
    return value


def parse_data_parallel(text: str) -> int:
    """Refuse more than one engine in a process: vLLM does too, and its reason names none of our ways.

    Raises:
        ValueError: with the two ways there are.
    """
    count = Argument.count(text)
    if count > 1:
        raise ValueError(
            "expected 1: an engine in this process is one replica; for more, start "
            f"'vllm serve MODEL --data-parallel-size {count}' and run openai:MODEL,base_url=..., or on "
            f"machines of a cluster --executor ray:{count}"
        )
    return count


# How the work is done, not what is answered. What sums may differ by is told by the manifest.
_way_of_working = partial(Argument.field, changes_answers=False)


@dataclass(frozen=True)
class VllmArguments:
    """The arguments of one model."""

    peft: str | None = Argument.field(None, "LoRA adapter (id or folder) put on top of the model")
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
    dtype: str = Argument.field(
        "auto",
        "auto (the checkpoint's on a GPU, float32 on a CPU), float32, bfloat16 or float16",
        Argument.choice("auto", "float32", "bfloat16", "float16"),
    )
    quantization: str | None = Argument.field(
        None, "quantise while loading, by vLLM's name for it (fp8, bitsandbytes, ...)"
    )
    kv_cache_dtype: str = Argument.field(
        "auto", "what keys and values are kept in, by vLLM's name for it (fp8, ...)"
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
    tensor_parallel_size: int = _way_of_working(
        1, "GPUs that share the weights of the model", Argument.count
    )
    data_parallel: int = _way_of_working(1, "1: one engine in this process", parse_data_parallel)
    gpu_memory_utilization: float | None = _way_of_working(
        None, "share of a GPU's memory that vLLM may take (default: vLLM's own)", parse_share
    )
    kv_cache_gib: float | None = _way_of_working(
        None, "GiB for keys and values (default: what the GPU has left; 4 on a CPU)", parse_amount
    )
    max_num_seqs: int | None = _way_of_working(
        None, "requests computed at a time at most (default: vLLM's own)", Argument.count
    )
    max_num_batched_tokens: int | None = _way_of_working(
        None, "tokens computed at a time at most (default: vLLM's own)", Argument.count
    )
    prefix_caching: bool = _way_of_working(
        True, "read the beginning that prompts share once", Argument.flag
    )
    enforce_eager: bool | None = _way_of_working(
        None, "compile nothing: starts sooner, runs slower (default: on a CPU only)", Argument.flag
    )
