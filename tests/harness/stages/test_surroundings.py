"""What models, labelers and metrics are given is theirs: nobody's rows, words or names reach another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.data_access import DataAccess
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import load_plugins
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from tests.conftest import Imhi

CUTS_ROWS = """
from imhi import ModelFamily, Response, hookimpl

class Cuts:
    def __init__(self, context):
        self.context = context
    def generate(self, requests):
        for request in requests:
            del self.context.training_examples(request.dataset)[2:]
            yield Response(request.id, request.dataset, request.prompt_hash, "Yes.")
    def describe(self):
        return {}
    def close(self):
        pass

@hookimpl
def imhi_models():
    yield ModelFamily("cuts", "Cuts the rows it is given", lambda spec, context: Cuts(context))
"""

SAYS_MUCH = """
import os
from imhi import Labeler, Metric, Prediction, hookimpl, mean_measure

def create(context):
    def read(dataset, aspects, responses):
        context.note(f"noisy read {dataset.name}")
        context.count("noisy read {n} answers", len(responses))
        context.mark_incomplete("noisy is not done")
        return [Prediction(r.id, r.dataset, dataset.labels[0].name) for r in responses]
    return read

def metric(name):
    def score(examples, responses, predictions, context):
        aspects = [example.aspect for example in examples]
        read = context.labeler("noisy")(context.dataset(examples[0].dataset), aspects, responses)
        return [mean_measure(f"{name}_value", [1.0] * len(read))]
    return Metric(name, "Asks a labeler that has much to say", score)

@hookimpl
def imhi_labelers():
    yield Labeler("noisy", "Has much to say", create)

@hookimpl
def imhi_metrics():
    yield metric("first")
    yield metric("second")
"""

RENAMED = """
import os
from imhi import Metric, hookimpl, mean_measure

class MyMetric(Metric):
    pass

def score(examples, responses, predictions, context):
    return [mean_measure("length", [1.0] * len(examples))]

@hookimpl
def imhi_metrics():
    yield MyMetric(os.environ["METRIC_NAME"], "Is called as asked", score)
"""


def test_rows_that_a_model_cuts_are_whole_for_the_next(tmp_path: Path) -> None:
    (tmp_path / "cuts.py").write_text(CUTS_ROWS)
    asked = {"datasets": ["DR"], "plugins": [tmp_path / "cuts.py"], "resamples": 100}
    together = evaluate(["cuts:x", "baseline:tfidf"], out=tmp_path / "a", **asked)  # type: ignore[arg-type]
    alone = evaluate("baseline:tfidf", out=tmp_path / "b", **asked)  # type: ignore[arg-type]
    assert together.runs[1].scores == alone.runs[0].scores


@pytest.mark.parametrize("asked", [("test",), ("test", "complete")])
@pytest.mark.parametrize("evaluated", ["test", "complete"])
def test_no_split_under_evaluation_is_learnt_from_in_whichever_style(
    registry: Registry, evaluated: str, asked: tuple[str, ...]
) -> None:
    class BothStyles:
        def splits(self, dataset: str) -> list[str]:
            return ["train", "test", "complete"]

    data = DataAccess(BothStyles(), evaluated)  # type: ignore[arg-type]
    assert data.training_examples("DR", asked) == []


def test_a_context_of_another_split_has_its_own_rows_and_labelers(registry: Registry) -> None:
    import dataclasses

    context = Context(registry, open_source("demo", registry)[1], "test")
    context.labeler("explanation")
    other = dataclasses.replace(context, split="train")
    assert other.data is not context.data and other.data.split == "train"
    assert not other._labelers and context._labelers


def test_what_a_labeler_says_is_told_with_every_metric_that_asks_it(imhi_here: Imhi) -> None:
    Path("noisy.py").write_text(SAYS_MUCH)
    words = ("--plugin", "noisy.py", "-m", "baseline:majority", "-d", "DR", "-d", "SAD")
    said = imhi_here("run", *words, "--metric", "first", "--metric", "second", "--resamples", "100")
    assert said.code == 1, "incomplete"
    (path,) = Path("runs").glob("*/scores/hybrid.json")
    records = json.loads(path.read_text())["settings"]["metrics"]
    n = sum(json.loads((path.parents[1] / "manifest.json").read_text())["datasets"].values())
    for name in ("first", "second"):
        assert records[name]["notes"] == [
            "noisy read DR", "noisy read SAD", f"noisy read {n} answers",
        ]  # fmt: skip
        assert records[name]["gaps"] == ["noisy is not done"]


def test_a_metric_that_is_called_otherwise_takes_its_measures_along(
    imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine.py").write_text(RENAMED)
    monkeypatch.setenv("METRIC_NAME", "words")
    words = ("--plugin", "mine.py", "--resamples", "100", "--json")
    run = imhi_here("run", "-m", "baseline:majority", "-d", "DR", "--metric", "words", *words)
    monkeypatch.setenv("METRIC_NAME", "word_count")
    again = imhi_here("score", "last", "--metric", "word_count", *words)
    assert run.code == again.code == 0, again.err
    made_by = {row["metric"]: row["made_by"] for row in again.json["scores"]}
    assert made_by["length"] == "word_count"


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        (["deep/er"], "found a measure called 'deep/er', expected a name without / and"),
        (["one", "One"], "gives the measure 'One', which metric"),
    ],
)
def test_measures_whose_values_could_not_lie_side_by_side_are_refused(
    imhi_here: Imhi, measures: list[str], said: str
) -> None:
    Path("odd.py").write_text(
        "from imhi import Metric, hookimpl, mean_measure\n"
        "def score(examples, responses, predictions, context):\n"
        f"    return [mean_measure(name, [1.0] * len(examples)) for name in {measures}]\n"
        "@hookimpl\ndef imhi_metrics():\n    yield Metric('odd', 'Odd', score)\n"
    )
    words = ("--plugin", "odd.py", "-m", "baseline:majority", "-d", "DR", "--metric", "odd")
    assert said in imhi_here("run", *words).complaint


def test_declarations_may_be_subclassed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(RENAMED)
    monkeypatch.setenv("METRIC_NAME", "words")
    manager = load_plugins([tmp_path / "mine.py"])
    assert manager.problems == [] and manager.registry.metrics.get("words")
