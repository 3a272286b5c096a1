"""Takes from a loaded checkpoint how its authors would decode, and says what that was."""

from __future__ import annotations

from typing import Any


def plain_generation(model: Any, tokenizer: Any) -> dict[str, object]:
    """Take the checkpoint's decoding habits away; return those that would have changed answers.

    What stays are facts about its tokens (start, end, padding, tokens it must begin with or never
    says). Sampling, beams, penalties and lengths come from the run's settings alone.
    """
    from transformers import GenerationConfig

    old = model.generation_config
    facts = (
        "bos_token_id",
        "eos_token_id",
        "decoder_start_token_id",
        "forced_bos_token_id",
        "suppress_tokens",
        "begin_suppress_tokens",
        "bad_words_ids",
    )
    tokens = {name: getattr(old, name, None) for name in facts}
    if tokens["eos_token_id"] is None:
        tokens["eos_token_id"] = tokenizer.eos_token_id
    pad = _first_known(tokenizer.pad_token_id, old.pad_token_id, _first(tokens["eos_token_id"]))
    ignored = {
        name: value
        for name, value in old.to_diff_dict().items()
        if name not in (*facts, "pad_token_id", "transformers_version", "max_length", "use_cache")
        and not name.startswith(("_", "output_", "return_dict"))
        and value != GenerationConfig._get_default_generation_params().get(name)
    }
    model.generation_config = GenerationConfig(**tokens, pad_token_id=_first_known(pad, 0))
    return ignored


def ends_too(generation: Any, token: int | None) -> None:
    """Let answers end at a token too: the end token of an adapter's own tokenizer, which a base's
    generation config does not know."""
    ends = generation.eos_token_id
    known = [*ends] if isinstance(ends, (list, tuple)) else [] if ends is None else [ends]
    if token is not None and token not in known:
        generation.eos_token_id = [*known, token] if known else token


def _first_known(*values: int | None) -> int | None:
    """Return the first value that is not None."""
    return next((value for value in values if value is not None), None)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple)) and value else value
