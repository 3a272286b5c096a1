"""The labelers ``classifier:`` and ``trained:``: what they read, whom they ask, when they are asked again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Response
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi._core.yaml_files import read_yaml
from imhi.finetune.trained.labeler import create
from tests import tiny_models
from tests.conftest import ROOT, Imhi
from tests.finetune.training.test_trainings import SMALL

pytest.importorskip("transformers", reason="finetune needs the extra [finetune]")

PUBLISHED = ROOT / "finetune" / "trained" / "published.yaml"
LONG = "The post says that nothing gives any joy and that every day is grey"


@pytest.fixture
def context(registry: Registry) -> Context:
    _, source = open_source("demo", registry)
    return Context(registry, source, "test")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.save_classifier(tmp_path_factory.mktemp("clf") / "one", ["no", "yes"])


@pytest.fixture(scope="module")
def nameless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the published script wants it: classifiers by dataset, outputs without names."""
    folder = tmp_path_factory.mktemp("published")
    tiny_models.save_classifier(folder / "DR", ["LABEL_0", "LABEL_1"], seed=3)
    tiny_models.save_classifier(folder / "t-sid", [f"LABEL_{n}" for n in range(4)])
    return folder


def answer(text: str, number: int = 0, dataset: str = "DR") -> Response:
    return Response(f"test-{number}", dataset, "", text=text)


def test_the_published_classifiers_have_an_output_for_each_label_of_their_dataset(
    registry: Registry,
) -> None:
    known = read_yaml(PUBLISHED, "published")
    assert len(known) == 10
    for name, said in known.items():
        labels = registry.datasets.get(name).label_names
        assert sorted(said["outputs"]) == sorted(labels), name
        outputs = ";".join(f"{n}:{label}" for n, label in enumerate(said["outputs"]))
        assert (
            ModelSpec.parse(f"hf:{said['model']},labels={outputs}", registry).target
            == said["model"]
        )


def test_a_classifier_reads_the_explanation_without_its_label_sentence(
    context: Context, classifier: Path
) -> None:
    read = create(context, str(classifier))
    dr = context.dataset("DR")
    bare, whole, other = read(
        dr,
        [""] * 3,
        [
            answer(f"Reasoning: {LONG}", 0),
            answer(f"Yes, the poster suffers from depression. Reasoning: {LONG}", 1),
            answer(f"No, the poster does not suffer from depression. {LONG}", 2),
        ],
    )
    assert bare.label == whole.label == other.label
    assert bare.confidence == whole.confidence == other.confidence
    assert whole.decided_by == f"classifier:{classifier}"


def test_too_few_words_argue_for_nothing(context: Context, classifier: Path) -> None:
    read = create(context, str(classifier))
    found = read(context.dataset("DR"), [""], [answer("Yes, the poster suffers from depression.")])
    assert [(p.status, p.label) for p in found] == [("unparsed", None)]


def test_published_checkpoints_are_told_by_their_nameless_outputs_and_read_the_whole_answer(
    context: Context, nameless: Path
) -> None:
    read = create(context, str(nameless))
    dr = context.dataset("DR")
    text = f"Yes, the poster suffers from depression. Reasoning: {LONG}"
    (found,) = read(dr, [""], [answer(text)])
    assert found.label in {"no", "yes"}

    # What transformers itself makes of the whole answer: output 1 is yes.
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(nameless / "DR")
    model = AutoModelForSequenceClassification.from_pretrained(nameless / "DR").eval()
    with torch.no_grad():
        shares = model(**tokenizer(text, return_tensors="pt")).logits.softmax(-1)[0]
    assert found.label == ("no", "yes")[int(shares.argmax())]
    assert found.confidence == pytest.approx(float(shares.max()), abs=1e-3)
    tsid = read(context.dataset("T-SID"), [""], [answer(text, dataset="T-SID")])
    assert tsid[0].label in context.dataset("T-SID").label_names


def test_a_dataset_without_a_classifier_is_refused(context: Context, nameless: Path) -> None:
    with pytest.raises(HarnessError, match="no folder SAD in it"):
        create(context, str(nameless))(context.dataset("SAD"), [""], [answer(f"Reasoning: {LONG}")])


def test_arguments_that_a_training_would_not_heed_are_refused(
    context: Context, tmp_path: Path
) -> None:
    (tmp_path / "training.json").write_text("{}")
    with pytest.raises(HarnessError, match="found arguments behind a folder of imhi finetune"):
        create(context, f"{tmp_path},device=cpu")


def test_a_question_is_told_apart_where_a_dataset_asks_several(
    context: Context, classifier: Path
) -> None:
    read = create(context, str(classifier))
    irf = context.dataset("IRF")
    aspects = [question.aspect for question in irf.questions]
    found = read(
        irf, aspects, [answer(f"Reasoning: {LONG}", n, "IRF") for n in range(len(aspects))]
    )
    assert len({prediction.confidence for prediction in found}) == len(aspects)


def test_the_argument_is_asked_for_and_only_where_it_is_wanted(imhi_here: Imhi) -> None:
    missing = imhi_here("run", "-d", "DR", "--labeler", "classifier")
    assert missing.code == 2
    assert "expected classifier:FOLDER_OR_ID" in missing.complaint
    unwanted = imhi_here("run", "-d", "DR", "--labeler", "strict:x")
    assert unwanted.code == 2
    assert "strict takes no argument" in unwanted.complaint


def test_labels_are_read_again_when_the_classifier_in_the_folder_is_another(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    folder = tiny_models.save_classifier(tmp_path / "clf", ["no", "yes"], seed=0)
    common = ["--json", "--labeler", f"classifier:{folder}"]
    assert imhi_here("run", "-m", "baseline:tfidf", "-d", "DR").code == 0
    first = imhi_here("score", "last", *common)
    assert first.code == 0, first.err
    assert imhi_here("score", "last", *common).json["scores"] == first.json["scores"]
    shutil.rmtree(folder)
    tiny_models.save_classifier(folder, ["yes", "no"], seed=0)  # the outputs exchanged
    exchanged = imhi_here("score", "last", *common)

    def confusion(said) -> list[list[int]]:
        (row,) = [r for r in said.json["scores"] if r["metric"] == "weighted_f1"]
        return row["details"]["confusion"]

    swapped = [[row[1], row[0], row[2]] for row in confusion(first)]
    assert confusion(exchanged) == swapped != confusion(first)


@pytest.mark.slow
def test_label_classifiers_are_trained_and_read_the_answers_of_any_run(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    said = imhi_here("finetune", "tiny-label-classifiers", *SMALL)
    assert said.code == 0, said.err
    assert "on reference explanations without their label sentences" in said.out
    run = imhi_here(
        "run", "-m", "baseline:tfidf", "-d", "DR", "-d", "dreaddit", "--json",
        "--labeler", "trained:tiny-label-classifiers",
    )  # fmt: skip
    assert run.code == 0, run.err
    decided = run.json["labelling"][0]["decided_by"]
    assert list(decided) == ["trained:tiny-label-classifiers"]
    model = imhi_here("run", "-m", "trained:tiny-label-classifiers", "-d", "DR")
    assert model.code == 2
    assert "--labeler trained:tiny-label-classifiers" in model.complaint


@pytest.mark.slow
def test_a_model_that_writes_is_no_labeler(imhi_here: Imhi, manager: PluginManager) -> None:
    few = ["--set", "evaluation.split=null", "--set", "validation.metric=null"]
    assert imhi_here("finetune", "tiny-causal", *SMALL, *few).code == 0
    refused = imhi_here("run", "-d", "DR", "--labeler", "trained:tiny-causal")
    assert refused.code == 2
    assert "expected a classifier that reads explanations" in refused.complaint
