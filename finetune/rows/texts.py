"""From examples to the texts of training: what is asked, and what is to be answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imhi import BuildPrompt, Example, Request, answer_format, resolve

if TYPE_CHECKING:
    from imhi import Context
    from imhi.finetune.recipe.schema import Data


@dataclass(frozen=True, slots=True)
class TextRow:
    """A prompt and its answer. ``label_part`` is how the answer begins: the label sentence, with
    ``Reasoning:``."""

    request: Request
    answer: str
    label_part: str


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A text to classify. ``pair`` is the question, where the dataset asks several."""

    text: str
    pair: str | None
    label: str


def requests_for(
    examples: Iterable[Example], data: Data, context: Context
) -> Iterator[tuple[Example, Request]]:
    """Yield each example with what a model is asked: the same words as ``imhi run`` uses. The ids
    are positions, since rows of several splits, or a row twice, may stand together. What stands in
    the place of the post is what ``data.reads`` says."""
    build: BuildPrompt = resolve(context.registry.prompts.get(data.style).build)(context)
    for number, example in enumerate(examples):
        prompt = build(example, context.dataset(example.dataset))
        yield (
            example,
            Request.of(
                id=str(number),
                dataset=example.dataset,
                prompt=prompt,
                post=_read_text(example, data),
                question=example.question,
                aspect=example.aspect,
                system=data.system,
            ),
        )


def text_rows(examples: Iterable[Example], data: Data, context: Context) -> Iterator[TextRow]:
    """Yield prompts in the recipe's prompt style with their answers: in completion style for
    completion prompts, in instruction style for all others."""
    completion = data.style == "completion"
    for example, request in requests_for(examples, data, context):
        dataset = context.dataset(example.dataset)
        answer = answer_format.compose(
            dataset, example.label, example.explanation, completion=completion
        )
        yield TextRow(
            request,
            answer,
            answer[: answer.index(answer_format.MARKER) + len(answer_format.MARKER)],
        )


def class_rows(examples: Iterable[Example], data: Data, context: Context) -> Iterator[ClassRow]:
    """Yield what a classifier reads: the post, or the explanation, and the question where the
    dataset asks several."""
    for example in examples:
        several = len(context.dataset(example.dataset).questions) > 1
        text = _read_text(example, data)
        yield ClassRow(text, example.question if several else None, example.label)


def _read_text(example: Example, data: Data) -> str:
    return example.post if data.reads == "post" else example.explanation
