"""The metric ``grounding``: does what the explanation names and quotes stand in the post?

``grounding`` is the weighted share of the explanation's content words (stems, each counted once)
that the post has too. A word weighs ``ln((1 + n) / df)``: n reference explanations in the dataset,
df of them with the word, at least 1 (inverse document frequency, Sparck Jones 1972, smoothed so
that no weight is 0). So the stock phrases of explanations count next to nothing, and naming what
only this post says counts most; and since the references are the same for all models, so is the
ruler. Without references the model's own explanations give the weights. Words of the question and
of the labels do not count. It is a test of wording: a paraphrase in other words is not seen, nor
is a true word in a false sentence.

``quoted`` is the share of quoted spans that the post has, over the explanations that quote: where
nothing is quoted, as in an empty explanation, it has no value, and the details count those.

With ``evidence``, IRF gets ``evidence_recall`` (share of the content words of a person's evidence
span that the explanation names) and ``evidence_precision`` (share of the post's content words
that the explanation names which lie in the span), on rows that have a span.

All 0 to 100. An empty explanation scores 0 in all but ``quoted``.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imhi import Context, Example, Prediction, Response, answer_format
from imhi.plugins.metrics.faithfulness.evidence import Evidence, read_evidence
from imhi.plugins.metrics.faithfulness.quotes import quoted_spans, stands_in
from imhi.plugins.metrics.faithfulness.words import content, stem, task_stems, words

if TYPE_CHECKING:
    from imhi import Measure

Stems = frozenset[str]


def weights(explanations: Sequence[Stems]) -> Mapping[str, float]:
    """Return the weight of each stem, for one that is in none of the explanations too; empty ones
    do not count. Order does not matter."""
    frequency = Counter(stem for stems in explanations for stem in stems)
    n = sum(bool(stems) for stems in explanations)
    unseen = math.log(1 + n)
    known = {stem: math.log((1 + n) / count) for stem, count in frequency.items()}
    return defaultdict(lambda: unseen, known)


def grounded(explanation: Stems, post: Stems, weight: Mapping[str, float]) -> float:
    """Return the weighted share of an explanation's stems that the post has, 0 to 100."""
    # fsum: the order in which a set is walked through must not show.
    total = math.fsum(weight[stem] for stem in explanation)
    return 100 * math.fsum(weight[stem] for stem in explanation & post) / total if total else 0.0


def by_chance(
    explanations: Sequence[Stems], posts: Sequence[Stems], weight: Mapping[str, float]
) -> list[float | None]:
    """Return what each explanation is expected to score under another of the distinct posts, drawn
    at random; None where there is no other post.

    Exact, without drawing: the expected share is the sum over words of weight times the share of
    the other posts that have the word.
    """
    distinct = set(posts)
    frequency = Counter(stem for post in distinct for stem in post)
    others = len(distinct) - 1
    expected: list[float | None] = []
    for explanation, post in zip(explanations, posts, strict=True):
        total = math.fsum(weight[stem] for stem in explanation)
        if not others:
            expected.append(None)
            continue
        shares = ((stem, (frequency[stem] - (stem in post)) / others) for stem in explanation)
        hit = math.fsum(weight[stem] * share for stem, share in shares)
        expected.append(100 * hit / total if total else 0.0)
    return expected


def share_quoted(explanation: str, post: str, not_quotations: Stems) -> tuple[float | None, int]:
    """Return the share (0 to 100) of quoted spans that stand in the post, and how many there are;
    None where a text quotes nothing."""
    spans = quoted_spans(explanation, not_quotations)
    if not spans:
        return None, 0
    post_words = [stem(word) for word in words(post)]
    return 100 * sum(stands_in(span, post_words) for span in spans) / len(spans), len(spans)


@dataclass
class Grounding:
    """The metric at work; ``evidence`` is None where none was given."""

    evidence: Evidence | None = None

    def __call__(
        self,
        examples: Sequence[Example],
        responses: Sequence[Response],
        predictions: Sequence[Prediction],
        context: Context,
    ) -> list[Measure]:
        """Return ``grounding`` and ``quoted``, and how far people's evidence is met."""
        from imhi import Measure

        if not examples:
            return []
        dataset = context.dataset(examples[0].dataset)
        task = task_stems(dataset)
        texts = [answer_format.explanation_of(response.text) for response in responses]
        named = [content(text) - task for text in texts]
        posts = [content(example.post) - task for example in examples]
        references = [content(example.explanation) - task for example in examples]
        # Some rows without a reference change little; without any there is nothing to weigh by.
        weight = weights(references if any(references) else named)
        values = [grounded(e, post, weight) for e, post in zip(named, posts, strict=True)]
        chance = [c for c in by_chance(named, posts, weight) if c is not None]
        quoted = [
            share_quoted(text, example.post, task)
            for text, example in zip(texts, examples, strict=True)
        ]
        empty = sum(not text.strip() for text in texts)
        measures = [
            Measure.mean(
                "grounding",
                values,
                empty=empty,
                weighed_by_references=any(map(bool, references)),
                without_content=sum(not stems for stems in named) - empty,
                by_chance=round(math.fsum(chance) / len(chance), 4) if chance else None,
            ),
            Measure.mean(
                "quoted",
                [value for value, _ in quoted],
                empty=empty,
                explanations_that_quote=sum(count > 0 for _, count in quoted),
                spans=sum(count for _, count in quoted),
            ),
        ]
        if self.evidence is not None:
            measures += self._against_people(examples, named, posts, task, context)
        return measures

    def _against_people(
        self,
        examples: Sequence[Example],
        named: Sequence[Stems],
        posts: Sequence[Stems],
        task: Stems,
        context: Context,
    ) -> list[Measure]:
        """Return recall and precision of the people's evidence; none for a dataset whose questions
        the evidence is not about."""
        from imhi import Measure

        assert self.evidence is not None
        if not any(self.evidence.is_about(example.aspect) for example in examples):
            return []
        recall: list[float | None] = []
        precision: list[float | None] = []
        spans = [self.evidence.of(example.post, example.aspect) for example in examples]
        for span, explanation, post in zip(spans, named, posts, strict=True):
            # Of the span only what the post has: some spans are reworded.
            evident = (content(span) - task) & post if span else frozenset()
            if not evident:
                recall.append(None)
                precision.append(None)
                continue
            hit = len(evident & explanation)
            recall.append(100 * hit / len(evident))
            precision.append(100 * hit / len(explanation & post) if explanation & post else 0.0)
        joined = sum(self.evidence.knows(example.post) for example in examples)
        details: dict[str, Any] = {
            "rows_joined": joined,
            "rows_with_a_span": sum(bool(span) for span in spans),
            "rows_measured": sum(value is not None for value in recall),
        }
        name = examples[0].dataset
        context.note(
            f"{name}: evidence_recall and evidence_precision rest on the "
            f"{details['rows_measured']} of {len(examples)} rows whose post and question have a "
            f"person's evidence span ({joined} rows have their post in {self.evidence.source})"
        )
        return [
            Measure.mean("evidence_recall", recall, **details),
            Measure.mean("evidence_precision", precision, **details),
        ]


def create(arguments: Mapping[str, Any]) -> Grounding:
    """Return the metric.

    Raises:
        HarnessError: the evidence cannot be read.
    """
    folder = arguments["evidence"]
    return Grounding(read_evidence(folder) if folder else None)
