"""The tokenizer and the chat template of a GGUF file, as prompts are written with: what
:class:`imhi.checkpoints.TextPrompts` asks of a transformers tokenizer, answered by llama.cpp."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imhi.checkpoints import template_environment
from imhi.plugins.models.llama_cpp.engine import Engine
from imhi.plugins.models.llama_cpp.gguf_file import GgufFile

if TYPE_CHECKING:
    from jinja2 import Template


class GgufTokenizer:
    """Gives token ids of texts. ``engine`` says which one answers; it may be another each time."""

    def __init__(self, file: GgufFile, engine: Callable[[], Engine]) -> None:
        self._engine = engine
        self.chat_template = file.chat_template
        self.special_tokens_map = dict(file.special_tokens)
        self.all_special_ids = list(file.control_tokens)
        self.all_special_tokens = list(file.control_tokens.values())
        self.eos_token_id = file.eos

    def get_chat_template(self) -> str | None:
        """Return the file's own."""
        return self.chat_template

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        """Return token ids. Special tokens in the text are taken as such, as by transformers;
        ``add_special_tokens`` puts before and after what the file says (BOS)."""
        body = {"content": text, "add_special": add_special_tokens, "parse_special": True}
        ids: list[int] = self._engine().post("/tokenize", body)["tokens"]
        return ids

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        """Return token ids under the name ``input_ids``."""
        return {"input_ids": self.encode(text, add_special_tokens)}

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = False) -> str:
        """Return the text of token ids."""
        kept = [id for id in ids if not skip_special_tokens or id not in self.all_special_ids]
        return str(self._engine().post("/detokenize", {"tokens": kept})["content"])

    def apply_chat_template(
        self,
        messages: Sequence[Mapping[str, str]],
        tokenize: bool = False,
        add_generation_prompt: bool = True,
        **variables: Any,
    ) -> str:
        """Return the messages as the file's template writes them, ready for an answer.

        Raises:
            jinja2.TemplateError: the template refuses them.
        """
        assert self.chat_template is not None
        # transformers gives these two as None; some templates ask whether they are none.
        known = {"tools": None, "documents": None, **self.special_tokens_map, **variables}
        return _compiled(self.chat_template).render(
            {**known, "messages": messages, "add_generation_prompt": add_generation_prompt}
        )


@functools.lru_cache(maxsize=8)
def _compiled(template: str) -> Template:
    return template_environment().from_string(template)
