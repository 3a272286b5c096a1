"""BERTScore with input that cannot be used, or not as it stands: one clear line, a count, a note."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.metrics import MetricSpec
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from tests.plugins.metrics.neural.bertscore_encoders import (
    CANDIDATES,
    REFERENCES,
    by_bert_score,
    make,
    save_bert,
    scored,
)
from tests.tiny_models import save_causal, save_seq2seq

LONG = " ".join(["The poster writes of sleepless nights and of the exam."] * 20)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("models") / "bert")


@pytest.fixture
def context(registry: Registry) -> Context:
    return Context(registry, open_source("demo", registry)[1], "test")


def refused(model: Path | str, **arguments: object) -> str:
    with pytest.raises(HarnessError) as error:
        make(model, **arguments).ready()
    text = str(error.value)
    assert text.startswith("bertscore") and "\n" not in text
    return text


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "there is no such folder" in refused(tmp_path / "nowhere", layer=1)


def test_a_folder_that_holds_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    assert "there is no config.json in it (found: notes.txt" in refused(tmp_path, layer=1)


def test_a_model_outside_bert_score_s_table_needs_a_layer(bert: Path, tmp_path: Path) -> None:
    assert "expected layer=1 to layer=3" in refused(bert)
    bart = save_seq2seq(tmp_path / "seq2seq", architecture="bart")
    assert "expected layer=1 to layer=2" in refused(bart)


def test_a_layer_the_model_does_not_have(bert: Path) -> None:
    text = refused(bert, layer=4)
    assert "found layer=4, but the model has 3 layers; expected layer=1 to layer=3" in text


def test_a_causal_model(tmp_path: Path) -> None:
    text = refused(save_causal(tmp_path / "causal"), layer=1)
    assert "found a LlamaForCausalLM" in text and "expected an encoder" in text


def test_a_folder_without_tokenizer(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(bert / name, folder)
    assert "tokenizer" in refused(folder, layer=1)


def test_a_tokenizer_of_another_model(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(bert, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 20}))
    assert "they do not belong together" in refused(folder, layer=1)


def test_weights_that_are_not_in_the_checkpoint(bert: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "incomplete"
    shutil.copytree(bert, folder)
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layer.1" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    assert "weights are not in the checkpoint" in refused(folder, layer=1)


def test_weights_in_pickle_form(bert: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(bert, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert "weights in pickle form only (pytorch_model.bin)" in refused(folder, layer=1)


def test_rescaling_without_a_baseline_is_never_skipped(bert: Path, tmp_path: Path) -> None:
    text = refused(bert, layer=1, rescale=True)
    assert "expected baseline=FILE" in text and "roberta-large" in text
    known = tmp_path / "distilroberta-base"
    shutil.copytree(bert, known)
    text = refused(known, layer=1, rescale=True)
    assert "if this is distilroberta-base, add baseline=" in text


def test_a_baseline_without_rescaling(bert: Path) -> None:
    assert "without rescale=true" in refused(bert, layer=1, baseline="own.tsv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        ("LAYER,P,R,F\n0,.1,.1,.1\n", "no row for layer 2 (layers there: 0)"),
        ("LAYER,P,R\n2,.1,.1\n", "expected numbers in the columns LAYER,P,R,F"),
        ("LAYER,P,R,F\n2,.1,much,.1\n", "line 2: found '2,.1,much,.1'"),
        ("LAYER,P,R,F\n2,.1,1,.1\n", "expected three numbers below 1"),
    ],
)
def test_a_baseline_file_that_cannot_be_used(
    bert: Path, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "own.tsv"
    if content is not None:
        file.write_text(content)
    assert said in refused(bert, layer=2, rescale=True, baseline=str(file))


def test_more_tokens_than_the_model_has_positions_for(bert: Path) -> None:
    text = refused(bert, layer=1, max_length=65)
    assert "positions for 64 tokens; expected max_length=64 or less" in text


def test_a_references_folder_that_is_a_file(bert: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "expected a folder you may write to" in refused(
        bert, layer=1, references=str(tmp_path / "file")
    )


@pytest.mark.parametrize("limited", [True, False])
def test_long_texts_are_cut_as_bert_score_cuts_them_counted_and_noted(
    bert: Path, tmp_path: Path, context: Context, limited: bool
) -> None:
    """Without ``model_max_length`` bert_score stops; the model's 64 positions are the limit."""
    folder = tmp_path / "bert"
    shutil.copytree(bert, folder)
    if not limited:
        config = json.loads((folder / "tokenizer_config.json").read_text())
        del config["model_max_length"]
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    metric = make(folder, layer=2)
    found = scored(metric, context, [*REFERENCES, LONG], [LONG, *CANDIDATES])
    metric.close()
    expected = by_bert_score(bert, [LONG, *CANDIDATES], [*REFERENCES, LONG], 2)
    for name, values in expected.items():
        assert found[name].per_example == pytest.approx(values, abs=0.01)
    assert found["bertscore"].details["counts"] == {
        "candidate cut": 1,
        "reference cut": 1,
        "scored": 6,
    }
    notes = [note for _, note in context.report.counted()]
    assert "bertscore: explanations longer than the model's window, which were cut: 1" in notes
    assert "bertscore: references longer than the model's window, which were cut: 1" in notes


def test_empty_explanations_score_worst_and_are_counted(bert: Path, context: Context) -> None:
    metric = make(bert, layer=2)
    answers = ["", CANDIDATES[1], " \n", *CANDIDATES[3:]]
    found = scored(metric, context, REFERENCES, answers)["bertscore"]
    metric.close()
    assert found.per_example is not None
    assert [value == 0 for value in found.per_example] == [True, False, True, False, False]
    assert found.details["counts"] == {"empty answer": 2, "scored": 5}
    assert list(context.report.counted()) == [
        ("notes", "bertscore: missing or empty explanations, which score 0 before rescaling: 2")
    ]


def test_texts_without_any_token_score_worst_and_are_counted(bert: Path, context: Context) -> None:
    """A control character is no token to a BERT tokenizer, and no white space either."""
    metric = make(bert, layer=2)
    found = scored(metric, context, [REFERENCES[0], "\u200b"], ["\u200b", CANDIDATES[0]])
    metric.close()
    measure = found["bertscore"]
    assert measure.per_example is not None and measure.per_example.tolist() == [0, 0]
    assert measure.details["counts"] == {"no tokens": 2, "scored": 2}
    assert [note for _, note in context.report.counted()] == [
        "bertscore: pairs with a text without any token, which score 0 before rescaling: 2"
    ]


def test_idf_weights_that_are_all_zero_are_said(bert: Path, context: Context) -> None:
    """Every token of a reference that is the only one is in all references: log(2 / 2) = 0."""
    metric = make(bert, layer=2, idf=True)
    found = scored(metric, context, REFERENCES[:1], CANDIDATES[:1])["bertscore"]
    metric.close()
    assert found.value() == 0
    assert found.details["counts"]["no weight"] == 1


def test_no_rows_with_a_reference_need_no_model(bert: Path, context: Context) -> None:
    metric = make(bert, layer=2)
    found = scored(metric, context, ["", " "], CANDIDATES[:2])["bertscore"]
    assert metric.encoder is None
    assert str(found.value()) == "nan"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("layer=0", "expected a whole number above 0"),
        ("device=tpu", "expected auto, cpu, cuda, cuda:N or mps"),
        ("dtype=int8", "expected float32 or float16 or bfloat16"),
        ("idf=perhaps", "expected true or false"),
        ("layers=3", "did you mean 'layer'?"),
    ],
)
def test_arguments_that_cannot_be_read(registry: Registry, written: str, said: str) -> None:
    if "bertscore" not in registry.metrics.things:
        pytest.skip("bertscore is not registered")
    with pytest.raises(HarnessError) as error:
        MetricSpec.parse([f"bertscore:./folder,{written}"], registry)
    assert said in str(error.value)
