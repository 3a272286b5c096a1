"""Answers in text, by causal and encoder-decoder models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, Request, Response
from imhi.checkpoints import Encoded, TextPrompts, quiet, request_seed
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import answer_in_batches
from imhi.plugins.models.hf.loading import Loaded


class Generator:
    """Generates for requests in batches, longest first.

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

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with text to each request, as batches finish."""
        asked, lost = self.prompts.encode(requests)
        yield from lost
        lengths = [len(prompt.ids) + self.prompts.new_tokens for _, prompt in asked]
        yield from answer_in_batches(
            asked, lengths, self._answer, self.loaded, self.arguments, "prompt"
        )

    def _answer(self, batch: Sequence[tuple[Request, Encoded]]) -> list[Response]:
        """Return the response to each request of a batch."""
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
            seeds = [request_seed(self.context.seed, request) for request, _ in batch]
            processors.append(SeededSampling(settings.temperature, settings.top_p, seeds))
        stop = None
        if settings.stop:
            stop = StopStrings(self.loaded.tokenizer, settings.stop, len(batch), skipped)
        with quiet(), torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(self.loaded.device),
                attention_mask=mask.to(self.loaded.device),
                max_new_tokens=self.prompts.new_tokens,
                # Greedy also when sampling: SeededSampling has drawn already.
                do_sample=False,
                num_beams=1,
                logits_processor=processors,
                stopping_criteria=[stop] if stop else [],
            )
        stopped = stop.ended if stop else [None] * len(batch)
        ends = facts.eos_token_id
        ends = set(ends if isinstance(ends, (list, tuple)) else [ends])
        return [
            self.prompts.response(request, prompt, answer, ends, end)
            for (request, prompt), answer, end in zip(
                batch, output[:, skipped:].tolist(), stopped, strict=True
            )
        ]

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written and answers bounded."""
        unused = dict(self.loaded.unused_defaults)
        return {**self.prompts.describe(), "unused_generation_defaults": unused}


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
