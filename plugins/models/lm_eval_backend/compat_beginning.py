"""How the token ids begin that lm-eval's server backends send (``TemplateAPI``, lm-eval 0.4.13).

They encode prompts without the tokens a tokenizer puts first (BOS), unless ``add_bos_token`` is set; then
they put them first also where a chat template has written them already. What is replaced is one
attribute of one instance, ``tok_encode``.
"""

from __future__ import annotations

from typing import Any


def begin_once(lm: Any) -> str:
    """Let each prompt begin as the tokenizer begins it, once; return those tokens as text.

    Empty where prompts are sent as text, so that the server begins them, and where the tokenizer puts
    nothing first.
    """
    if not getattr(lm, "tokenized_requests", False):
        return ""
    beginning = _beginning(lm)
    if not beginning:
        return ""
    encode = lm.tok_encode
    count = len(beginning)
    # Of the server's own tokenizer lm-eval asks for ids without special tokens, whatever is set.
    left_out = lm.tokenizer_backend == "remote"

    def begun(ids: list[int]) -> list[int]:
        if ids[: 2 * count] == 2 * beginning:
            return ids[count:]
        return beginning + ids if left_out and ids[:count] != beginning else ids

    def tok_encode(string: Any, *args: Any, **kwargs: Any) -> Any:
        ids = encode(string, *args, **kwargs)
        return begun(ids) if isinstance(string, str) else [begun(row) for row in ids]

    lm.tok_encode = tok_encode
    return str(lm.tokenizer.decode(beginning))


def _beginning(lm: Any) -> list[int]:
    """Return the ids the tokenizer puts before a text of its own accord."""
    tokenizer = lm.tokenizer
    if lm.tokenizer_backend == "huggingface":
        bare = tokenizer("a", add_special_tokens=False).input_ids
        whole = tokenizer("a").input_ids
    elif lm.tokenizer_backend == "remote":
        bare = tokenizer.encode("a")
        asked = {"prompt": "a", "add_special_tokens": True}
        # RemoteTokenizer.encode has no way to ask for them.
        answer = tokenizer._request_with_retries(
            "POST", f"{tokenizer.base_url}/tokenize", json=asked
        )
        whole = answer.json().get("tokens") or []
    else:
        return []  # tiktoken puts nothing first
    start = next((at for at in range(len(whole)) if whole[at : at + len(bare)] == bare), 0)
    return list(whole[:start])
