"""Starts vLLM's engine on a checkpoint, and stops it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from imhi import HarnessError
from imhi.checkpoints import (
    AdapterFiles,
    Checkpoint,
    adapter_tokenizer,
    check_adapter_base,
    check_lora,
    check_rows,
    check_size,
    ends_too,
    find_checkpoint,
    kind_of,
    open_adapter,
    plain_generation,
    require_package,
    window_of,
)
from imhi.plugins.models.vllm_engine.arguments import VllmArguments
from imhi.plugins.models.vllm_engine.engine_arguments import (
    chosen_dtype,
    engine_arguments,
)
from imhi.plugins.models.vllm_engine.failing import Log, explained, imported
from imhi.plugins.models.vllm_engine.guarding import Guard
from imhi.plugins.models.vllm_engine.surroundings import engine_environment, restored_torch


@dataclass
class Engine:
    """A running engine. ``core`` is vLLM's own; ``window`` is in tokens, and ``window_from`` says who
    said so. ``own_words`` is what of the adapter's tokenizer differs from the base's, and is used;
    ``notes`` are for the run. ``ends`` are the tokens that end an answer. ``in_flight``: requests it
    holds at most."""

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
    log: Log
    stop: Callable[[], None]
    own_words: str = ""
    notes: tuple[str, ...] = ()
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
            tokenizer, pickle weights, not a causal model, one that vLLM does not know, no memory, no GPU, an
            adapter that does not fit or that vLLM would not use whole.
    """
    name = f"vllm:{target}"
    log = Log()
    with log.captured():
        imported(name)
        transformers = require_package("transformers", name)
    checkpoint = find_checkpoint(target, arguments.revision, user="vllm")
    if arguments.safetensors:
        checkpoint.require_safetensors()
    adapter = None
    if arguments.peft:
        found = find_checkpoint(arguments.peft, arguments.peft_revision, "adapter", "vllm")
        adapter = open_adapter(found, safetensors=arguments.safetensors)
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
    check_size(checkpoint, config)
    with checkpoint.loading("tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint.location, **shared)
    checkpoint.check_tokenizer(tokenizer, config)
    notes: list[str] = []
    own_words = ""
    if adapter is not None:
        notes = _checked(adapter, checkpoint, config, arguments)
        tokenizer, own_words = adapter_tokenizer(
            adapter, tokenizer, trust_remote_code=arguments.trust_remote_code
        )
        if own_words:
            check_rows(tokenizer, config.get_text_config().vocab_size, adapter, checkpoint)
            checkpoint.check_tokenizer(tokenizer, config)
    window, window_from = window_of(None, config, tokenizer, arguments.max_length, "causal")
    ends, unused = _facts(checkpoint, config, tokenizer, transformers, bool(own_words))
    dtype = chosen_dtype(arguments.dtype, config)
    core, lora, stop = _started(name, checkpoint, adapter, arguments, dtype, window, way, log)
    return Engine(
        name,
        core,
        tokenizer,
        checkpoint,
        adapter.checkpoint if adapter else None,
        lora,
        window or int(core.model_config.max_model_len),
        window_from if window else "vLLM",
        ends,
        unused,
        log,
        stop,
        own_words,
        tuple(notes),
    )


def _checked(
    adapter: AdapterFiles, base: Checkpoint, config: Any, arguments: VllmArguments
) -> list[str]:
    """Check an adapter before the engine starts, which does not say what of it it used; return notes."""
    return [
        *check_adapter_base(adapter, base, any_base=arguments.any_base),
        *check_lora(
            config,
            adapter,
            base,
            trust_remote_code=arguments.trust_remote_code,
            any_base=arguments.any_base,
        ),
    ]


def _facts(
    checkpoint: Checkpoint, config: Any, tokenizer: Any, transformers: Any, own_words: bool
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
    if own_words:
        ends_too(plain.generation_config, tokenizer.eos_token_id)
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
    adapter: AdapterFiles | None,
    arguments: VllmArguments,
    dtype: str,
    window: int | None,
    way: str,
    log: Log,
) -> tuple[Any, Any, Callable[[], None]]:
    from vllm import EngineArgs, LLMEngine
    from vllm.platforms import current_platform
    from vllm.usage.usage_lib import UsageContext

    on_cpu = bool(current_platform.is_cpu())
    given = engine_arguments(checkpoint, adapter, arguments, dtype, window, on_cpu, way)
    torch_as_it_was = restored_torch()
    guard = Guard()
    core = None
    try:
        with explained(name, log), engine_environment(on_cpu, arguments), log.captured():
            # The sizes that vLLM takes for many requests at once, not those for a server.
            core = LLMEngine.from_engine_args(EngineArgs(**given), UsageContext.LLM_CLASS)
            guard.watch()
            lora = None
            if adapter is not None:
                from vllm.lora.request import LoRARequest

                lora = LoRARequest("adapter", 1, str(adapter.folder.resolve()))
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
    try:
        with log.captured():
            if core is not None:
                core.engine_core.shutdown()
    finally:
        guard.close()
        torch_as_it_was()
        gc.collect()
