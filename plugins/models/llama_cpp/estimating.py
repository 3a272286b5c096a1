"""What a run would take, without loading the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from imhi import Estimate
from imhi.plugins.models.llama_cpp.gguf_file import find_gguf

if TYPE_CHECKING:
    from imhi import Context, ModelSpec

_CHARACTERS_PER_TOKEN = 4


def estimate(spec: ModelSpec, prompts: Sequence[str], context: Context) -> Estimate:
    """Guess prompt tokens at 4 characters each; completions at the most they may be. Nothing costs
    anything.

    Raises:
        HarnessError: as :func:`imhi.plugins.models.llama_cpp.gguf_file.find_gguf`.
    """
    find_gguf(spec.target)
    guessed = sum(-(-len(prompt) // _CHARACTERS_PER_TOKEN) for prompt in prompts)
    most = (context.generation.max_new_tokens or 0) * len(prompts)
    note = (
        f"prompt tokens guessed at {_CHARACTERS_PER_TOKEN} characters each; completion tokens are the "
        "most there can be"
    )
    return Estimate(len(prompts), guessed, most, None, note)
