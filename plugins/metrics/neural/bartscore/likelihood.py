"""Mean token log-probability of targets given sources, under a BART model, fast.

Equal to ``-model(input_ids=source, labels=target).loss``, one pair at a time (the tests hold it to
1e-4), with less work: each text is tokenised once, each distinct source encoded once, pairs of like
length share a batch, and logits are made for real target tokens only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from imhi.checkpoints import memory_as_memory_error, run_batches
from imhi.plugins.metrics.neural.bartscore.ordering import Pair, chunks, in_order, take_batch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Source + target tokens of a batch, padding included. On a CPU bigger batches are slower
# (benchmarks/bartscore.py --batch-tokens shows it).
CPU_TOKENS = 1_024
GPU_TOKENS = 16_384
# Encoder states held at a time, in bytes; target tokens whose logits are made together, at least
# (a thousand take a tenth less time each than five hundred); and logits at a time, in numbers.
_STATES = 64 * 2**20
_POSITIONS = 1_000
_CPU_LOGITS = 2**19
_GPU_LOGITS = 2**26
# Texts handed to the tokenizer at a time: what it returns takes ten times the room of what is kept.
_TEXTS = 512


class PairScore(NamedTuple):
    """``value``: nats per target token, at most 0. Whether a side was longer than the window."""

    value: float
    source_cut: bool
    target_cut: bool


@dataclass
class TokenCounts:
    """Tokens of texts (``real``) and of what was computed, padding included: in the encoder, in the
    decoder's view of the source, and in the decoder."""

    encoded_real: int = 0
    encoded: int = 0
    attended_real: int = 0
    attended: int = 0
    target_real: int = 0
    target: int = 0


class Likelihood:
    """A BART model at work. ``window`` is the most tokens of a text, special ones included."""

    def __init__(
        self,
        model: Any,
        tokenizer: Any,
        device: str,
        window: int,
        batch_tokens: int | None = None,
        free: Callable[[], None] = lambda: None,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        self.window = window
        self.tokens = TokenCounts()
        self._budget = batch_tokens or (CPU_TOKENS if device == "cpu" else GPU_TOKENS)
        self._free = free
        weight = model.lm_head.weight
        self._held = max(window, _STATES // (weight.shape[1] * weight.element_size()))
        self._positions = _POSITIONS
        self._logits = _CPU_LOGITS if device == "cpu" else _GPU_LOGITS
        bias = model.final_logits_bias[0]
        # It is zero in nearly every checkpoint: adding it would be another pass over all logits.
        self._bias = bias if bool(bias.any()) else None

    def score(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[int, PairScore]]:
        """Yield ``(index of pair, score)`` as batches finish, in any order. No text is empty."""
        import torch

        ids, cut = self._tokenise(dict.fromkeys(text for pair in pairs for text in pair))
        place = {text: number for number, text in enumerate(ids)}
        tokens = list(ids.values())
        planned = [
            Pair(place[source], place[target], (len(ids[source]), len(ids[target])))
            for source, target in pairs
        ]
        held: list[tuple[int, Any]] = []  # pairs, and the decoder's states of their targets
        for chunk in chunks(planned, self._held):
            with torch.inference_mode():
                states = self._encode(tokens, sorted({planned[index].source for index in chunk}))
            waiting = in_order(planned, chunk)
            start = 0
            while start < len(waiting):
                batch = take_batch(planned, waiting, start, self._budget)
                start += len(batch)
                chosen = [planned[index] for index in batch]
                longest = [sum(pair.sizes) for pair in chosen]
                decoded = run_batches(
                    chosen,
                    longest,
                    partial(self._decode, tokens, states),
                    len(batch) * max(longest),
                    free=self._shrink,
                )
                held += [(batch[number], hidden) for number, hidden in decoded]
                last = start == len(waiting)
                if last or sum(len(hidden) for _, hidden in held) >= self._positions:
                    targets = [tokens[planned[index].target] for index, _ in held]
                    values = self._mean_log_probabilities([hidden for _, hidden in held], targets)
                    for (index, _), value in zip(held, values, strict=True):
                        source, target = pairs[index]
                        yield index, PairScore(value, source in cut, target in cut)
                    held = []

    def _shrink(self) -> None:
        """Halve later batches, as memory ran out for one of this size."""
        self._budget = max(1, self._budget // 2)
        self._free()

    def _tokenise(
        self, texts: Sequence[str] | dict[str, None]
    ) -> tuple[dict[str, NDArray[np.int32]], set[str]]:
        """Return the token ids of each text, shape (tokens,), special ones included, and the texts
        that were cut at their end to fit the window."""
        import numpy as np

        waiting = list(texts)
        ids: dict[str, NDArray[np.int32]] = {}
        cut = set()
        for start in range(0, len(waiting), _TEXTS):
            part = waiting[start : start + _TEXTS]
            rows = self.tokenizer(part, add_special_tokens=True, verbose=False)["input_ids"]
            for text, numbers in zip(part, rows, strict=True):
                if len(numbers) > self.window:
                    cut.add(text)
                    numbers = self.tokenizer(text, truncation=True, max_length=self.window)[
                        "input_ids"
                    ]
                ids[text] = np.array(numbers, dtype=np.int32)
        return ids, cut

    def _padded(self, rows: Sequence[Any]) -> tuple[Any, Any]:
        """Return ids padded at the end, shape (rows, longest), and their lengths, shape (rows,),
        on the device."""
        import numpy as np
        import torch

        lengths = np.array([len(row) for row in rows])
        padded = np.full((len(rows), lengths.max()), self.model.config.pad_token_id, dtype=np.int64)
        for number, row in enumerate(rows):
            padded[number, : len(row)] = row
        return (
            torch.from_numpy(padded).to(self.device),
            torch.from_numpy(lengths).to(self.device),
        )

    def _encode(self, tokens: Sequence[Any], sources: Sequence[int]) -> dict[int, Any]:
        """Return the encoder's states, shape (length, width), of each source."""
        encoder = self.model.get_encoder()
        lengths = [len(tokens[source]) for source in sources]

        def work(part: Sequence[int]) -> list[Any]:
            with memory_as_memory_error():
                ids, sizes = self._padded([tokens[source] for source in part])
                hidden = encoder(input_ids=ids, attention_mask=_mask(ids, sizes)).last_hidden_state
            self.tokens.encoded_real += sum(len(tokens[source]) for source in part)
            self.tokens.encoded += ids.numel()
            return [hidden[row, : len(tokens[source])] for row, source in enumerate(part)]

        done = run_batches(sources, lengths, work, self._budget, free=self._shrink)
        return {sources[number]: hidden for number, hidden in done}

    def _decode(
        self, tokens: Sequence[Any], states: dict[int, Any], part: Sequence[Pair]
    ) -> list[Any]:
        """Return the decoder's states of each pair's target, shape (target tokens, width)."""
        import torch

        with torch.inference_mode(), memory_as_memory_error():
            labels, _ = self._padded([tokens[pair.target] for pair in part])
            # What the decoder reads: the start token, then the target without its last token.
            inputs = labels.roll(1, dims=1)
            inputs[:, 0] = self.model.config.decoder_start_token_id
            source = torch.nn.utils.rnn.pad_sequence(
                [states[pair.source] for pair in part], batch_first=True
            )
            source_sizes = torch.tensor([pair.sizes[0] for pair in part], device=self.device)
            # No mask for the target: it is padded at the end and each token sees earlier ones only.
            hidden = self.model.get_decoder()(
                input_ids=inputs,
                encoder_hidden_states=source,
                encoder_attention_mask=_mask(source[..., 0], source_sizes),
                use_cache=False,
            ).last_hidden_state
            self.tokens.attended_real += sum(pair.sizes[0] for pair in part)
            self.tokens.attended += source.shape[0] * source.shape[1]
            self.tokens.target_real += sum(pair.sizes[1] for pair in part)
            self.tokens.target += labels.numel()
            return [hidden[row, : pair.sizes[1]] for row, pair in enumerate(part)]

    def _mean_log_probabilities(self, hidden: Sequence[Any], targets: Sequence[Any]) -> list[float]:
        """Return the mean log-probability of each target, in float64 from float32 logits, given its
        states. Many targets at once: a product of matrices is quicker the taller they are."""
        import numpy as np
        import torch

        sizes = torch.tensor([len(target) for target in targets], device=self.device)
        labels = torch.from_numpy(np.concatenate(targets).astype(np.int64)).to(self.device)
        with torch.inference_mode(), memory_as_memory_error():
            values = self._log_probabilities(torch.cat(list(hidden)), labels)
            owner = torch.arange(len(targets), device=self.device).repeat_interleave(sizes)
            sums = torch.zeros(len(targets), dtype=torch.float64, device=self.device)
            sums.index_add_(0, owner, values.double())
        return [float(value) for value in (sums / sizes).tolist()]

    def _log_probabilities(self, hidden: Any, labels: Any) -> Any:
        """Return log p of each label, shape (positions,), from states, shape (positions, width).

        The vocabulary is passed in slices whose logits stay in the processor's cache; maximum and
        sum of exponentials are carried along (the online softmax of Milakov and Gimelshein 2018,
        arXiv 1805.02867). All logits at once are as many numbers, but each pass over them goes to
        memory: that takes twice as long for a small model.
        """
        import torch

        weight = self.model.lm_head.weight
        width = max(64, self._logits // max(1, len(labels)))
        wanted = (hidden.float() * weight[labels].float()).sum(dim=1)
        if self._bias is not None:
            wanted += self._bias[labels]
        highest = torch.full_like(wanted, -torch.inf)
        total = torch.zeros_like(wanted)
        for start in range(0, weight.shape[0], width):
            logits = torch.nn.functional.linear(hidden, weight[start : start + width]).float()
            if self._bias is not None:
                logits += self._bias[start : start + width]
            higher = torch.maximum(highest, logits.amax(dim=1))
            total *= (highest - higher).exp_()
            total += logits.sub_(higher[:, None]).exp_().sum(dim=1)
            highest = higher
        return wanted - highest - total.log_()


def _mask(ids: Any, lengths: Any) -> Any:
    """Return 1 for tokens and 0 for padding, shape (rows, longest)."""
    import torch

    return (torch.arange(ids.shape[1], device=ids.device) < lengths[:, None]).long()
