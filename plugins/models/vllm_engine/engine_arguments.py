"""What vLLM's engine is made with, from the arguments of a model and what its checkpoint says."""

from __future__ import annotations

import math
from typing import Any

from imhi import HarnessError
from imhi.checkpoints import AdapterFiles, Checkpoint
from imhi.plugins.models.vllm_engine.arguments import VllmArguments

_GIB = 2**30
_CPU_CACHE_GIB = 4.0
# The ranks that vLLM has room for, of which an adapter takes the next.
_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)


def chosen_dtype(asked: str, config: Any) -> str:
    """Return the type of the weights as ``hf:`` has it. vLLM's own "auto" makes float16 or bfloat16 of a
    float32 checkpoint."""
    from vllm.platforms import current_platform

    if asked != "auto":
        return asked
    if current_platform.is_cpu():
        return "float32"
    said = str(getattr(config.get_text_config(), "dtype", None) or "auto").removeprefix("torch.")
    return said if said in ("float32", "bfloat16", "float16") else "auto"


def engine_arguments(
    checkpoint: Checkpoint,
    adapter: AdapterFiles | None,
    arguments: VllmArguments,
    dtype: str,
    window: int | None,
    on_cpu: bool,
    way: str,
) -> dict[str, Any]:
    """Return what vLLM's engine is made with; what is left out is vLLM's own choice."""
    cache = arguments.kv_cache_gib
    given: dict[str, Any] = {
        "model": checkpoint.location,
        "dtype": dtype,
        "trust_remote_code": arguments.trust_remote_code,
        # Nothing of the checkpoint's own decoding defaults; what ends an answer is told with each.
        "generation_config": "vllm",
        "load_format": "safetensors" if arguments.safetensors else "auto",
        "quantization": arguments.quantization,
        "kv_cache_dtype": arguments.kv_cache_dtype,
        "tensor_parallel_size": arguments.tensor_parallel_size,
        "enable_prefix_caching": arguments.prefix_caching,
        "enforce_eager": on_cpu if arguments.enforce_eager is None else arguments.enforce_eager,
        "disable_log_stats": True,
        "max_model_len": window,
        "max_num_seqs": arguments.max_num_seqs,
        "max_num_batched_tokens": arguments.max_num_batched_tokens,
        "kv_cache_memory_bytes": None if cache is None else math.floor(cache * _GIB),
        "revision": checkpoint.commit,
        "tokenizer_revision": checkpoint.commit,
    }
    if arguments.gpu_memory_utilization is not None:
        given["gpu_memory_utilization"] = arguments.gpu_memory_utilization
    if on_cpu:
        # Its own default is nearly all memory of the machine.
        given["kv_cache_memory_bytes"] = math.floor((cache or _CPU_CACHE_GIB) * _GIB)
        if way != "text":
            # The smallest that its kernels like: labels are asked about in steps of few tokens.
            given["block_size"] = 32
    if adapter is not None:
        given |= {"enable_lora": True, "max_loras": 1, "max_lora_rank": _rank(adapter)}
    return {key: value for key, value in given.items() if value is not None}


def _rank(adapter: AdapterFiles) -> int:
    """Return the room an adapter's rank takes.

    Raises:
        HarnessError: there is none for it.
    """
    said = adapter.config
    rank = max([int(said.get("r") or 1), *map(int, (said.get("rank_pattern") or {}).values())])
    for room in _RANKS:
        if rank <= room:
            return room
    raise HarnessError(
        f"vllm: the adapter {adapter.written} has rank {rank}, vLLM takes at most {_RANKS[-1]}: merge "
        "it into the model, or write hf:MODEL,peft=ADAPTER"
    )
