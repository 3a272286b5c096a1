"""What a model's answers depend on, besides the request and the decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imhi.checkpoints import answer_facts, choose_device, find_checkpoint
from imhi.plugins.models.hf.arguments import HfArguments

if TYPE_CHECKING:
    from imhi import Context, ModelSpec


# What computes answers; of what reads quantised weights and of attention, as far as it is installed.
_PACKAGES = (
    *("torch", "accelerate", "bitsandbytes", "gptqmodel", "compressed-tensors", "hqq", "torchao"),
    *("kernels", "flash-attn"),
)


def cache_key(spec: ModelSpec, context: Context) -> dict[str, object] | str:
    """Return all that this model's answers depend on besides the request and the decoding, or why that
    is not known.

    The kind of device counts, not which one of it: cards of one kind differ in the order of sums, as
    batches do, and not in number format.
    """
    arguments = HfArguments(**spec.arguments)
    if arguments.trust_remote_code:
        return "trust_remote_code runs code that may come from elsewhere than the checkpoint"
    device = choose_device(arguments.device)
    kind = "cuda" if device == "spread" else device.partition(":")[0]
    adapter = None
    if arguments.peft:
        adapter = find_checkpoint(arguments.peft, arguments.peft_revision, "adapter")
    mode = arguments.chat_template or context.generation.chat_template
    return {
        **answer_facts(
            find_checkpoint(spec.target, arguments.revision, file=arguments.gguf_file),
            adapter,
            packages=(*_PACKAGES, *(("peft",) if adapter else ())),
            modules=("imhi.plugins.models.hf",),
            templated=mode != "off",
        ),
        "device": kind,
        "dtype": "float32" if arguments.dtype == "auto" and kind == "cpu" else arguments.dtype,
        "max_length": arguments.max_length,
        "chat_template": arguments.chat_template,
        "template": dict(arguments.template or {}),
        "labels": {str(index): name for index, name in (arguments.labels or {}).items()},
    }
