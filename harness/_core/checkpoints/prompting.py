"""From a request to token ids: chat template, system prompt, and what happens to a long post."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from imhi._core.checkpoints.template_variables import checked_variables
from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest
from imhi._core.label_choice import seam
from imhi._core.records import Request


@dataclass(frozen=True)
class Encoded:
    """A prompt as token ids; ``truncated`` where it had to be shortened to fit."""

    ids: list[int]
    truncated: bool = False


@dataclass(frozen=True)
class Continued:
    """A prompt and the wordings that may follow it, as token ids; ``truncated`` where the prompt had
    to be shortened to fit."""

    ids: list[int]
    continuations: list[list[int]]
    truncated: bool = False

    @property
    def longest(self) -> int:
        """The tokens of the longest wording."""
        return max(map(len, self.continuations))


class Prompter:
    """Makes token ids of requests.

    With a chat template the messages are the system prompt, if there is one, and the prompt; the
    template's own text holds the special tokens, so none are added. Without one, a system prompt
    stands before the prompt, with a blank line between, and the tokenizer adds its special tokens.

    Args:
        mode: ``auto`` uses the tokenizer's chat template where it has one; ``on``; ``off``.
        variables: what the chat template is given besides the messages, by name.

    Raises:
        HarnessError: ``on``, and the tokenizer has no template; a variable, and the template does
            not read it, or none is in use.
    """

    def __init__(
        self, tokenizer: Any, mode: str, name: str, variables: Mapping[str, Any] | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.name = name
        self.template = tokenizer.get_chat_template() if _has_template(tokenizer) else None
        if mode == "on" and self.template is None:
            raise HarnessError(
                f"{name}: found no chat template in its tokenizer, but the chat template is set to "
                "'on'; write --chat-template auto or off, or add a chat_template.jinja to the model"
            )
        if mode == "off":
            self.template = None
        self.variables = checked_variables(variables or {}, tokenizer, self.template, name)
        self.system_in_prompt = False

    @property
    def template_hash(self) -> str | None:
        """What the chat template in use is known by (16 hex digits); None without one."""
        return digest(self.template)[:16] if self.template is not None else None

    def describe(self) -> dict[str, object]:
        """Return what a manifest holds about how prompts are written."""
        described: dict[str, object] = {"chat_template": self.template_hash or "not used"}
        return described | ({"template_variables": self.variables} if self.variables else {})

    def ids(self, prompt: str, system: str) -> list[int]:
        """Return the token ids of a whole prompt."""
        return self._encoded(self.text(prompt, system))

    def text(self, prompt: str, system: str) -> str:
        """Return a whole prompt: as the chat template writes it, or after the system prompt."""
        if self.template is not None:
            return self._templated(prompt, system)
        return f"{system}\n\n{prompt}" if system else prompt

    def _encoded(self, text: str) -> list[int]:
        # The template's own text holds the special tokens.
        special = self.template is None
        return list(self.tokenizer.encode(text, add_special_tokens=special))

    def _templated(self, prompt: str, system: str) -> str:
        if system and not self.system_in_prompt:
            try:
                return self._apply(
                    [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
                )
            except Exception:
                # Some templates know no system role and say so by raising; where that was not why, the
                # message below is not written either.
                self.system_in_prompt = True
        content = f"{system}\n\n{prompt}" if system else prompt
        try:
            return self._apply([{"role": "user", "content": content}])
        except Exception as error:
            # A template is a program: it may raise on purpose, or anything Python does.
            place = getattr(self.tokenizer, "name_or_path", "") or "its file"
            why = " ".join(str(error).split())[:200]
            raise HarnessError(
                f"{self.name}: the chat template of {place} cannot write a prompt "
                f"({type(error).__name__}: {why}), expected one that takes a message of the user; correct "
                "it (chat_template.jinja, or chat_template in tokenizer_config.json), or write "
                "--chat-template off"
            ) from None

    def _apply(self, messages: list[dict[str, str]]) -> str:
        return str(
            self.tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=True, **self.variables
            )
        )

    def fit(self, request: Request, limit: int | None) -> Encoded | None:
        """Return the request's token ids, at most ``limit`` of them; None: nothing fits.

        See :meth:`fitted` for what is left out.
        """
        ids = self.ids(request.prompt, request.system)
        if limit is None or len(ids) <= limit:
            return Encoded(ids)
        found = self.fitted(request, limit)
        if found is None:
            return None
        prompt, truncated = found
        return Encoded(self.ids(prompt, request.system), truncated)

    def continued(
        self, request: Request, window: int | None, *, encoder_decoder: bool = False
    ) -> Continued | None:
        """Return the token ids of a prompt and of each wording of ``request.choices``.

        As lm-evaluation-harness has it (:func:`imhi._core.label_choice.seam`): prompt and wording
        are encoded as one text, of which what goes beyond the prompt's own tokens is the wording's;
        for an encoder-decoder apart. None: no prompt fits the window of so many tokens beside the
        longest wording.
        """

        def apart(text: str) -> list[int]:
            return list(self.tokenizer.encode(text, add_special_tokens=False))

        wordings = list(request.choices.values())
        limit = window
        if window is not None and not encoder_decoder:
            limit = window - max(len(apart(f" {wording}")) for wording in wordings) - 1
        found = self.fitted(request, limit) if limit is None or limit > 0 else None
        if found is None:
            return None
        prompt, truncated = found
        context = self.text(prompt, request.system)
        chat = self.template is not None
        before, ids, continuations = "", [], []
        for wording in wordings:
            start, follows = seam(context, wording, chat=chat, encoder_decoder=encoder_decoder)
            if start != before:
                before, ids = start, self._encoded(start)
            whole = [] if encoder_decoder else self._encoded(start + follows)
            continuations.append(whole[len(ids) :] or apart(follows))
        return Continued(ids, continuations, truncated)

    def fitted(self, request: Request, limit: int | None) -> tuple[str, bool] | None:
        """Return the request's prompt, of at most ``limit`` tokens, and whether it was shortened.

        What does not fit is taken from the end of the post, so that the question after it (and
        the words before it) stay. Where the post would be left with less than a quarter of the
        room, because examples fill it, or the post does not stand in the prompt, the prompt loses
        its beginning instead. None: nothing fits.
        """
        if limit is None or self._fits(request.prompt, request, limit):
            return request.prompt, False
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
                    return prompt, True
        size = len(request.prompt)
        kept = longest_that_fits(
            size, lambda tail: self._fits(request.prompt[size - tail :], request, limit)
        )
        if not kept:
            return None
        return request.prompt[size - kept :], True

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
