"""The published styles, byte for byte as the official files have them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.declarations import Dataset, Label, Question, resolve
from imhi._core.errors import HarnessError
from imhi._core.protocols import BuildPrompt
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.sources import open_source


@pytest.fixture(scope="module")
def official(registry: Registry, imhi: Path) -> Context:
    return Context(registry, open_source(f"official:{imhi}", registry)[1], "test")


def builder(style: str, context: Context) -> BuildPrompt:
    build: BuildPrompt = resolve(context.registry.prompts.get(style).build)(context)
    return build


def without_prompt(example: Example) -> Example:
    """Return the example as a source without prompts of its own would give it."""
    return dataclasses.replace(example, prompt="", prompt_style="")


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "val", "test", "expert"])
def test_instruction_rebuilds_every_official_query(official: Context, split: str) -> None:
    build = builder("instruction", official)
    seen = 0
    for name in official.source.datasets():
        if split not in official.source.splits(name):
            continue
        dataset = official.dataset(name)
        for row in official.examples(name, split):
            assert build(without_prompt(row), dataset) == row.prompt, f"{name}/{row.id}"
            seen += 1
    assert seen > 300


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train-complete", "val-complete"])
def test_completion_rebuilds_every_official_query(official: Context, split: str) -> None:
    build = builder("completion", official)
    seen = 0
    for name in official.source.datasets():
        if split not in official.source.splits(name):
            continue
        dataset = official.dataset(name)
        for row in official.examples(name, split):
            assert build(without_prompt(row), dataset) == row.prompt, f"{name}/{row.id}"
            seen += 1
    assert seen > 1000


@pytest.mark.parametrize(("style", "split"), [("instruction", "test"), ("completion", "complete")])
def test_a_prompt_that_a_row_brings_is_used_as_it_stands(
    official: Context, style: str, split: str
) -> None:
    build = builder(style, official)
    dataset = official.dataset("DR")
    for row in official.examples("DR", split):
        assert build(row, dataset) == row.prompt


def test_a_row_in_the_other_style_is_asked_in_this_one(official: Context) -> None:
    dataset = official.dataset("DR")
    row = next(iter(official.examples("DR", "test")))
    asked = builder("completion", official)(row, dataset)
    assert asked == f"Post: {row.post} Question: {dataset.questions[0].stem}"


@pytest.mark.parametrize("name", ["DR", "SAD", "IRF", "MultiWD", "T-SID"])
def test_the_templates(registry: Registry, name: str) -> None:
    context = Context(registry, open_source("demo", registry)[1], "test")
    dataset = registry.datasets.get(name)
    for question in dataset.questions:
        row = Example("1", name, "test", 'a "post"\nof two lines', "", "", aspect=question.aspect)
        assert builder("instruction", context)(row, dataset) == (
            f'Consider this post: "a "post"\nof two lines" Question: {question.text}'
        )
        assert builder("completion", context)(row, dataset) == (
            f'Post: a "post"\nof two lines Question: {question.stem}'
        )


def test_a_question_without_stem_cannot_be_completed(registry: Registry) -> None:
    context = Context(registry, open_source("demo", registry)[1], "test")
    other = Dataset("mine", (Label("a", "A."), Label("b", "B.")), (Question("Which?"),))
    row = Example("1", "mine", "test", "a post", "Which?", "a")
    with pytest.raises(HarnessError, match=r"mine declares no stem .* another --prompt"):
        builder("completion", context)(row, other)
