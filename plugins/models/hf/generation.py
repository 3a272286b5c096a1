"""Answers in text, by causal and encoder-decoder models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, Request, Response
from imhi.checkpoints import Encoded, TextPrompts, quiet, request_seed
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import answer_in_batches, padded
from imhi.plugins.models.hf.loading import Loaded


class Generator:
    """Generates for requests, the longest first: where the model's memory allows it in a batch that
    rows leave and join, else in whole batches.

    Raises:
        HarnessError: as :class:`imhi.checkpoints.TextPrompts`.
    """

    def __init__(self, loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> None:
        self.loaded = loaded
        self.arguments = arguments
        self.context = context
        self.prompts = TextPrompts(
            loaded.tokenizer,
            name,
            context,
            loaded.window,
            loaded.window_from,
            mode=arguments.chat_template,
            variables=arguments.template,
            kind=loaded.kind,
        )

        self.stretches = None
        if loaded.kind == "causal":
            from imhi.plugins.models.hf.stretches import Stretches

            self.stretches = Stretches(loaded, self.prompts, arguments, context)

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with text to each request, as they end."""
        asked, lost = self.prompts.encode(requests)
        yield from lost
        if self.stretches is not None and self.stretches.reader.able:
            asked = yield from self.stretches.answer(asked)
        lengths = [len(prompt.ids) + self.prompts.new_tokens for _, prompt in asked]
        yield from answer_in_batches(
            asked, lengths, self._answer, self.loaded, self.arguments, "prompt"
        )

    def _answer(self, batch: Sequence[tuple[Request, Encoded]]) -> list[Response]:
        """Return the response to each request of a batch, all decoded until the last has ended."""
        import torch

        from imhi.plugins.models.hf.decoding import Ending, SeededSampling, StopStrings, stream

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
            streams = [stream(request_seed(self.context.seed, request)) for request, _ in batch]
            processors.append(SeededSampling(settings.temperature, settings.top_p, streams))
        ends = facts.eos_token_id
        ends = frozenset(ends if isinstance(ends, (list, tuple)) else [ends])
        stop = StopStrings(self.loaded.tokenizer, settings.stop) if settings.stop else None
        ending = Ending(ends, stop, [0] * len(batch))
        with quiet(), torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(self.loaded.device),
                attention_mask=mask.to(self.loaded.device),
                max_new_tokens=self.prompts.new_tokens,
                # Greedy also when sampling: SeededSampling has drawn already.
                do_sample=False,
                num_beams=1,
                logits_processor=processors,
                stopping_criteria=[ending],
            )
        return [
            self.prompts.response(request, prompt, answer, ends, end if by_string else None)
            for (request, prompt), answer, end, by_string in zip(
                batch, output[:, skipped:].tolist(), ending.ended, ending.by_string, strict=True
            )
        ]

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written and answers bounded."""
        leave = self.stretches is not None and self.stretches.reader.able
        description = {
            **self.prompts.describe(),
            "unused_generation_defaults": dict(self.loaded.unused_defaults),
            "decoding": "rows leave as they end" if leave else "whole batches",
        }
        if leave and self.stretches is not None:
            description["shared_prefix_tokens"] = self.stretches.reader.shared
            description["most_rows_at_once"] = self.stretches.most_rows
        return description
