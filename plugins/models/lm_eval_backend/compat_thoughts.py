"""What touches how lm-eval's in-process transformers backend (``HFLM``, lm-eval 0.4.13) ends and
decodes an answer, and how any backend drops thoughts.

Left to itself it says of no answer whether it was cut off, decodes without the special tokens that
end a thought, and, told a ``think_end_token``, throws the thought away; one that was cut off then
stands there as the answer. What is replaced are attributes of one instance: ``_model_generate``,
``tok_decode`` and ``think_end_token``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from imhi import ThoughtFormat, finish_reasons
from imhi.checkpoints import Decoder
from imhi.plugins.models.lm_eval_backend import compat_backends
from imhi.plugins.models.lm_eval_backend.compat_servers import Usage


def keep_thoughts(lm: Any, formats: Iterable[ThoughtFormat]) -> None:
    """Have a backend return whole answers: the harness takes them apart by itself."""
    if getattr(lm, "think_end_token", None) is not None:
        lm.think_end_token = None
    if not _is_transformers(lm) or not hasattr(lm.tokenizer, "all_special_ids"):
        return
    decode = lm.tok_decode
    decoder = Decoder(lm.tokenizer, formats)

    def with_marks(tokens: Any, skip_special_tokens: bool = True) -> Any:
        if skip_special_tokens and isinstance(tokens, (list, tuple)):
            return decoder.text(tokens)
        return decode(tokens, skip_special_tokens=skip_special_tokens)

    lm.tok_decode = with_marks


def watch_generation(lm: Any) -> Callable[[], Usage] | None:
    """Watch what a transformers backend generates; return a function that says of each answer, in the
    order in which they are announced, how it ended and how many tokens it has. None for others."""
    if not _is_transformers(lm):
        return None
    generate = lm._model_generate
    waiting: deque[Usage] = deque()

    def watched(*args: Any, **kwargs: Any) -> Any:
        waiting.clear()
        output = generate(*args, **kwargs)
        context = kwargs.get("context", args[0] if args else None)
        longest, stop = kwargs.get("max_length"), kwargs.get("stop") or ()
        causal = getattr(lm, "backend", "causal") == "causal"
        skipped = context.shape[1] if causal and context is not None else 1
        room = longest - skipped if isinstance(longest, int) else None
        ends = _ends(lm)
        for row in output.tolist():
            waiting.append(_usage(lm, row[skipped:], room, stop, ends))
        return output

    lm._model_generate = watched
    return lambda: waiting.popleft() if waiting else Usage()


def _usage(
    lm: Any, tokens: Sequence[int], room: int | None, stop: Sequence[str], ends: set[int]
) -> Usage:
    end = next((place for place, token in enumerate(tokens) if token in ends), None)
    if end is not None:
        return Usage(finish_reasons.STOP, None, end + 1)
    text = lm.tokenizer.decode(tokens, skip_special_tokens=True)
    if any(term and term in text for term in stop):
        # What was padded after the text the row stopped at cannot be told from the answer.
        return Usage(finish_reasons.STOP)
    full = room is None or len(tokens) >= room
    return Usage(finish_reasons.LENGTH if full else finish_reasons.STOP, None, len(tokens))


def _ends(lm: Any) -> set[int]:
    facts = getattr(getattr(lm, "model", None), "generation_config", None)
    told = getattr(facts, "eos_token_id", None)
    ids = [*(told if isinstance(told, (list, tuple)) else [told]), lm.eot_token_id]
    return {id for id in ids if isinstance(id, int)}


def _is_transformers(lm: Any) -> bool:
    return compat_backends.is_transformers(type(lm)) and hasattr(lm, "_model_generate")
