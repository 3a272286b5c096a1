"""What tells one model's answers from any other's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imhi.checkpoints import find_checkpoint

if TYPE_CHECKING:
    from imhi import Context, ModelSpec


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, Any]:
    """Return what tells this model's answers from any other's: commit or content hash of model and
    adapter. Part of the run id."""
    arguments = spec.arguments
    model = find_checkpoint(spec.target, arguments["revision"])
    found = {"model": model.identity()}
    if arguments["peft"]:
        adapter = find_checkpoint(arguments["peft"], arguments["peft_revision"], "adapter")
        found["adapter"] = adapter.identity()
    return found
