"""Answers in text, by causal and encoder-decoder models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from imhi import (
    Context,
    HarnessError,
    Request,
    Response,
    digest,
    ends_in_thought,
    take_apart,
)
from imhi.checkpoints import Decoder, Encoded, Prompter, quiet
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import answer_in_batches, failed
from imhi.plugins.models.hf.loading import Loaded


class Generator:
    """Generates for requests in batches, longest first.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none, the number of new
            tokens is not set, or leaves no room for a prompt.
    """

    def __init__(self, loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> None:
        self.loaded = loaded
        self.name = name
        self.arguments = arguments
        self.context = context
        settings = context.generation
        self.prompter = Prompter(
            loaded.tokenizer,
            arguments.chat_template or settings.chat_template,
            name,
            arguments.template,
        )
        self.thought_formats = tuple(context.registry.thought_formats)
        self.decoder = Decoder(loaded.tokenizer, self.thought_formats)
        if settings.max_new_tokens is None:
            raise HarnessError(f"{name}: max_new_tokens is not set; give --max-new-tokens N")
        self.new_tokens: int = settings.max_new_tokens
        self.limit = self._prompt_limit()

    def _prompt_limit(self) -> int | None:
        window = self.loaded.window
        if window is None:
            return None
        # An encoder-decoder reads the prompt and writes the answer in separate windows.
        room = window - self.new_tokens if self.loaded.kind == "causal" else window
        if room < 1 or self.new_tokens > window:
            raise HarnessError(
                f"{self.name}: {self.new_tokens} new tokens do not fit its window of {window} "
                f"tokens ({self.loaded.window_from}); write --max-new-tokens below that, or "
                "max_length=N if the model can take more"
            )
        return room

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with text to each request, as batches finish."""
        with quiet():  # prompts that are too long are counted below
            encoded = [self.prompter.fit(request, self.limit) for request in requests]
        fitting = []
        for request, prompt in zip(requests, encoded, strict=True):
            if prompt is not None:
                fitting.append((request, prompt))
                continue
            yield failed(
                request,
                f"the system prompt or chat template alone exceeds the {self.limit} tokens the "
                "model has for prompts",
            )
        self._note_truncated([prompt for _, prompt in fitting], len(requests))
        if self.prompter.system_in_prompt:
            self.context.note(
                f"{self.name}: its chat template takes no system prompt; it stands before the "
                "prompt instead"
            )
        lengths = [len(prompt.ids) + self.new_tokens for _, prompt in fitting]
        yield from answer_in_batches(
            fitting, lengths, self._answer, self.loaded, self.arguments, "prompt"
        )

    def _note_truncated(self, encoded: Sequence[Encoded], total: int) -> None:
        count = sum(prompt.truncated for prompt in encoded)
        if count:
            self.context.note(
                f"{self.name}: {count} of {total} prompts were longer than the {self.limit} tokens "
                f"there is room for (window {self.loaded.window}, {self.loaded.window_from}) and "
                "were shortened, the post first; their responses are marked truncated"
            )

    def _answer(self, batch: Sequence[tuple[Request, Encoded]]) -> list[Response]:
        return [
            self._with_thought_counted(
                Response(
                    request.id,
                    request.dataset,
                    request.prompt_hash,
                    text=text,
                    finish_reason=reason,
                    prompt_tokens=len(prompt.ids),
                    completion_tokens=count,
                    truncated=prompt.truncated,
                    thought_open=self._opens_thought(prompt),
                )
            )
            for (request, prompt), (text, count, reason) in zip(
                batch, self._decode(batch), strict=True
            )
        ]

    def _opens_thought(self, prompt: Encoded) -> bool:
        """Say whether the chat template has opened a thought that the answer goes on with."""
        causal = self.loaded.kind == "causal"
        return causal and ends_in_thought(self.decoder.end(prompt.ids), self.thought_formats)

    def _with_thought_counted(self, response: Response) -> Response:
        (parts,) = take_apart([response], self.thought_formats)
        if not parts.thought:
            return response
        made = response.completion_tokens or 0
        # Written anew a text may have more tokens than it was made of.
        counted = min(self.decoder.count(parts.thought), made) if parts.text else made
        return replace(response, thought_tokens=counted)

    def _decode(self, batch: Sequence[tuple[Request, Encoded]]) -> list[tuple[str, int, str]]:
        """Return (text, completion tokens, finish reason) per request."""
        import torch

        from imhi.plugins.models.hf.decoding import SeededSampling, StopStrings

        settings = self.context.generation
        model = self.loaded.model
        facts = model.generation_config
        ids, mask = padded(
            [prompt.ids for _, prompt in batch],
            facts.pad_token_id,
            left=self.loaded.kind == "causal",
        )
        # An encoder-decoder's output begins with its start token alone.
        skipped = ids.shape[1] if self.loaded.kind == "causal" else 1
        processors: list[Any] = []
        if settings.temperature > 0:
            seeds = [seed_of(self.context.seed, request) for request, _ in batch]
            processors.append(SeededSampling(settings.temperature, settings.top_p, seeds))
        stop = None
        if settings.stop:
            stop = StopStrings(self.loaded.tokenizer, settings.stop, len(batch), skipped)
        with quiet(), torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(self.loaded.device),
                attention_mask=mask.to(self.loaded.device),
                max_new_tokens=self.new_tokens,
                # Greedy also when sampling: SeededSampling has drawn already.
                do_sample=False,
                num_beams=1,
                logits_processor=processors,
                stopping_criteria=[stop] if stop else [],
            )
        ended = stop.ended if stop else [None] * len(batch)
        return [
            self._read(answer, end)
            for answer, end in zip(output[:, skipped:].tolist(), ended, strict=True)
        ]

    def _read(self, answer: list[int], stopped: int | None) -> tuple[str, int, str]:
        from imhi.plugins.models.hf.decoding import cut_at

        ends = self.loaded.model.generation_config.eos_token_id
        ends = set(ends if isinstance(ends, (list, tuple)) else [ends])
        reason = "length"
        if stopped is not None:
            answer, reason = answer[:stopped], "stop"
        for position, token in enumerate(answer):
            if token in ends:
                answer, reason = answer[: position + 1], "stop"
                break
        text = self.decoder.text(answer)
        return cut_at(text, self.context.generation.stop), len(answer), reason

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written and answers bounded."""
        return {
            **self.prompter.describe(),
            "max_new_tokens": self.new_tokens,
            "unused_generation_defaults": dict(self.loaded.unused_defaults),
        }


def seed_of(seed: int, request: Request) -> int:
    """Return what the draws for one request are seeded with, whatever batch it is in."""
    return int(digest([seed, request.dataset, request.id, request.prompt_hash])[:15], 16)


def padded(rows: Sequence[Sequence[int]], pad: int, left: bool) -> tuple[Any, Any]:
    """Return token ids and attention mask, both of shape (rows, longest row), int64."""
    import torch

    longest = max(len(row) for row in rows)
    ids, mask = [], []
    for row in rows:
        filling = longest - len(row)
        padding, gap = [pad] * filling, [0] * filling
        ids.append([*padding, *row] if left else [*row, *padding])
        mask.append([*gap, *[1] * len(row)] if left else [*[1] * len(row), *gap])
    return torch.tensor(ids), torch.tensor(mask)
