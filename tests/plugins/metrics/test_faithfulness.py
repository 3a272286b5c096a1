"""What all the faithfulness metrics hold to: order, empty answers, posts dealt out anew."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imhi._core.answer_format import compose
from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.records import Example, Response
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi._core.statistics import Measure
from imhi.plugins.metrics.faithfulness import imhi_metrics
from tests.plugins.metrics.columns import demo_context

METRICS = {metric.name: metric for metric in imhi_metrics()}
DATASETS = ("DR", "SAD", "IRF", "MultiWD")


def score(
    name: str, examples: Sequence[Example], answers: Sequence[str], context: Context, **given: Any
) -> dict[str, Measure]:
    metric = METRICS[name]
    if metric.create is not None:
        arguments = {argument.name: argument.default for argument in metric.arguments} | given
        scorer: Callable[..., list[Measure]] = resolve(metric.create)(arguments)
    else:
        assert metric.score is not None
        scorer = resolve(metric.score)
    responses = [
        Response(e.id, e.dataset, "", text=a) for e, a in zip(examples, answers, strict=True)
    ]
    return {measure.name: measure for measure in scorer(examples, responses, [], context)}


@pytest.fixture(scope="module")
def context() -> Context:
    return demo_context()


def reference_answers(examples: Sequence[Example], context: Context) -> list[str]:
    return [compose(context.dataset(e.dataset), e.label, e.explanation) for e in examples]


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_order_of_rows_does_not_matter(name: str, dataset: str, context: Context) -> None:
    examples = list(context.examples(dataset, "test"))
    answers = reference_answers(examples, context)
    answers[0], answers[1], answers[2] = "", "Yes.", answers[3]
    order = list(range(len(examples)))
    random.Random(1).shuffle(order)
    there = score(name, examples, answers, context)
    back = score(name, [examples[i] for i in order], [answers[i] for i in order], context)
    for measure in there:
        one, other = there[measure].per_example, back[measure].per_example
        assert one is not None and other is not None
        np.testing.assert_array_equal(one[order], other)
        assert there[measure].details == back[measure].details


@pytest.mark.parametrize("name", METRICS)
def test_every_example_has_a_value_or_none_in_a_column(name: str, context: Context) -> None:
    examples = list(context.examples("DR", "test"))
    for measure in score(name, examples, [""] * len(examples), context).values():
        assert measure.per_example is not None
        assert measure.per_example.shape == (len(examples),)


@pytest.mark.parametrize("name", ["grounding", "diversity", "length"])
def test_an_empty_answer_scores_nothing(name: str, context: Context) -> None:
    examples = list(context.examples("DR", "test"))
    answers = reference_answers(examples, context)
    answers[4] = "  "
    measure = score(name, examples, answers, context)[name]
    assert measure.per_example is not None
    assert measure.per_example[4] == 0 == np.nanmin(measure.per_example)
    assert measure.details["empty"] == 1


@pytest.mark.parametrize("name", ["overlap", "grounding"])
def test_what_is_said_about_quotation_leaves_empty_answers_out(name: str, context: Context) -> None:
    examples = list(context.examples("DR", "test"))[:2]
    measures = score(name, examples, ["", f'They say "{examples[1].post}".'], context)
    measure = measures["copied" if name == "overlap" else "quoted"]
    assert measure.per_example is not None
    assert np.isnan(measure.per_example[0])
    assert measure.per_example[1] > 50
    assert measure.details["empty"] == 1


@pytest.mark.parametrize("name", METRICS)
def test_scores_hold_no_text_of_posts_or_answers(name: str, context: Context) -> None:
    examples = list(context.examples("DR", "test"))
    for measure in score(name, examples, reference_answers(examples, context), context).values():
        values = [v for v in measure.details.values() if not isinstance(v, list)]
        values += [
            v for found in measure.details.values() if isinstance(found, list) for v in found
        ]
        assert all(value is None or isinstance(value, int | float) for value in values)


@pytest.mark.parametrize("name", METRICS)
def test_an_empty_dataset_has_no_value(name: str, context: Context) -> None:
    for measure in score(name, [], [], context).values():
        assert np.isnan(measure.value())


def test_listing_the_metrics_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom imhi.plugins.metrics.faithfulness import imhi_metrics\nlist(imhi_metrics())\n"
        "import imhi.plugins.metrics.faithfulness.grounding, imhi.plugins.metrics.neural.similarity\n"
        "heavy = {'numpy', 'sklearn', 'nltk', 'datasketch', 'torch', 'sentence_transformers'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[3]
    found = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert found.stdout.strip() == "[]", found.stderr


# --- real rows -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def official(imhi: Path, registry: Registry) -> Context:
    return Context(registry, open_source(f"official:{imhi}", registry)[1], "test")


def dealt_out_anew(answers: Sequence[str]) -> list[str]:
    """Every answer under another post than its own."""
    order = list(range(len(answers)))
    random.Random(3).shuffle(order)
    moved = {i: order[(place + 1) % len(order)] for place, i in enumerate(order)}
    return [answers[moved[i]] for i in range(len(answers))]


@pytest.mark.parametrize("dataset", DATASETS)
def test_explanations_under_other_posts_are_not_grounded(dataset: str, official: Context) -> None:
    examples = list(official.examples(dataset, "test"))[:400]
    # IRF and MultiWD ask of one post several times; one question of each is enough.
    examples = list({example.post: example for example in examples}.values())
    answers = reference_answers(examples, official)
    own = score("grounding", examples, answers, official)
    anew = score("grounding", examples, dealt_out_anew(answers), official)
    assert own["grounding"].value() > 25
    assert anew["grounding"].value() < own["grounding"].value() / 4
    # What is expected by chance, computed without drawing, is what drawing shows.
    assert anew["grounding"].value() == pytest.approx(
        own["grounding"].details["by_chance"], abs=1.5
    )
    if own["quoted"].details["explanations_that_quote"] >= 5:
        assert own["quoted"].value() > 80
        assert anew["quoted"].value() < 20


@pytest.mark.slow
def test_explanations_under_other_posts_miss_the_people_s_evidence(
    official: Context, model_outputs: Path
) -> None:
    evidence = str(model_outputs.parent / "raw" / "Irf")
    if not Path(evidence).is_dir():
        pytest.skip("the raw IRF files are not here: no folder ../shared/raw/Irf")
    examples = list(official.examples("IRF", "test"))[:600]
    answers = reference_answers(examples, official)
    own = score("grounding", examples, answers, official, evidence=evidence)
    anew = score("grounding", examples, dealt_out_anew(answers), official, evidence=evidence)
    assert own["evidence_recall"].details["rows_joined"] == 600
    assert own["evidence_recall"].value() > 3 * anew["evidence_recall"].value()
    assert own["evidence_precision"].value() > 1.2 * anew["evidence_precision"].value()


@pytest.mark.slow
def test_explanations_moved_between_answers_contradict_their_labels(official: Context) -> None:
    examples = list(official.examples("dreaddit", "test"))[:200]
    moved = dealt_out_anew([example.explanation for example in examples])
    dataset = official.dataset("dreaddit")
    answers = [compose(dataset, e.label, text) for e, text in zip(examples, moved, strict=True)]
    own = score("consistency", examples, reference_answers(examples, official), official)
    anew = score("consistency", examples, answers, official)
    assert own["consistency"].value() > 90
    assert anew["consistency"].value() == pytest.approx(
        own["consistency"].details["by_chance"], abs=8
    )


def test_reference_explanations_copy_little_and_nothing_of_other_posts(official: Context) -> None:
    examples = list(official.examples("SAD", "test"))[:200]
    answers = reference_answers(examples, official)
    own = score("overlap", examples, answers, official)["copied"]
    assert own.value() == pytest.approx(own.details["references"], abs=1e-3)
    assert 1 < own.value() < 10
    assert score("overlap", examples, dealt_out_anew(answers), official)["copied"].value() < 0.5


def test_one_text_under_every_post_is_no_diversity(official: Context) -> None:
    examples = list(official.examples("DR", "test"))[:100]
    same = [replace(e, explanation=examples[0].explanation) for e in examples]
    assert score("diversity", same, reference_answers(same, official), official)[
        "diversity"
    ].value() == pytest.approx(1)
    many = score("diversity", examples, reference_answers(examples, official), official)
    assert many["diversity"].value() > 95
