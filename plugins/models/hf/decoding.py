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

    To be used with greedy choice. There is one stream per row of the batch (:func:`stream`); it
    goes on where it is, so a row may be moved into another batch between two tokens.
    """

    def __init__(
        self, temperature: float, top_p: float, streams: Sequence[torch.Generator]
    ) -> None:
        self.temperature = temperature
        self.top_p = top_p
        self.streams = streams

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


def stream(seed: int) -> torch.Generator:
    """Return the random numbers of one request."""
    return torch.Generator().manual_seed(seed)


class StopStrings:
    """Says when a stop string stands in an answer, without decoding at each step: an answer is
    decoded where its last token may hold the end of a stop string."""

    def __init__(self, tokenizer: Any, strings: Sequence[str]) -> None:
        self.tokenizer = tokenizer
        self.strings = tuple(strings)
        self.last = {string[-1] for string in strings}
        # A token has at least one byte, so this many tokens cover a stop string; one more, since
        # the last may only begin with its end, and a few for the word mark of the first.
        self.tail = max(len(string.encode()) for string in strings) + 4
        self._may_end: dict[int, bool] = {}

    def may_end(self, token: int) -> bool:
        """Say whether a stop string can be complete with this token and not without it."""
        if token not in self._may_end:
            # Twice: the first loses the space before its word in some tokenizers.
            text = self.tokenizer.decode([token, token])
            # A part of a character, which others complete, is shown so.
            self._may_end[token] = "\ufffd" in text or not self.last.isdisjoint(text)
        return self._may_end[token]

    def stands_in(self, end: Sequence[int]) -> bool:
        """Say whether one stands in the last tokens of an answer; ``tail`` of them are enough."""
        text = self.tokenizer.decode(end, skip_special_tokens=True)
        return any(string in text for string in self.strings)


class Ending:
    """A stopping criterion that knows which rows have ended, by a token or by a stop string.

    ``ended[row]`` is the answer's length in tokens when that happened, None before; ``by_string[row]``
    says whether it was by a stop string. Only the answer counts, never the prompt.

    Args:
        ends: the tokens that end an answer.
        made: how many tokens of each row's answer are there already.
        waste: end all rows as soon as those that have ended took so many steps in vain, counted in
            steps of the whole batch; None: as soon as the last has ended.
    """

    def __init__(
        self,
        ends: frozenset[int],
        stop: StopStrings | None,
        made: Sequence[int],
        waste: float | None = None,
    ) -> None:
        self.ends = ends
        self.stop = stop
        self.made = made
        self.waste = waste
        self.steps = 0
        self.ended: list[int | None] = [None] * len(made)
        self.by_string = [False] * len(made)
        self._in_vain = 0

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """Return which rows are to end, of shape (rows,)."""
        self.steps += 1
        for row, token in enumerate(input_ids[:, -1].tolist()):
            if self.ended[row] is None:
                length = self.made[row] + self.steps
                self.by_string[row] = self._stopped(input_ids[row], token, length)
                if token in self.ends or self.by_string[row]:
                    self.ended[row] = length
        ended = torch.tensor([length is not None for length in self.ended])
        self._in_vain += int(ended.sum())
        if self.waste is not None and self._in_vain >= self.waste * len(ended):
            ended[:] = True
        return ended.to(input_ids.device)

    def _stopped(self, ids: torch.Tensor, token: int, length: int) -> bool:
        if self.stop is None or not self.stop.may_end(token):
            return False
        return self.stop.stands_in(ids[-min(length, self.stop.tail) :].tolist())
