"""What tells one model's answers from any other's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imhi.checkpoints import find_checkpoint
from imhi.plugins.models.hf.arguments import HfArguments

if TYPE_CHECKING:
    from imhi import Context, ModelSpec


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, str]:
    """Return what tells this model's answers from any other's: commit or content hash of model and
    adapter. Part of the run id."""
    arguments = HfArguments(**spec.arguments)
    found = find_checkpoint(spec.target, arguments.revision, file=arguments.gguf_file)
    identity = {"model": found.identity()}
    if arguments.peft:
        adapter = find_checkpoint(arguments.peft, arguments.peft_revision, "adapter")
        identity["adapter"] = adapter.identity()
    return identity
