"""Adapters that lm-eval is told to put on a model (``peft=``): checked here, before it loads them. peft
puts on what matches, and lm-eval does not look at what did not."""

from __future__ import annotations

from imhi import HarnessError, ModelSpec
from imhi.checkpoints import (
    adapter_tokenizer,
    check_adapter_base,
    check_lora,
    find_checkpoint,
    kind_of,
    open_adapter,
)


def check_adapter(spec: ModelSpec, arguments: dict[str, object]) -> list[str]:
    """Return notes on the adapter of a transformers backend; none where it has none.

    Raises:
        HarnessError: it does not fit the model, was trained on another, or brings a tokenizer that
            lm-eval would not use.
    """
    peft, pretrained = arguments.get("peft"), arguments.get("pretrained")
    if not isinstance(peft, str) or not isinstance(pretrained, str) or not peft:
        return []
    import transformers

    user = f"lm-eval:{spec.target}"
    revision = (
        str(arguments["revision"]) if arguments.get("revision") not in (None, "main") else None
    )
    base = find_checkpoint(pretrained, revision, user=user)
    adapter = open_adapter(find_checkpoint(peft, None, "adapter", user), safetensors=False)
    trust = arguments.get("trust_remote_code") is True
    with base.loading():
        config = transformers.AutoConfig.from_pretrained(
            base.location, revision=base.commit, trust_remote_code=trust
        )
    if kind_of(config, pretrained) != "causal":
        return [
            f"whether the adapter {peft} fits was not checked; hf:{pretrained},peft={peft} does"
        ]
    notes = check_adapter_base(adapter, base)
    notes += check_lora(config, adapter, base, trust_remote_code=trust)
    if not arguments.get("tokenizer"):
        with base.loading("tokenizer"):
            own = transformers.AutoTokenizer.from_pretrained(
                base.location, revision=base.commit, trust_remote_code=trust
            )
        _, differs = adapter_tokenizer(adapter, own, trust_remote_code=trust)
        if differs:
            raise HarnessError(
                f"model '{spec.name}': the adapter's own tokenizer differs from that of its base in: "
                f"{differs}; lm-eval uses the base's unless it is told; write tokenizer={peft} as well"
            )
    return notes
