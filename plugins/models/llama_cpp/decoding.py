"""What a request to llama.cpp says besides its prompt: the run's decoding, and nothing of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence

from imhi import Generation

_SEED_LIMIT = 2**32 - 1  # which itself asks for a random seed


def decoding(generation: Generation, seed: int, new_tokens: int) -> dict[str, object]:
    """Return the fields of one request.

    The chain of samplers is named in full: those that are not in it (penalties, DRY, ``top_k``,
    ``min_p``, XTC ...) are not applied, whatever their default. At temperature 0 llama.cpp takes the
    most likely token.

    Args:
        seed: of this request's draws; its lowest 32 bits are used.
    """
    fields: dict[str, object] = {
        "max_tokens": new_tokens,
        "cache_prompt": False,
        "temperature": generation.temperature,
        "samplers": ["temperature"],
        "mirostat": 0,
        "dynatemp_range": 0.0,
        "repeat_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "dry_multiplier": 0.0,
        "stop": list(generation.stop),
    }
    if generation.temperature > 0:
        # As elsewhere, top_p is taken of what the temperature leaves.
        fields |= {
            "samplers": ["temperature", "top_p"],
            "top_p": generation.top_p,
            "min_keep": 1,
            "seed": seed % _SEED_LIMIT,
        }
    return fields


def one_of(wordings: Sequence[str], space: bool) -> str:
    """Return the grammar (GBNF) that holds an answer to one of some wordings; with ``space``, after
    one."""
    before = " " if space else ""
    # Its escapes are those of JSON.
    quoted = (json.dumps(before + wording, ensure_ascii=False) for wording in wordings)
    return f"root ::= {' | '.join(quoted)}"
