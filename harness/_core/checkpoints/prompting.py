"""From a request to token ids: chat template, system prompt, and what happens to a long post."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest
from imhi._core.records import Request


@dataclass(frozen=True)
class Encoded:
    """A prompt as token ids; ``truncated`` where it had to be shortened to fit."""

    ids: list[int]
    truncated: bool = False


class Prompter:
    """Makes token ids of requests.

    With a chat template the messages are the system prompt, if there is one, and the prompt; the
    template's own text holds the special tokens, so none are added. Without one, a system prompt
    stands before the prompt, with a blank line between, and the tokenizer adds its special tokens.

    Args:
        mode: ``auto`` uses the tokenizer's chat template where it has one; ``on``; ``off``.

    Raises:
        HarnessError: ``on``, and the tokenizer has no template.
    """

    def __init__(self, tokenizer: Any, mode: str, name: str) -> None:
        self.tokenizer = tokenizer
        self.template = tokenizer.get_chat_template() if _has_template(tokenizer) else None
        if mode == "on" and self.template is None:
            raise HarnessError(
                f"{name}: found no chat template in its tokenizer, but the chat template is set to "
                "'on'; write --chat-template auto or off, or add a chat_template.jinja to the model"
            )
        if mode == "off":
            self.template = None
        self.system_in_prompt = False

    @property
    def template_hash(self) -> str | None:
        """What the chat template in use is known by (16 hex digits); None without one."""
        return digest(self.template)[:16] if self.template is not None else None

    def ids(self, prompt: str, system: str) -> list[int]:
        """Return the token ids of a whole prompt."""
        if self.template is not None:
            text = self._templated(prompt, system)
            return list(self.tokenizer.encode(text, add_special_tokens=False))
        return list(self.tokenizer.encode(f"{system}\n\n{prompt}" if system else prompt))

    def _templated(self, prompt: str, system: str) -> str:
        from jinja2 import TemplateError

        def apply(messages: list[dict[str, str]]) -> str:
            return str(
                self.tokenizer.apply_chat_template(
                    messages, tokenize=False, add_generation_prompt=True
                )
            )

        if system and not self.system_in_prompt:
            try:
                return apply(
                    [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
                )
            except TemplateError:
                # Some templates know no system role and say so by raising.
                self.system_in_prompt = True
        content = f"{system}\n\n{prompt}" if system else prompt
        return apply([{"role": "user", "content": content}])

    def fit(self, request: Request, limit: int | None) -> Encoded | None:
        """Return the request's token ids, at most ``limit`` of them.

        What does not fit is taken from the end of the post, so that the question after it (and
        the words before it) stay. Where the post would be left with less than a quarter of the
        room, because examples fill it, or the post does not stand in the prompt, the prompt loses
        its beginning instead. None: nothing fits.
        """
        ids = self.ids(request.prompt, request.system)
        if limit is None or len(ids) <= limit:
            return Encoded(ids)
        at = request.prompt.rfind(request.post) if request.post else -1
        if at >= 0:
            before, after = request.prompt[:at], request.prompt[at + len(request.post) :]
            kept = longest_that_fits(
                len(request.post),
                lambda size: self._fits(before + request.post[:size] + after, request, limit),
            )
            shortened = request.post[: kept or 0].rstrip()
            if kept and 4 * len(self.ids(shortened, "")) >= limit:
                prompt = before + shortened + after
                if self._fits(prompt, request, limit):
                    return Encoded(self.ids(prompt, request.system), truncated=True)
        size = len(request.prompt)
        kept = longest_that_fits(
            size, lambda tail: self._fits(request.prompt[size - tail :], request, limit)
        )
        if not kept:
            return None
        return Encoded(self.ids(request.prompt[size - kept :], request.system), truncated=True)

    def _fits(self, prompt: str, request: Request, limit: int) -> bool:
        return len(self.ids(prompt, request.system)) <= limit


def longest_that_fits(size: int, fits: Callable[[int], bool]) -> int | None:
    """Return the largest number in 0..size for which ``fits`` holds, by bisection; None if not
    even 0 does."""
    if not fits(0):
        return None
    low, high = 0, size
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _has_template(tokenizer: Any) -> bool:
    return bool(getattr(tokenizer, "chat_template", None))
