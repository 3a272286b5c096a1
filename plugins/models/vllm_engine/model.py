"""The model at work: an engine started once, asked many times, described for the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from imhi import HarnessError, Request, Response
from imhi.checkpoints import tokenizer_note
from imhi.plugins.models.vllm_engine.arguments import VllmArguments
from imhi.plugins.models.vllm_engine.labels import Chooser, Scorer
from imhi.plugins.models.vllm_engine.starting import Engine, start
from imhi.plugins.models.vllm_engine.text import Writer

if TYPE_CHECKING:
    from imhi import Context, ModelSpec

Worker = Writer | Scorer | Chooser
_HOTTEST = 2.0


class VllmModel:
    """Implements :class:`imhi.Model` for one checkpoint."""

    def __init__(
        self, engine: Engine, name: str, arguments: VllmArguments, context: Context
    ) -> None:
        self._name = name
        self._engine: Engine | None = engine
        self._arguments = arguments
        self._description: dict[str, object] = {}
        ways: dict[str, type[Writer | Scorer | Chooser]] = {"likelihood": Scorer, "choice": Chooser}
        worker = ways.get(context.generation.way, Writer)
        self._worker: Worker | None = worker(engine, name, arguments, context)

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response to each request, as answers finish.

        Raises:
            HarnessError: the model was closed, or its engine died.
        """
        if self._worker is None:
            raise HarnessError(f"{self._name}: the model was closed; make it again to ask more")
        yield from self._worker.generate(requests)

    def describe(self) -> Mapping[str, object]:
        """Return what the manifest holds about the model; it stays when the model is closed."""
        if self._engine is not None and self._worker is not None:
            self._description = description(self._engine, self._arguments)
            self._description |= self._worker.describe()
        return self._description

    def close(self) -> None:
        """Stop the engine; what :meth:`describe` said stays."""
        if self._engine is not None:
            self.describe()
            engine, self._engine, self._worker = self._engine, None, None
            engine.close()


def description(engine: Engine, arguments: VllmArguments) -> dict[str, object]:
    """Return what answers may depend on."""
    import torch
    import transformers
    import vllm
    from vllm import envs
    from vllm.platforms import current_platform

    config = engine.core.vllm_config
    model, scheduling, cache = config.model_config, config.scheduler_config, config.cache_config
    attention = getattr(getattr(config, "attention_config", None), "backend", None)
    on_cpu = bool(current_platform.is_cpu())
    described: dict[str, object] = {
        "id": engine.checkpoint.written,
        "revision": engine.checkpoint.identity(),
        "architecture": model.architectures[0] if model.architectures else None,
        "kind": "causal",
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": "cpu" if on_cpu else str(current_platform.device_type),
        "device_name": (
            f"{torch.get_num_threads()} threads" if on_cpu else current_platform.get_device_name()
        ),
        "window": engine.window,
        "window_from": engine.window_from,
        "transformers": transformers.__version__,
        "unused_generation_defaults": dict(engine.unused_defaults),
        "engine": {
            "name": "vllm",
            "version": vllm.__version__,
            "torch": str(torch.__version__),
            "batch_invariant": bool(getattr(envs, "VLLM_BATCH_INVARIANT", False)),
            "prefix_caching": bool(cache.enable_prefix_caching),
            "block_size": cache.block_size,
            "kv_cache_dtype": str(cache.cache_dtype),
            "max_num_seqs": scheduling.max_num_seqs,
            "max_num_batched_tokens": scheduling.max_num_batched_tokens,
            "enforce_eager": bool(model.enforce_eager),
            "tensor_parallel_size": arguments.tensor_parallel_size,
            "data_parallel": arguments.data_parallel,
        },
    }
    if attention is not None:
        described["attention"] = str(getattr(attention, "name", attention))
    if model.quantization:
        described["quantisation"] = str(model.quantization)
    if engine.adapter_checkpoint is not None:
        described["adapter"] = engine.adapter_checkpoint.written
        described["adapter_revision"] = engine.adapter_checkpoint.identity()
        described["adapter_tokenizer"] = engine.own_words or "as the base's"
    return described


def create(spec: ModelSpec, context: Context) -> VllmModel:
    """Start the engine and return the model.

    Raises:
        HarnessError: see :func:`imhi.plugins.models.vllm_engine.starting.start`; or the run asks for
            what vLLM refuses.
    """
    arguments = VllmArguments(**spec.arguments)
    if context.generation.temperature > _HOTTEST:
        raise HarnessError(
            f"{spec.name}: temperature {context.generation.temperature} is asked for, vLLM takes at most "
            f"{_HOTTEST:g}: lower --temperature, or write hf: for vllm:"
        )
    engine = start(spec.target, arguments, context.generation.way)
    try:
        model = VllmModel(engine, spec.name, arguments, context)
    except BaseException:
        engine.close()
        raise
    for note in engine.notes:
        context.note(f"{spec.name}: {note}")
    if engine.own_words:
        context.note(f"{spec.name}: {tokenizer_note(engine.own_words)}")
    if engine.unused_defaults:
        names = ", ".join(f"{k}={v}" for k, v in sorted(engine.unused_defaults.items()))
        context.note(
            f"{spec.name}: the checkpoint's own decoding defaults ({names}) are not used; the run's "
            "settings decide"
        )
    return model
