"""Prompt styles for models that were not trained on IMHI: zero-shot, few-shot, emotion-enhanced.

The wording is ours. ``zero-shot`` lists the allowed answers, since a model that never saw the
benchmark cannot guess them. ``few-shot`` and ``few-shot-fixed`` show answered examples first: expert
rows where the source has them, else training rows, never the post that is asked about.
``cot-emotion`` asks for the emotions first, after the emotion-enhanced chain of thought of Yang et al.,
EMNLP 2023 (arXiv 2304.03347).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import islice

from imhi import (
    BuildPrompt,
    Context,
    Dataset,
    Example,
    HarnessError,
    PromptStyle,
    answer_format,
    digest,
    hookimpl,
)

_POST = 'Consider this post: "'
# A model that completes texts goes on, after its answer, with an example of its own making.
_NEXT_EXAMPLE = f"\n\n{_POST}"
_FORMAT = "Answer with exactly one of these sentences, then explain it after the word Reasoning:"


def _choices(dataset: Dataset) -> str:
    return "\n".join(f"- {label.sentence}" for label in dataset.labels)


def _ask(example: Example, dataset: Dataset) -> str:
    question = dataset.question(example.aspect).text
    return f'{_POST}{example.post}"\nQuestion: {question}'


def zero_shot(context: Context) -> BuildPrompt:
    """Return a builder: the question, then the allowed answers."""

    def build(example: Example, dataset: Dataset) -> str:
        return f"{_ask(example, dataset)}\n{_FORMAT}\n{_choices(dataset)}\nAnswer:"

    return build


def cot_emotion(context: Context) -> BuildPrompt:
    """Return a builder: the same, with the emotions to be considered first."""

    def build(example: Example, dataset: Dataset) -> str:
        return (
            f"{_ask(example, dataset)}\nConsider the emotions expressed in this post, and what they "
            "say about the question. Think about it step by step.\n"
            f"{_FORMAT}\n{_choices(dataset)}\nAnswer:"
        )

    return build


def few_shot(context: Context) -> BuildPrompt:
    """Return the few-shot builder: ``context.shots`` examples, drawn per request by the seed."""
    pools = _Pools(context, "few-shot")

    def build(example: Example, dataset: Dataset) -> str:
        others = [row for row in pools.about(example, dataset) if row.post_id != example.post_id]
        generator = random.Random(digest([context.seed, dataset.name, example.id]))
        shown = _labels_in_turn(others, context.shots, generator)
        return _after_examples(shown, example, dataset)

    return build


def few_shot_fixed(context: Context) -> BuildPrompt:
    """Return a builder of few-shot prompts that begin alike: ``context.shots`` examples, drawn once for
    each question by the seed. An engine reads them once for all posts. A post that would be its own
    example gets the next one in its place."""
    pools = _Pools(context, "few-shot-fixed")
    drawn: dict[tuple[str, str], list[Example]] = {}

    def build(example: Example, dataset: Dataset) -> str:
        question = dataset.name, example.aspect
        if question not in drawn:
            rows = pools.about(example, dataset)
            drawn[question] = _labels_in_turn(
                rows, len(rows), random.Random(digest([context.seed, *question]))
            )
        others = (row for row in drawn[question] if row.post_id != example.post_id)
        return _after_examples(list(islice(others, context.shots)), example, dataset)

    return build


class _Pools:
    """The rows that may be shown: expert rows where the source has them, else training rows.

    Raises:
        HarnessError: it has neither.
    """

    def __init__(self, context: Context, style: str) -> None:
        self.context = context
        self.style = style
        self._rows: dict[str, Sequence[Example]] = {}

    def about(self, example: Example, dataset: Dataset) -> list[Example]:
        """Return those that answer the same question."""
        if dataset.name not in self._rows:
            self._rows[dataset.name] = self._of(dataset)
        return [row for row in self._rows[dataset.name] if row.aspect == example.aspect]

    def _of(self, dataset: Dataset) -> Sequence[Example]:
        context, splits = self.context, self.context.source.splits(dataset.name)
        rows: Sequence[Example] = ()
        if "expert" in splits and context.split != "expert":
            rows = list(context.examples(dataset.name, "expert"))
        rows = rows or context.training_examples(dataset.name)
        if not rows:
            raise HarnessError(
                f"prompt style {self.style}: the source has no expert or training rows of "
                f"{dataset.name} to show (splits: {', '.join(splits)}); use --prompt zero-shot"
            )
        return rows


def _after_examples(shown: Sequence[Example], example: Example, dataset: Dataset) -> str:
    parts = [f"{_FORMAT}\n{_choices(dataset)}"]
    for row in shown:
        answer = answer_format.compose(dataset, row.label, row.explanation)
        parts.append(f"{_ask(row, dataset)}\nAnswer: {answer}")
    parts.append(f"{_ask(example, dataset)}\nAnswer:")
    return "\n\n".join(parts)


def _labels_in_turn(rows: Sequence[Example], count: int, generator: random.Random) -> list[Example]:
    """Draw rows so that labels take turns: with fewer shots than labels, which come is chance."""
    by_label: dict[str, list[Example]] = {}
    for row in rows:
        by_label.setdefault(row.label, []).append(row)
    for group in by_label.values():
        generator.shuffle(group)
    labels = sorted(by_label)
    generator.shuffle(labels)
    shown: list[Example] = []
    while len(shown) < count and any(by_label.values()):
        for label in labels:
            if by_label[label] and len(shown) < count:
                shown.append(by_label[label].pop())
    return shown


@hookimpl
def imhi_prompts() -> Iterator[PromptStyle]:
    yield PromptStyle("zero-shot", "The question and the allowed answers", zero_shot)
    yield PromptStyle(
        "few-shot", "Answered examples first (--shots)", few_shot, stop=(_NEXT_EXAMPLE,)
    )
    yield PromptStyle(
        "few-shot-fixed",
        "Answered examples first, the same before every post: read once by hf: and vllm:",
        few_shot_fixed,
        stop=(_NEXT_EXAMPLE,),
    )
    yield PromptStyle(
        "cot-emotion", "Emotion-enhanced chain of thought (arXiv 2304.03347)", cot_emotion
    )
