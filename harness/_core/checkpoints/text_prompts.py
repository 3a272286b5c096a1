"""Prompts as token ids for an engine that writes text, and the responses made of what it writes.

What an engine needs beside this is to generate: the same prompts, the same seeds and the same reading
of tokens serve each of them, so that their answers can be compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from imhi._core.answered import take_apart
from imhi._core.checkpoints.architectures import Kind
from imhi._core.checkpoints.decoding import Decoder
from imhi._core.checkpoints.load_errors import quiet
from imhi._core.checkpoints.prompting import Encoded, Prompter
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest
from imhi._core.records import Request, Response
from imhi._core.thoughts import ends_in_thought


class TextPrompts:
    """Writes the prompts of one model, and reads the tokens it answers with.

    Args:
        window: most tokens of prompt and answer together (of an encoder-decoder: of each); None where
            the model knows no limit. ``window_from`` says who said so.
        mode: of the chat template: auto, on or off; None: the run's.
        variables: what the chat template is given besides the messages, by name.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none, the number of new
            tokens is not set, or leaves no room for a prompt.
    """

    def __init__(
        self,
        tokenizer: Any,
        name: str,
        context: Context,
        window: int | None,
        window_from: str,
        *,
        mode: str | None = None,
        variables: Mapping[str, Any] | None = None,
        kind: Kind = "causal",
    ) -> None:
        self.name = name
        self.context = context
        self.window = window
        self.window_from = window_from
        self.kind = kind
        settings = context.generation
        self.prompter = Prompter(tokenizer, mode or settings.chat_template, name, variables)
        self.thought_formats = tuple(context.registry.thought_formats)
        self.decoder = Decoder(tokenizer, self.thought_formats)
        if settings.max_new_tokens is None:
            raise HarnessError(f"{name}: max_new_tokens is not set; give --max-new-tokens N")
        self.new_tokens: int = settings.max_new_tokens
        self.limit = self._prompt_limit()

    def _prompt_limit(self) -> int | None:
        if self.window is None:
            return None
        # An encoder-decoder reads the prompt and writes the answer in separate windows.
        room = self.window - self.new_tokens if self.kind == "causal" else self.window
        if room < 1 or self.new_tokens > self.window:
            raise HarnessError(
                f"{self.name}: {self.new_tokens} new tokens do not fit its window of {self.window} "
                f"tokens ({self.window_from}); write --max-new-tokens below that, or "
                "max_length=N if the model can take more"
            )
        return room

    def encode(
        self, requests: Sequence[Request]
    ) -> tuple[list[tuple[Request, Encoded]], list[Response]]:
        """Return the requests with their prompts, and a failed response to each that does not fit; a
        note says how many prompts were shortened."""
        with quiet():  # prompts that are too long are counted below
            encoded = [(request, self.prompter.fit(request, self.limit)) for request in requests]
        asked = [(request, prompt) for request, prompt in encoded if prompt is not None]
        why = (
            f"the system prompt or chat template alone exceeds the {self.limit} tokens the "
            "model has for prompts"
        )
        lost = [failed(request, why) for request, prompt in encoded if prompt is None]
        if count := sum(prompt.truncated for _, prompt in asked):
            self.context.note(
                f"{self.name}: {count} of {len(requests)} prompts were longer than the {self.limit} "
                f"tokens there is room for (window {self.window}, {self.window_from}) and "
                "were shortened, the post first; their responses are marked truncated"
            )
        if self.prompter.system_in_prompt:
            self.context.note(
                f"{self.name}: its chat template takes no system prompt; it stands before the "
                "prompt instead"
            )
        return asked, lost

    def response(
        self,
        request: Request,
        prompt: Encoded,
        tokens: Sequence[int],
        ends: Collection[int],
        stopped: int | None = None,
    ) -> Response:
        """Return the response that the tokens of an answer are.

        Args:
            tokens: without those of the prompt; what stands after its end is left out.
            ends: the tokens that end an answer.
            stopped: after so many tokens a stop string stood in the answer.
        """
        answer, reason = list(tokens), "length"
        if stopped is not None:
            answer, reason = answer[:stopped], "stop"
        for position, token in enumerate(answer):
            if token in ends:
                answer, reason = answer[: position + 1], "stop"
                break
        response = Response(
            request.id,
            request.dataset,
            request.prompt_hash,
            text=cut_at(self.decoder.text(answer), self.context.generation.stop),
            finish_reason=reason,
            prompt_tokens=len(prompt.ids),
            completion_tokens=len(answer),
            truncated=prompt.truncated,
            thought_open=self._opens_thought(prompt),
        )
        return self._with_thought_counted(response)

    def _opens_thought(self, prompt: Encoded) -> bool:
        """Say whether the chat template has opened a thought that the answer goes on with."""
        causal = self.kind == "causal"
        return causal and ends_in_thought(self.decoder.end(prompt.ids), self.thought_formats)

    def _with_thought_counted(self, response: Response) -> Response:
        (parts,) = take_apart([response], self.thought_formats)
        if not parts.thought:
            return response
        made = response.completion_tokens or 0
        # Written anew a text may have more tokens than it was made of.
        counted = min(self.decoder.count(parts.thought), made) if parts.text else made
        return replace(response, thought_tokens=counted)

    def describe(self) -> dict[str, object]:
        """Return what a manifest holds about how prompts are written and answers bounded."""
        return {**self.prompter.describe(), "max_new_tokens": self.new_tokens}


def failed(request: Request, error: str) -> Response:
    """Return the response to a request that cannot be answered."""
    return Response(request.id, request.dataset, request.prompt_hash, error=error)


def request_seed(seed: int, request: Request) -> int:
    """Return what the draws for one request are seeded with, whatever batch it is in: in [0, 2**60)."""
    return int(digest([seed, request.dataset, request.id, request.prompt_hash])[:15], 16)


def cut_at(text: str, strings: Sequence[str]) -> str:
    """Return the text up to the first stop string in it."""
    for string in strings:
        text = text.split(string)[0]
    return text
