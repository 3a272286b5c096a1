"""Starts vLLM's engine on a checkpoint, and stops it."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from imhi import HarnessError
from imhi.checkpoints import (
    Checkpoint,
    find_checkpoint,
    kind_of,
    plain_generation,
    require_package,
    window_of,
)
from imhi.plugins.models.vllm_engine.arguments import VllmArguments
from imhi.plugins.models.vllm_engine.failing import Log, explained, imported
from imhi.plugins.models.vllm_engine.guarding import Guard
from imhi.plugins.models.vllm_engine.surroundings import engine_environment, restored_torch

_GIB = 2**30
_CPU_CACHE_GIB = 4.0
# The ranks that vLLM has room for, of which an adapter takes the next.
_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)


@dataclass
class Engine:
    """A running engine. ``core`` is vLLM's own; ``window`` is in tokens, and ``window_from`` says who
    said so. ``ends`` are the tokens that end an answer. ``in_flight``: requests it holds at most."""

    name: str
    core: Any
    tokenizer: Any
    checkpoint: Checkpoint
    adapter_checkpoint: Checkpoint | None
    adapter: Any
    window: int
    window_from: str
    ends: frozenset[int]
    unused_defaults: Mapping[str, object]
    parameters: int | None
    log: Log
    stop: Callable[[], None]
    dead: bool = False
    _asked: int = field(default=0, repr=False)

    @property
    def in_flight(self) -> int:
        """Twice what is computed at a time, so that the engine never waits for the next."""
        return 2 * int(self.core.vllm_config.scheduler_config.max_num_seqs)

    def next_name(self) -> str:
        """Return a name that no request had."""
        self._asked += 1
        return str(self._asked)

    def params(self, **settings: Any) -> Any:
        """Return ``vllm.SamplingParams`` with these settings and no others.

        An answer ends at the tokens told with the request, none are added; it comes in one piece.
        """
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        given = {"detokenize": False, **settings}
        return SamplingParams(
            ignore_eos=True, output_kind=RequestOutputKind.FINAL_ONLY, skip_clone=True, **given
        )

    def told(self, error: BaseException) -> str:
        """Return why it failed, in one line: what stands in its log, else the error."""
        return self.log.cause() or " ".join(f"{type(error).__name__}: {error}".split())[:300]

    def close(self) -> None:
        """Stop the engine and its processes."""
        self.core = self.adapter = None
        self.stop()


def start(target: str, arguments: VllmArguments, way: str) -> Engine:
    """Start the engine that ``vllm:TARGET,arguments`` names. ``way`` is how the run's answers are given:
    text, likelihood or choice.

    Raises:
        HarnessError: anything the user can put right: vLLM is not installed, no such model, no
            tokenizer, pickle weights, not a causal model, one that vLLM does not know, no memory, no GPU.
    """
    name = f"vllm:{target}"
    log = Log()
    with log.captured():
        imported(name)
        transformers = require_package("transformers", name)
    checkpoint = find_checkpoint(target, arguments.revision, user="vllm")
    adapter = None
    if arguments.peft:
        adapter = find_checkpoint(arguments.peft, arguments.peft_revision, "adapter", "vllm")
    if arguments.safetensors:
        checkpoint.require_safetensors()
        if adapter is not None:
            adapter.require_safetensors("adapter")
    shared: dict[str, Any] = {"trust_remote_code": arguments.trust_remote_code}
    if checkpoint.commit:
        shared["revision"] = checkpoint.commit
    with checkpoint.loading():
        config = transformers.AutoConfig.from_pretrained(checkpoint.location, **shared)
        kind = kind_of(config, target)
    if kind != "causal":
        raise HarnessError(
            f"{name}: found a {(config.architectures or [kind])[0]}, expected a causal model: "
            f"write hf:{target}, which runs classifiers and encoder-decoders"
        )
    with checkpoint.loading("tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint.location, **shared)
    checkpoint.check_tokenizer(tokenizer, config)
    window, window_from = window_of(None, config, tokenizer, arguments.max_length, "causal")
    ends, unused = _facts(checkpoint, config, tokenizer, transformers)
    dtype = _dtype(arguments.dtype, config)
    core, lora, stop = _started(name, checkpoint, adapter, arguments, dtype, window, way, log)
    return Engine(
        name,
        core,
        tokenizer,
        checkpoint,
        adapter,
        lora,
        window or int(core.model_config.max_model_len),
        window_from if window else "vLLM",
        ends,
        unused,
        None,
        log,
        stop,
    )


def _dtype(asked: str, config: Any) -> str:
    """Return the type of the weights as ``hf:`` has it. vLLM's own "auto" makes float16 or bfloat16 of a
    float32 checkpoint."""
    from vllm.platforms import current_platform

    if asked != "auto":
        return asked
    if current_platform.is_cpu():
        return "float32"
    said = str(getattr(config.get_text_config(), "dtype", None) or "auto").removeprefix("torch.")
    return said if said in ("float32", "bfloat16", "float16") else "auto"


def _facts(
    checkpoint: Checkpoint, config: Any, tokenizer: Any, transformers: Any
) -> tuple[frozenset[int], Mapping[str, object]]:
    """Return the tokens that end an answer, and the decoding habits of the checkpoint, which are not
    used."""
    where: dict[str, Any] = {"revision": checkpoint.commit} if checkpoint.commit else {}
    try:
        habits = transformers.GenerationConfig.from_pretrained(checkpoint.location, **where)
    except OSError:  # it has no generation_config.json
        habits = transformers.GenerationConfig.from_model_config(config)
    plain = SimpleNamespace(generation_config=habits)
    unused = plain_generation(plain, tokenizer)
    found = plain.generation_config.eos_token_id
    ends = found if isinstance(found, (list, tuple)) else [] if found is None else [found]
    forbidding = ("suppress_tokens", "begin_suppress_tokens", "bad_words_ids")
    unused |= {
        what: value
        for what in forbidding
        if (value := getattr(plain.generation_config, what, None))
    }
    return frozenset(map(int, ends)), unused


def _started(
    name: str,
    checkpoint: Checkpoint,
    adapter: Checkpoint | None,
    arguments: VllmArguments,
    dtype: str,
    window: int | None,
    way: str,
    log: Log,
) -> tuple[Any, Any, Callable[[], None]]:
    from vllm import EngineArgs, LLMEngine
    from vllm.platforms import current_platform

    on_cpu = bool(current_platform.is_cpu())
    given = _engine_arguments(checkpoint, adapter, arguments, dtype, window, on_cpu, way)
    torch_as_it_was = restored_torch()
    guard = Guard()
    core = None
    try:
        with explained(name, log), engine_environment(on_cpu, arguments), log.captured():
            core = LLMEngine.from_engine_args(EngineArgs(**given))
            guard.watch()
            lora = None
            if adapter is not None:
                from vllm.lora.request import LoRARequest

                lora = LoRARequest("adapter", 1, _adapter_folder(adapter))
                core.add_lora(lora)
    except BaseException:
        _stop(core, guard, torch_as_it_was, log)
        raise
    running = core

    def stop() -> None:
        nonlocal running
        if running is not None:
            _stop(running, guard, torch_as_it_was, log)
            running = None

    return core, lora, stop


def _stop(core: Any, guard: Guard, torch_as_it_was: Callable[[], None], log: Log) -> None:
    with log.captured():
        if core is not None:
            core.engine_core.shutdown()
        guard.close()
    gc.collect()
    torch_as_it_was()


def _engine_arguments(
    checkpoint: Checkpoint,
    adapter: Checkpoint | None,
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
        "tensor_parallel_size": arguments.tensor_parallel,
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


def _adapter_folder(adapter: Checkpoint) -> str:
    if adapter.folder is not None:
        return str(adapter.folder.resolve())
    from huggingface_hub import snapshot_download

    return str(
        snapshot_download(adapter.written, revision=adapter.commit, allow_patterns=["adapter_*"])
    )


def _rank(adapter: Checkpoint) -> int:
    """Return the room an adapter's rank takes.

    Raises:
        HarnessError: there is none for it.
    """
    from pathlib import Path

    config = Path(_adapter_folder(adapter)) / "adapter_config.json"
    said = json.loads(config.read_text(encoding="utf-8"))
    rank = max([int(said.get("r") or 1), *map(int, (said.get("rank_pattern") or {}).values())])
    for room in _RANKS:
        if rank <= room:
            return room
    raise HarnessError(
        f"vllm: the adapter {adapter.written} has rank {rank}, vLLM takes at most {_RANKS[-1]}: merge "
        "it into the model, or write hf:MODEL,peft=ADAPTER"
    )
