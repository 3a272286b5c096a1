"""What tells one checkpoint's answers from any other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imhi._core.checkpoints.finding import find_checkpoint

if TYPE_CHECKING:
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, str]:
    """Return what tells this model's answers from any other's: commit or content hash of model and
    adapter. Part of the run id. The family declares ``revision``, ``peft`` and ``peft_revision``.

    Raises:
        HarnessError: as :func:`imhi.checkpoints.find_checkpoint`.
    """
    given, user = spec.arguments, spec.family.scheme
    # Some families can read a GGUF file of the folder.
    found = find_checkpoint(spec.target, given["revision"], user=user, file=given.get("gguf_file"))
    identity = {"model": found.identity()}
    if given["peft"]:
        adapter = find_checkpoint(given["peft"], given["peft_revision"], "adapter", user)
        identity["adapter"] = adapter.identity()
        # Before this was written, adapters were put on whatever base was given, and asked with its
        # tokenizer: those answers are not to be taken for these.
        identity["adapter_use"] = "checked, with its own tokenizer"
    return identity
