"""From requests to what a backend is given: prompts, decoding, and what does not fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from imhi import Context, HarnessError, Request
from imhi.plugins.models.lm_eval_backend import compat, compat_backends
from imhi.plugins.models.lm_eval_backend.compat import GenerationArguments, Instance


@dataclass(frozen=True)
class Item:
    """A request and what the backend is given for it. ``tokens`` are those of the prompt, None where
    they cannot be counted."""

    request: Request
    instance: Instance
    tokens: int | None
    truncated: bool


class Prompter:
    """Writes the prompts of one loaded backend. ``template`` is the chat template that is applied
    here, ``chat`` whether prompts are chat messages.

    Raises:
        HarnessError: ``--chat-template`` asks for what the backend does not have.
    """

    def __init__(self, lm: Any, name: str, backend: str, context: Context) -> None:
        self.lm = lm
        self.name = name
        self.context = context
        wanted = context.generation.chat_template
        only_chat = compat_backends.is_chat_server(type(lm))
        if only_chat and wanted == "off":
            raise HarnessError(
                f"--chat-template off: the backend {backend} takes chat messages only; use "
                "--chat-template auto, or a completions backend"
            )
        without = only_chat or wanted == "off"
        self.template = None if without else compat.template_of(lm)
        if wanted == "on" and not only_chat and self.template is None:
            raise HarnessError(
                f"--chat-template on: the model behind {name} has no chat template; use "
                "--chat-template auto or off"
            )
        self.chat = only_chat or self.template is not None

    def prompt(self, request: Request) -> Any:
        """Return what the backend is given. A system prompt without a chat template goes before
        the prompt, with a blank line between."""
        if not self.chat:
            return f"{request.system}\n\n{request.prompt}" if request.system else request.prompt
        messages = [{"role": "user", "content": request.prompt}]
        if request.system:
            messages.insert(0, {"role": "system", "content": request.system})
        chat = compat.as_chat(self.lm, messages)
        if isinstance(chat, str) and request.system and request.system.strip() not in chat:
            # lm-eval does so, with a warning, where a template refuses the role.
            self.context.note(
                f"{self.name}: its chat template takes no system prompt; lm-eval left it out"
            )
        return chat

    def generation_arguments(self) -> GenerationArguments:
        """Return lm-eval's ``gen_kwargs`` for the run's decoding settings."""
        generation = self.context.generation
        sampled = generation.temperature > 0
        arguments: GenerationArguments = {
            "until": list(generation.stop),
            "do_sample": sampled,
            "temperature": generation.temperature,
        }
        if generation.max_new_tokens is not None:
            arguments["max_gen_toks"] = generation.max_new_tokens
            if compat.is_encoder_decoder(self.lm):
                # HFLM would allow the answer the prompt's length on top; one is the start token.
                arguments["max_length"] = generation.max_new_tokens + 1
        if sampled and generation.top_p < 1:
            arguments["top_p"] = generation.top_p
        return arguments

    def _room(self) -> int | None:
        """Return how many tokens a prompt may have; None where lm-eval does not look."""
        window = compat.window_of(self.lm)
        if window is None or compat.is_encoder_decoder(self.lm):
            return window
        answer = self.context.generation.max_new_tokens or 0
        if window <= answer:
            raise HarnessError(
                f"model '{self.name}': its window has {window} tokens, --max-new-tokens asks "
                f"for {answer} and leaves none for the prompt; give a smaller --max-new-tokens"
            )
        return window - answer

    def items(self, requests: Sequence[Request]) -> list[Item]:
        """Return what the backend is given for each request; a note says what it will cut.

        Raises:
            HarnessError: the answer's length leaves no room for a prompt.
        """
        room = self._room()
        items = []
        for index, request in enumerate(requests):
            # Backends change gen_kwargs in place, so each request has its own.
            instance = Instance(self.prompt(request), self.generation_arguments(), index)
            tokens = compat.token_count(self.lm, instance.context) if room is not None else None
            too_long = room is not None and tokens is not None and tokens > room
            items.append(Item(request, instance, tokens, too_long))
        cut = Counter(item.request.dataset for item in items if item.truncated)
        for dataset, count in sorted(cut.items()):
            self.context.note(
                f"{dataset}: {count} prompts did not fit the model's window ({room} tokens beside "
                "the answer); lm-eval cut them at the start"
            )
        return items
