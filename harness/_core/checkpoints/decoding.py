"""From token ids back to text, without losing where a thought ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from imhi._core.extensions import ThoughtFormat


class Decoder:
    """Decodes answers without special tokens, but for those that mark thoughts.

    Many models end a thought with a special token (``[/THINK]``, ``<channel|>``, ``<|message|>``);
    without it thought and answer are one text that nobody can divide.
    """

    def __init__(self, tokenizer: Any, formats: Iterable[ThoughtFormat]) -> None:
        self.tokenizer = tokenizer
        formats = list(formats)
        around = "\n".join(text for one in formats for text in (*one.opens, *one.closes)).lower()
        marks = "\n".join(text for one in formats for text in one.marks).lower()
        special = {
            token: id
            for token, id in zip(
                tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True
            )
            if id != tokenizer.eos_token_id
        }
        self._special = set(tokenizer.all_special_ids)
        self._around = {id for token, id in special.items() if token.lower() in around}
        self._kept = self._around | {id for token, id in special.items() if token.lower() in marks}

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of an answer's token ids."""
        if self._around.isdisjoint(ids):
            return str(self.tokenizer.decode(ids, skip_special_tokens=True))
        told = [id for id in ids if id in self._kept or id not in self._special]
        return str(self.tokenizer.decode(told, skip_special_tokens=False))

    def end(self, ids: Sequence[int]) -> str:
        """Return the last tokens of a prompt as text, special ones too."""
        return str(self.tokenizer.decode(ids[-32:], skip_special_tokens=False))

    def count(self, text: str) -> int:
        """Return how many tokens a text has, special ones that are added to texts left out."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])
