"""What is wrong with a model or a state file is said in one line, before anything is computed."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi.plugins.metrics.neural.bartscore import create
from imhi.plugins.metrics.neural.bartscore.directions import parse_directions
from tests.plugins.metrics.columns import demo_context
from tests.plugins.metrics.neural.bartscore_columns import arguments, columns, scored
from tests.tiny_models import save_causal, save_classifier, save_seq2seq

ROWS = columns(["A sad post."], ["A bad day."])


@pytest.fixture(scope="module")
def bart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "bart"
    return save_seq2seq(folder, architecture="bart", window=128)


def refused(model: Path | str, **given: Any) -> str:
    """Return what is said; it is one line and names the metric."""
    with pytest.raises(HarnessError) as caught:
        scored(model, ROWS, demo_context(), **given)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("bartscore:")
    return message


def test_a_missing_folder(tmp_path: Path) -> None:
    assert "there is no such folder" in refused(tmp_path / "nothing")


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    assert "there is no config.json in it" in refused(tmp_path)


def test_a_model_without_its_weights(bart: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((bart / name).read_bytes())
    assert "holds no weights" in refused(tmp_path)


@pytest.mark.parametrize("kind", ["encoder", "causal", "t5"])
def test_a_model_of_another_kind_is_refused_when_the_metric_is_made(
    tmp_path: Path, kind: str
) -> None:
    folder = {
        "encoder": lambda: save_classifier(tmp_path, ["yes", "no"]),
        "causal": lambda: save_causal(tmp_path),
        "t5": lambda: save_seq2seq(tmp_path, architecture="t5"),
    }[kind]()
    with pytest.raises(HarnessError, match="expected a BART encoder-decoder") as caught:
        create(arguments(folder))
    assert {"encoder": "Roberta", "causal": "Llama", "t5": "T5"}[kind] in str(caught.value)


def test_a_tokenizer_of_a_bigger_model(bart: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, BartForConditionalGeneration

    model = BartForConditionalGeneration.from_pretrained(bart)
    model.resize_token_embeddings(300)
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(bart).save_pretrained(tmp_path)
    assert "the model knows 300 tokens" in refused(tmp_path)


@pytest.mark.parametrize("form", ["state.pth", "state.safetensors"])
def test_a_state_file_takes_the_place_of_the_weights(bart: Path, tmp_path: Path, form: str) -> None:
    """Scores are those of the model whose weights the file holds, whichever names tied ones have."""
    import torch
    from safetensors.torch import save_file
    from transformers import BartForConditionalGeneration

    other = save_seq2seq(tmp_path / "other", architecture="bart", window=128, seed=1)
    state = BartForConditionalGeneration.from_pretrained(other).state_dict()
    if form.endswith(".pth"):
        torch.save(state, tmp_path / form)
    else:
        tied = ("lm_head.weight", "model.encoder.embed_tokens.weight")
        tied = (*tied, "model.decoder.embed_tokens.weight")
        save_file({k: v for k, v in state.items() if k not in tied}, tmp_path / form)
    expected = scored(other, ROWS, demo_context())["bartscore"].value()
    context = demo_context()
    with_state = scored(bart, ROWS, context, state=tmp_path / form)["bartscore"].value()
    assert with_state == pytest.approx(expected, abs=1e-6)
    # What is kept for the model alone is not mistaken for it.
    assert scored(bart, ROWS, context)["bartscore"].value() != pytest.approx(expected, abs=1e-3)


def test_a_missing_state_file(bart: Path, tmp_path: Path) -> None:
    assert "no such file" in refused(bart, state=tmp_path / "bart.pth")


def test_a_state_file_of_a_model_of_another_size(bart: Path, tmp_path: Path) -> None:
    import torch
    from transformers import BartForConditionalGeneration

    other = save_seq2seq(tmp_path / "other", architecture="bart", window=64)
    state = BartForConditionalGeneration.from_pretrained(other).state_dict()
    torch.save(state, tmp_path / "bart.pth")
    message = refused(bart, state=tmp_path / "bart.pth")
    assert "found model.encoder.embed_positions.weight of size 66x64, expected 130x64" in message


def test_a_state_file_with_other_names(bart: Path, tmp_path: Path) -> None:
    import torch
    from transformers import BartForConditionalGeneration

    state = BartForConditionalGeneration.from_pretrained(bart).state_dict()
    state["head.weight"] = state.pop("model.encoder.layernorm_embedding.weight")
    torch.save(state, tmp_path / "bart.pth")
    message = refused(bart, state=tmp_path / "bart.pth")
    assert "1 (model.encoder.layernorm_embedding.weight) missing" in message
    assert "1 (head.weight) unexpected" in message


class RunsCode:
    """Leaves a file where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("saved_by", ["torch", "pickle"])
def test_a_state_file_with_code_is_refused_and_not_run(
    bart: Path, tmp_path: Path, saved_by: str
) -> None:
    import torch

    content = {"model.shared.weight": RunsCode(tmp_path / "ran")}
    file = tmp_path / "bart.pth"
    if saved_by == "torch":
        torch.save(content, file)
    else:
        file.write_bytes(pickle.dumps(content))
    assert "refused" in refused(bart, state=file)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["bart.pth", "bart.safetensors"])
def test_a_torn_state_file(bart: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 torn")
    assert f"state={tmp_path / name}" in refused(bart, state=tmp_path / name)


def test_an_unknown_direction() -> None:
    with pytest.raises(ValueError, match="post->hypothesis"):
        parse_directions("hypothesis->post")


def test_a_device_that_is_not_there(bart: Path) -> None:
    assert "device=cuda:7" in refused(bart, device="cuda:7")
