"""The metric ``similarity`` at work: pairs of texts encoded, compared, counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imhi import Context, Example, Measure, Prediction, Response, answer_format
from imhi.plugins.metrics.neural.pair_cache import Pair, PairCache, Steps
from imhi.plugins.metrics.neural.similarity.arguments import SimilarityArguments
from imhi.plugins.metrics.neural.similarity.encoder import SentenceEncoder

if TYPE_CHECKING:
    from imhi import Measure

CHUNK = 512  # pairs encoded and kept at a time


class Similarity:
    """The metric at work: one model for all datasets of all runs of a command."""

    def __init__(self, arguments: SimilarityArguments) -> None:
        self.encoder = SentenceEncoder(
            arguments.model,
            arguments.revision,
            arguments.device,
            arguments.batch_tokens,
            arguments.safetensors,
        )
        self.with_post = arguments.post

    def __call__(
        self,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        """Return the similarity with the reference and, where asked for, with the post."""
        if not examples:
            return []
        texts = [answer_format.explanation_of(response.text) for response in responses]
        references = [example.explanation for example in examples]
        columns = {"similarity": references}
        if self.with_post:
            columns["post_similarity"] = [example.post for example in examples]
        pairs = [
            (text, other)
            for others in columns.values()
            for text, other in zip(texts, others, strict=True)
            if text.strip() and other.strip()
        ]
        cache = PairCache(
            "similarity", context.cache.open("similarity", {"encoder": self.encoder.identity})
        )

        def compute(missing: list[Pair]) -> Steps:
            return len(missing), self._compute(missing, {*references})

        cache.fill(pairs, compute, context, examples[0].dataset, len(examples))
        return [
            self._measure(name, texts, others, cache, context) for name, others in columns.items()
        ]

    def close(self) -> None:
        """Free the model."""
        self.encoder.close()

    def _compute(
        self, pairs: Sequence[Pair], references: set[str]
    ) -> Iterator[tuple[Pair, list[Any]]]:
        """Yield pairs with their cosine and whether either text was cut."""
        for start in range(0, len(pairs), CHUNK):
            chunk = pairs[start : start + CHUNK]
            encoded = self.encoder.encode({text for pair in chunk for text in pair}, references)
            for pair in chunk:
                (a, a_cut), (b, b_cut) = (encoded[text] for text in pair)
                yield pair, [round(float(a @ b), 6), a_cut, b_cut]

    def _measure(
        self,
        name: str,
        texts: Sequence[str],
        others: Sequence[str],
        cache: PairCache,
        context: Context,
    ) -> Measure:
        values: list[float | None] = []
        what = "posts" if name == "post_similarity" else "references"
        cut = {"explanations": 0, what: 0}
        negative = 0
        for text, other in zip(texts, others, strict=True):
            if not other.strip():
                values.append(None)
            elif not text.strip():
                values.append(0.0)
            else:
                cosine, text_cut, other_cut = cache[text, other]
                values.append(100 * min(max(cosine, 0.0), 1.0))
                negative += cosine < 0
                cut["explanations"] += text_cut
                cut[what] += other_cut
        for kind, count in cut.items():
            context.count(
                f"{name}: {kind} longer than the model's window, which were cut: {{n}}", count
            )
        unexplained = sum(
            value is not None and not text.strip()
            for value, text in zip(values, texts, strict=True)
        )
        context.count(f"{name}: missing or empty explanations, which score 0: {{n}}", unexplained)
        details: dict[str, Any] = {
            "model": self.encoder.checkpoint.written,
            "identity": self.encoder.identity,
            "library": f"sentence-transformers {_version()}",
            "empty": sum(not text.strip() for text in texts),
            f"without_{what}": values.count(None),
            "negative": negative,
            **{f"{kind}_truncated": count for kind, count in cut.items()},
        }
        return Measure.mean(name, values, headline=name == "similarity", **details)


def _version() -> str:
    from importlib.metadata import version

    return version("sentence-transformers")
