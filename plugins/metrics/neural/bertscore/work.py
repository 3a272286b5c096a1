"""What scoring pairs takes: references encoded and stored, candidates encoded, both matched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imhi import digest
from imhi.checkpoints import token_batches
from imhi.plugins.metrics.neural.bertscore.encoder import Encoder, Text
from imhi.plugins.metrics.neural.bertscore.matching import match
from imhi.plugins.metrics.neural.bertscore.store import EmbeddingStore
from imhi.plugins.metrics.neural.pair_cache import Pair

if TYPE_CHECKING:
    from imhi.plugins.metrics.neural.bertscore.store import Block

# Candidates whose references are encoded together, before they are: enough that texts of like
# length stand together; what is lost when the command is killed is at most this many references.
_BLOCK = 512
# Tokens of candidates held in memory at a time (16 MB at width 1024), if a batch is no bigger; and
# of each side of a matching batch.
_HELD_TOKENS = 8_192
_MATCH_TOKENS = 4_096


@dataclass(frozen=True)
class PairScore:
    """Raw scores of one pair. ``remarks`` holds ``candidate cut``, ``reference cut`` (longer than
    the window), ``no tokens`` (nothing to compare: 0), ``no weight`` (all idf weights 0: 0)."""

    scores: tuple[float, float, float]
    remarks: tuple[str, ...] = ()

    def to_json(self) -> list[Any]:
        """Return the values that are kept: the scores, then the remarks."""
        return [*self.scores, *self.remarks]

    @staticmethod
    def from_json(value: list[Any]) -> PairScore:
        """Return the score behind kept values."""
        precision, recall, f1, *remarks = value
        return PairScore((precision, recall, f1), tuple(remarks))


NOTHING = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Work:
    """What encoding and matching share: every text read once, by its wording. Pairs are reference
    and candidate; ``unseen`` is the number of references still to be encoded."""

    encoder: Encoder
    store: EmbeddingStore
    texts: Mapping[str, Text]
    idf: Mapping[int, float] | None
    unseen: int

    def run(self, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, list[Any]] | None]:
        """Yield pairs with what is kept of them as they are known; None for each reference
        encoded."""
        by_candidate: dict[str, list[str]] = {}
        for reference, candidate in pairs:
            by_candidate.setdefault(candidate, []).append(reference)
        # By length, then by content: batches, and so the last digits, do not hang on the order of
        # rows.
        order = sorted(by_candidate, key=lambda text: (-len(self.texts[text].ids), digest(text)))
        for start in range(0, len(order), _BLOCK):
            block = order[start : start + _BLOCK]
            for _ in self.keep([r for candidate in block for r in by_candidate[candidate]]):
                yield None
            for part in _windows(block, self.texts, max(_HELD_TOKENS, self.encoder.batch_tokens)):
                wanted = [(r, candidate) for candidate in part for r in by_candidate[candidate]]
                for pair, score in self.match(wanted, self.embed(part)):
                    yield pair, score.to_json()

    def keep(self, references: Sequence[str]) -> Iterator[None]:
        """Encode the references that are not in the store, and put them there."""
        missing = [
            text
            for text in sorted(set(references))
            if not self.texts[text].empty and digest(text) not in self.store
        ]
        for index, block in self.encoder.encode([self.texts[text] for text in missing]):
            self.store.put(digest(missing[index]), block)
            yield

    def embed(self, candidates: Sequence[str]) -> dict[str, Block]:
        """Return the embeddings of candidates, shape (tokens, width) each; one that is a reference
        too is not encoded again."""
        embedded, missing = {}, []
        for text in candidates:
            key = digest(text)
            if key in self.store:
                embedded[text] = self.store.get(key)
            elif not self.texts[text].empty:
                missing.append(text)
        for index, block in self.encoder.encode([self.texts[text] for text in missing]):
            embedded[missing[index]] = block
        return embedded

    def match(
        self, pairs: Sequence[Pair], embedded: Mapping[str, Block]
    ) -> Iterator[tuple[Pair, PairScore]]:
        """Yield the score of each pair; ``embedded`` holds the candidates, shape (tokens, width)
        each, and references are read from the store a batch at a time."""
        import torch

        weights = {
            text: self.encoder.weights(self.texts[text], self.idf)
            for text in dict.fromkeys(text for pair in pairs for text in pair)
        }
        comparable = []
        for pair in pairs:
            if self.texts[pair[0]].empty or self.texts[pair[1]].empty:
                yield pair, PairScore(NOTHING, (*self._cuts(pair), "no tokens"))
            elif not (weights[pair[0]].sum() > 0 and weights[pair[1]].sum() > 0):
                yield pair, PairScore(NOTHING, (*self._cuts(pair), "no weight"))
            else:
                comparable.append(pair)
        lengths = [max(len(self.texts[r].ids), len(self.texts[c].ids)) for r, c in comparable]
        for batch in token_batches(lengths, _MATCH_TOKENS):
            some = [comparable[index] for index in batch]
            scores = match(
                [torch.from_numpy(embedded[candidate]) for _, candidate in some],
                [torch.from_numpy(self.store.get(digest(reference))) for reference, _ in some],
                [weights[candidate] for _, candidate in some],
                [weights[reference] for reference, _ in some],
                self.encoder.device,
            )
            for pair, score in zip(some, scores, strict=True):
                yield pair, PairScore(score, self._cuts(pair))

    def _cuts(self, pair: Pair) -> tuple[str, ...]:
        sides = zip(("reference cut", "candidate cut"), pair, strict=True)
        return tuple(name for name, text in sides if self.texts[text].cut)


def _windows(
    candidates: Sequence[str], texts: Mapping[str, Text], most: int
) -> Iterator[list[str]]:
    """Split candidates into parts of at most so many tokens (a longer text stands alone)."""
    part: list[str] = []
    held = 0
    for text in candidates:
        held += len(texts[text].ids)
        if part and held > most:
            yield part
            part, held = [], len(texts[text].ids)
        part.append(text)
    if part:
        yield part
