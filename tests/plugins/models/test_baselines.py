"""The baselines: known figures, faithful explanations, no post judged by a model that saw it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.answer_format import split_answer
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.fingerprints import post_key, prompt_hash
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Example, Request, Response
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.plugins.models.baselines import Baseline, Tfidf

# Weighted F1 of TF-IDF + logistic regression on the official test files.
KNOWN = {"DR": 85.2, "dreaddit": 71.6, "SAD": 59.8, "IRF": 69.3, "MultiWD": 73.2}
NINE = {"DR", "dreaddit", "SWMH", "T-SID", "SAD", "CAMS", "loneliness", "MultiWD", "IRF"}


class Rows:
    """A source that holds rows given by a test."""

    def __init__(self, rows: Mapping[str, Sequence[Example]]) -> None:
        self.rows = rows

    def datasets(self) -> Sequence[str]:
        return ["DR"]

    def splits(self, dataset: str) -> Sequence[str]:
        return list(self.rows)

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        return iter(self.rows[split])

    def checksum(self, dataset: str, split: str) -> str:
        return split

    def describe(self) -> Mapping[str, Any]:
        return {}


def example(number: int, post: str, label: str, post_id: str | None = None) -> Example:
    known = post_key(post) if post_id is None else post_id
    return Example(f"test-{number}", "DR", "test", post, "", label, post_id=known)


def ask(example: Example) -> Request:
    return Request(
        example.id,
        example.dataset,
        example.post,
        prompt_hash("", example.post),
        example.post,
        example.question,
        example.aspect,
    )


def run_on(
    kind: str, registry: Registry, rows: Mapping[str, Sequence[Example]]
) -> tuple[dict[str, Response], Context]:
    """Answer the test rows; return the answers by id, and the context with its notes."""
    context = Context(registry, Rows(rows), "test")
    model = ModelSpec.parse(f"baseline:{kind}", registry).create(context)
    return {r.id: r for r in model.generate([ask(e) for e in rows["test"]])}, context


def demo_answers(kind: str, registry: Registry, dataset: str) -> list[tuple[Example, Response]]:
    context = Context(registry, open_source("demo", registry)[1], "test")
    model = ModelSpec.parse(f"baseline:{kind}", registry).create(context)
    examples = list(context.examples(dataset, "test"))
    answers = {r.id: r for r in model.generate([ask(e) for e in examples])}
    return [(e, answers[e.id]) for e in examples]


def test_majority_gives_the_most_frequent_training_label(registry: Registry) -> None:
    rows = {
        "train": [example(i, f"post {i}", "no" if i < 3 else "yes") for i in range(5)],
        "test": [example(9, "another post", "yes")],
    }
    answers, _ = run_on("majority", registry, rows)
    assert answers["test-9"].label == "no"
    assert answers["test-9"].probabilities == {"yes": 0.4, "no": 0.6}
    assert answers["test-9"].text.startswith("No, the poster does not suffer from depression.")


@pytest.mark.parametrize("dataset", ["DR", "SAD", "IRF"])
@pytest.mark.parametrize("kind", ["majority", "tfidf"])
def test_answers_are_in_full_imhi_form(registry: Registry, kind: str, dataset: str) -> None:
    declared = registry.datasets.get(dataset)
    for _, response in demo_answers(kind, registry, dataset):
        head, explanation = split_answer(response.text)
        assert response.label is not None
        assert head == declared.label(response.label).sentence
        assert explanation
        assert response.probabilities is not None
        assert sum(response.probabilities.values()) == pytest.approx(1)
        assert response.probabilities[response.label] == max(response.probabilities.values())


@pytest.mark.parametrize("dataset", ["DR", "SAD", "MultiWD"])
def test_named_phrases_stand_in_the_post(registry: Registry, dataset: str) -> None:
    """As the post has them, one-letter words and capitals included."""
    for shown, response in demo_answers("tfidf", registry, dataset):
        post = " ".join(shown.post.split()).replace('"', "'")
        for phrase in re.findall(r'"([^"]*)"', split_answer(response.text)[1]):
            assert phrase in post


@pytest.mark.parametrize("dataset", ["DR", "dreaddit", "SAD", "T-SID"])
def test_without_the_named_phrases_the_label_is_less_probable(
    registry: Registry, dataset: str
) -> None:
    """Faithfulness: what the explanation names is what moved the decision. Two labels or nine."""
    context = Context(registry, open_source("demo", registry)[1], "test")
    labels = context.dataset(dataset).label_names
    model = Tfidf().fit(context.training_examples(dataset), labels)
    tried = 0
    for shown in context.examples(dataset, "test"):
        ((before, explanation),) = model.answers([shown.post])
        phrases = re.findall(r'"([^"]*)"', explanation)
        post = " ".join(shown.post.split()).replace('"', "'")
        for phrase in sorted(phrases, key=len, reverse=True):
            post = re.sub(rf"(?<!\w){re.escape(phrase)}(?!\w)", " ", post, flags=re.IGNORECASE)
        ((after, _),) = model.answers([post])
        label = max(before, key=lambda name: before[name])
        if phrases:
            tried += 1
            assert after[label] < before[label]
    assert tried >= 8


def cross_fitted(registry: Registry, rows: Sequence[Example]) -> Baseline:
    context = Context(registry, Rows({"test": rows}), "test")
    return Baseline(Tfidf, context)


@pytest.mark.parametrize("with_post_ids", [True, False])
def test_without_training_rows_no_post_is_judged_by_a_model_that_saw_it(
    registry: Registry, with_post_ids: bool
) -> None:
    """Every post carries a word of its own: no model that judges it knows that word."""
    rows = [
        example(
            i,
            f"mark{i}mark and more words",
            "yes" if i % 2 else "no",
            None if with_post_ids else "",
        )
        for i in range(12)
    ]
    model = cross_fitted(registry, rows)
    for row in rows:
        judge = model._model_for(ask(row))
        assert isinstance(judge, Tfidf)
        assert f"mark{row.id[5:]}mark" not in set(judge.phrases)
    assert any("cross-fitted" in note for note in model.context.notes)


def test_cross_fitting_keeps_the_rows_of_a_post_together(registry: Registry) -> None:
    """Each post occurs twice, under two ids: neither row may teach the judge of the other."""
    rows = [
        example(i, f"mark{i // 2}mark and more words", "yes" if i // 2 % 2 else "no")
        for i in range(20)
    ]
    model = cross_fitted(registry, rows)
    for row in rows:
        judge = model._model_for(ask(row))
        assert isinstance(judge, Tfidf)
        assert row.post.split()[0] not in set(judge.phrases)


def test_training_rows_about_a_post_under_evaluation_are_left_out(registry: Registry) -> None:
    """As in the published expert sets, some of whose posts are val rows."""
    shared = example(0, "sharedword in both splits", "yes")
    rows = {
        "train": [shared, example(1, "other words here", "no"), example(2, "more words", "yes")],
        "test": [shared],
    }
    context = Context(registry, Rows(rows), "test")
    model = Baseline(Tfidf, context)
    judge = model._model_for(ask(shared))
    assert isinstance(judge, Tfidf)
    assert "sharedword" not in set(judge.phrases)
    assert any("left out of the training" in note for note in context.notes)


def test_one_post_and_nothing_to_learn_from_is_refused(registry: Registry) -> None:
    with pytest.raises(HarnessError, match=r"no training rows and 1 post .* train split"):
        run_on("tfidf", registry, {"test": [example(0, "a post", "yes")]})


def test_training_rows_of_one_label_give_that_label(registry: Registry) -> None:
    rows = {
        "train": [example(i, f"post {i}", "no") for i in range(3)],
        "test": [example(9, "another post", "yes")],
    }
    answers, _ = run_on("tfidf", registry, rows)
    assert answers["test-9"].label == "no"


def test_an_unknown_baseline_is_named(registry: Registry) -> None:
    with pytest.raises(HarnessError, match=r"unknown baseline 'tfdif': did you mean 'tfidf'"):
        ModelSpec.parse("baseline:tfdif", registry).create(Context(registry, Rows({}), "test"))


@pytest.mark.slow
def test_tfidf_reaches_its_known_figures_on_the_official_test_files(
    imhi: Path, manager: PluginManager, tmp_path: Path
) -> None:
    found = evaluate(
        "baseline:tfidf",
        datasets=list(KNOWN),
        manager=manager,
        source=f"official:{imhi}",
        labeler="strict",
        metric=["weighted_f1"],
        resamples=200,
        out=tmp_path,
    )
    values = {row["dataset"]: row["value"] for row in found.rows()}
    assert values == {name: pytest.approx(value, abs=1.5) for name, value in KNOWN.items()}
    assert {row["unparsed"] for row in found.rows()} == {0}


@pytest.mark.slow
def test_the_expert_split_runs_on_all_nine_sets(
    imhi: Path, manager: PluginManager, tmp_path: Path
) -> None:
    found = evaluate(
        ["baseline:majority", "baseline:tfidf"],
        manager=manager,
        source=f"official:{imhi}",
        split="expert",
        labeler="strict",
        metric=["weighted_f1"],
        resamples=200,
        out=tmp_path,
    )
    assert found.complete
    for run in found.runs:
        assert {row["dataset"] for row in run.scores} == NINE
        noted = " ".join(run.notes)
        assert ("cross-fitted" in noted) == ("tfidf" in run.model)  # the majority learns nothing
        # Published expert rows of these two come from the val files.
        assert "dreaddit: posts of expert that are also training rows" in noted
        assert "MultiWD: posts of expert that are also training rows" in noted
