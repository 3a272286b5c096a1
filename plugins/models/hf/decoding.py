"""How the next token is chosen and when an answer ends, the same for a request in any batch.

transformers draws samples for a whole batch from one random stream, so an answer would depend on
its neighbours and on the batch size. Here each request has its own stream: Gumbel noise added to
the scaled scores, then the highest score, is exactly a draw from their softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


class SeededSampling:
    """A logits processor: temperature, nucleus (``top_p``), and a draw per row from its own seed.

    To be used with greedy choice. ``seeds`` has one whole number per row of the batch.
    """

    def __init__(self, temperature: float, top_p: float, seeds: Sequence[int]) -> None:
        self.temperature = temperature
        self.top_p = top_p
        self.streams = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return noisy scores, shape (rows, vocabulary) as given."""
        scaled = scores.float() / self.temperature
        if self.top_p < 1.0:
            scaled = self._nucleus(scaled)
        # Drawn on the CPU, so that the same seed means the same answer on every device.
        noise = torch.stack(
            [
                torch.empty(scaled.shape[1]).exponential_(generator=stream).log_().neg_()
                for stream in self.streams
            ]
        )
        return scaled + noise.to(scaled.device)

    def _nucleus(self, scaled: torch.Tensor) -> torch.Tensor:
        """Keep the most likely tokens whose probabilities reach top_p, at least one."""
        ordered, order = scaled.sort(dim=-1, descending=True, stable=True)
        before = ordered.softmax(dim=-1).cumsum(dim=-1) - ordered.softmax(dim=-1)
        dropped = (before >= self.top_p).scatter(1, order, before >= self.top_p)
        return scaled.masked_fill(dropped, -torch.inf)


class StopStrings:
    """A stopping criterion: a row ends when a stop string stands in its answer.

    Only the answer counts, never the prompt. ``ended[row]`` is the answer's length in tokens when
    that happened, None before.
    """

    def __init__(
        self, tokenizer: Any, strings: Sequence[str], rows: int, prompt_length: int
    ) -> None:
        self.tokenizer = tokenizer
        self.strings = tuple(strings)
        self.prompt_length = prompt_length
        self.ended: list[int | None] = [None] * rows
        # A token has at least one byte, so this many tokens cover a stop string; one more, since
        # the last may only begin with its end, and a few for the word mark of the first.
        self.tail = max(len(string.encode()) for string in strings) + 4

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        answers = input_ids[:, self.prompt_length :]
        length = answers.shape[1]
        for row, answer in enumerate(answers[:, -self.tail :].tolist()):
            if self.ended[row] is None:
                text = self.tokenizer.decode(answer, skip_special_tokens=True)
                if any(string in text for string in self.strings):
                    self.ended[row] = length
        return torch.tensor([end is not None for end in self.ended], device=input_ids.device)
