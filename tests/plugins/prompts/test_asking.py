"""The styles for models that were not trained on IMHI."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.errors import HarnessError
from imhi._core.protocols import BuildPrompt
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.settings import RunSettings
from imhi._core.sources import open_source

STYLES = ("zero-shot", "few-shot", "few-shot-fixed", "cot-emotion")
TEN = ("DR", "CLP", "dreaddit", "SWMH", "T-SID", "SAD", "CAMS", "loneliness", "MultiWD", "IRF")


def builder(style: str, context: Context) -> BuildPrompt:
    build: BuildPrompt = resolve(context.registry.prompts.get(style).build)(context)
    return build


@pytest.fixture
def demo(registry: Registry) -> Context:
    return Context(registry, open_source("demo", registry)[1], "test")


def prompts(style: str, context: Context, dataset: str) -> dict[str, str]:
    """Return the prompts of a dataset's rows under evaluation, by id."""
    build = builder(style, context)
    declared = context.dataset(dataset)
    rows = context.examples(dataset, context.split)
    return {row.id: build(row, declared) for row in rows}


@pytest.mark.parametrize("dataset", TEN)
@pytest.mark.parametrize("style", STYLES)
def test_post_question_and_every_allowed_answer_are_shown(
    demo: Context, style: str, dataset: str
) -> None:
    found = prompts(style, demo, dataset)
    for row in demo.examples(dataset, "test"):
        prompt = found[row.id]
        assert row.post in prompt
        assert demo.dataset(dataset).question(row.aspect).text in prompt
        for label in demo.dataset(dataset).labels:
            assert f"- {label.sentence}\n" in prompt
        assert "Reasoning:" in prompt
        assert prompt.endswith("Answer:")


@pytest.mark.parametrize("style", ["zero-shot", "cot-emotion"])
def test_prompts_do_not_depend_on_the_gold_label(demo: Context, style: str) -> None:
    build = builder(style, demo)
    declared = demo.dataset("SAD")
    row = next(iter(demo.examples("SAD", "test")))
    other = dataclasses.replace(row, label="other", explanation="another")
    assert build(row, declared) == build(other, declared)


def test_cot_emotion_asks_for_the_emotions_and_for_steps(demo: Context) -> None:
    for prompt in prompts("cot-emotion", demo, "DR").values():
        assert "emotions expressed in this post" in prompt
        assert "step by step" in prompt


@pytest.mark.parametrize("dataset", TEN)
def test_few_shot_shows_as_many_answered_posts_as_asked_for(demo: Context, dataset: str) -> None:
    for shots in (0, 1, 3):
        context = dataclasses.replace(demo, shots=shots)
        for prompt in prompts("few-shot", context, dataset).values():
            assert prompt.count("Consider this post:") == shots + 1
            assert prompt.count("\nAnswer:") == shots + 1


@pytest.mark.parametrize("dataset", ["DR", "SAD", "MultiWD"])
def test_few_shot_shows_labels_in_turn(demo: Context, dataset: str) -> None:
    """With as many shots as labels each label is shown once (where the pool has it)."""
    declared = demo.dataset(dataset)
    context = dataclasses.replace(demo, shots=len(declared.labels))
    for row in demo.examples(dataset, "test"):
        prompt = builder("few-shot", context)(row, declared)
        pool = [r for r in demo.training_examples(dataset) if r.aspect == row.aspect]
        shown = Counter(
            label.name
            for label in declared.labels
            for _ in range(prompt.count(f"\nAnswer: {label.sentence}"))
        )
        assert {r.label for r in pool} <= set(shown)


def test_few_shot_is_drawn_by_the_seed(demo: Context) -> None:
    first = prompts("few-shot", demo, "DR")
    assert prompts("few-shot", dataclasses.replace(demo, data=None), "DR") == first
    other = prompts("few-shot", dataclasses.replace(demo, seed=1), "DR")
    assert sum(other[key] != first[key] for key in first) > len(first) / 2


def test_few_shot_draws_for_each_row_apart(demo: Context) -> None:
    """The shots of a row do not depend on which rows were asked about before it."""
    declared = demo.dataset("DR")
    rows = list(demo.examples("DR", "test"))
    build = builder("few-shot", demo)
    backwards = {row.id: build(row, declared) for row in reversed(rows)}
    assert backwards == prompts("few-shot", demo, "DR")
    openings = {prompt.rsplit("Consider this post:", 1)[0] for prompt in backwards.values()}
    assert len(openings) > len(rows) / 2


def test_fixed_few_shot_begins_alike_for_all_posts_of_a_question(demo: Context) -> None:
    for dataset in TEN:
        rows = list(demo.examples(dataset, "test"))
        found = prompts("few-shot-fixed", demo, dataset)
        openings = {(row.aspect, found[row.id].rsplit("Consider this post:", 1)[0]) for row in rows}
        assert len(openings) == len({row.aspect for row in rows})
        assert all(prompt.count("\nAnswer:") == demo.shots + 1 for prompt in found.values())
    other = prompts("few-shot-fixed", dataclasses.replace(demo, seed=1), "DR")
    assert other != prompts("few-shot-fixed", demo, "DR")


class WithExperts:
    """The demo rows, with some of them as expert rows (and perhaps nothing else to show)."""

    def __init__(self, context: Context, rows: Sequence[Example], *, only: bool = False) -> None:
        self.inner, self.rows, self.only = context.source, rows, only

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def splits(self, dataset: str) -> list[str]:
        return ["test", "expert"] if self.only else [*self.inner.splits(dataset), "expert"]

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        return iter(self.rows) if split == "expert" else self.inner.examples(dataset, split)


def with_experts(context: Context, rows: Sequence[Example], *, only: bool = False) -> Any:
    return WithExperts(context, rows, only=only)


def test_few_shot_shows_expert_rows_where_there_are_any(demo: Context) -> None:
    experts = [
        Example(
            f"expert-{i}", "DR", "expert", f"expert post {i}", "", label, "why", post_id=f"e{i}"
        )
        for i, label in enumerate(["yes", "no", "yes", "no"])
    ]
    context = dataclasses.replace(demo, source=with_experts(demo, experts), data=None)
    for prompt in prompts("few-shot", context, "DR").values():
        assert prompt.count("expert post") == 3


@pytest.mark.parametrize("style", ["few-shot", "few-shot-fixed"])
def test_few_shot_never_shows_the_post_it_asks_about(demo: Context, style: str) -> None:
    """Every test row is an expert row too, as a few published ones are."""
    rows = list(demo.examples("IRF", "test"))
    context = dataclasses.replace(demo, source=with_experts(demo, rows), data=None, shots=200)
    found = prompts(style, context, "IRF")
    for row in rows:
        assert found[row.id].count(f'"{row.post}"') == 1


def test_few_shot_on_the_expert_split_shows_training_rows(demo: Context) -> None:
    experts = list(demo.examples("DR", "test"))
    context = dataclasses.replace(
        demo, source=with_experts(demo, experts), split="expert", data=None
    )
    posts = [row.post for row in experts]
    for prompt in prompts("few-shot", context, "DR").values():
        assert sum(f'"{post}"' in prompt for post in posts) == 1


def test_few_shot_without_rows_to_show_is_refused(demo: Context) -> None:
    context = dataclasses.replace(
        demo, source=with_experts(demo, [], only=True), split="expert", data=None
    )
    build = builder("few-shot", context)
    row = next(iter(demo.examples("DR", "test")))
    with pytest.raises(HarnessError, match=r"no expert or training rows of DR .* zero-shot"):
        build(row, demo.dataset("DR"))


@pytest.mark.slow
def test_few_shot_on_official_data_never_shows_the_post_it_asks_about(
    registry: Registry, imhi: Path
) -> None:
    """Also where expert posts stand in the split under evaluation, white space apart."""
    source = open_source(f"official:{imhi}", registry)[1]
    for split in ("test", "val"):
        context = Context(registry, source, split, shots=40)
        for dataset in ("DR", "dreaddit", "SAD"):
            build = builder("few-shot", context)
            for row in context.examples(dataset, split):
                prompt = " ".join(build(row, context.dataset(dataset)).split())
                quoted = " ".join(f'"{row.post}"'.split())
                assert prompt.count(quoted) == 1, f"{dataset}/{row.id}"


@pytest.mark.parametrize("style", ["few-shot", "few-shot-fixed"])
def test_an_answer_ends_where_the_next_example_would_begin(demo: Context, style: str) -> None:
    declared = demo.registry.prompts.get(style)
    (stop,) = Context.of(RunSettings(), demo.registry, declared).generation.stop
    for prompt in prompts(style, demo, "DR").values():
        *shown, asked = prompt.split(stop)
        assert len(shown) == 1 + demo.shots and asked.endswith("Answer:")
    other = RunSettings(stop=("###",))
    assert Context.of(other, demo.registry, declared).generation.stop == ("###",)
    labels = RunSettings(answer="likelihood")
    assert Context.of(labels, demo.registry, declared).generation.stop == ()
