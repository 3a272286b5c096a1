"""Which model it is, what is refused, and what is declared."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.settings import Generation
from tests import tiny_models
from tests.plugins.models.hf.asking import Asker, requests, texts


def test_the_fingerprint_follows_the_contents_not_the_leftovers(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    copy = shutil.copytree(causal, tmp_path / "copy")

    def of(name: str) -> dict[str, Any]:
        found = ask.spec(name).fingerprint(Context(ask.registry, None, "test"))  # type: ignore[arg-type]
        return {key: found.get(key) for key in ("model", "adapter")}

    original = of(f"hf:{causal}")
    assert of(f"hf:{copy}") == original
    (copy / "training_args.bin").write_bytes(b"anything")
    (copy / "README.md").write_text("anything")
    assert of(f"hf:{copy}") == original
    weights = copy / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    assert of(f"hf:{copy}") != original
    assert of(f"hf:{causal},peft={adapter}")["model"] == original["model"]
    assert of(f"hf:{causal},peft={adapter}")["adapter"] is not None


def test_the_description_reproduces_the_model(causal: Path, ask: Asker) -> None:
    described = ask.open(f"hf:{causal},batch_size=3").describe()
    assert json.loads(json.dumps(described)) == described
    assert described["revision"].startswith("sha256:")
    assert described["kind"] == "causal" and described["parameters"] == 171_840
    assert described["dtype"] == "float32" and described["device"] == "cpu"
    assert described["window"] == 2048 and described["batch_size"] == 3
    assert described["engine"]["name"] == "transformers"
    assert set(described["engine"]) == {"name", "version", "torch"}
    assert "quantisation" not in described, "only where there is one"


def test_batch_settings_do_not_change_the_identity(causal: Path, ask: Asker) -> None:
    small, big = (ask.spec(f"hf:{causal},batch_size={size}") for size in (1, 64))
    assert small.identity() == big.identity()


def test_half_precision_is_loaded_when_asked_for(causal: Path, ask: Asker) -> None:
    assert ask.open(f"hf:{causal},dtype=bfloat16").describe()["dtype"] == "bfloat16"


def test_a_half_precision_checkpoint_runs_in_float32_on_a_cpu(folder: Path, ask: Asker) -> None:
    half = tiny_models.save_causal(folder / "half", dtype="bfloat16")
    assert ask.open(f"hf:{half},device=cpu").describe()["dtype"] == "float32"


def test_the_estimate_counts_with_the_local_tokenizer(
    causal: Path, classifier: Path, ask: Asker
) -> None:
    from imhi.checkpoints import estimate

    context = Context(ask.registry, None, "test", generation=Generation(32))  # type: ignore[arg-type]
    asked = requests()
    answered = ask(f"hf:{causal}", asked)
    counted = estimate(ask.spec(f"hf:{causal}"), [r.prompt for r in asked], context)
    assert counted.prompt_tokens == sum(r.prompt_tokens or 0 for r in answered.values())
    assert counted.completion_tokens == 32 * len(asked) and counted.cost is None
    assert estimate(ask.spec(f"hf:{classifier}"), ["a"], context).completion_tokens == 0
    guessed = estimate(ask.spec("hf:owner/not-here"), ["x" * 40], context)
    assert guessed.prompt_tokens == 10 and "guessed" in guessed.note


def one_line(error: pytest.ExceptionInfo[HarnessError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_a_missing_folder_is_named(tmp_path: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{tmp_path}/nowhere")
    assert f"{tmp_path}/nowhere: there is no such folder" in one_line(error)


def test_a_folder_that_is_no_model_says_what_is_in_it(tmp_path: Path, ask: Asker) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{tmp_path}")
    assert "there is no config.json in it (found: notes.txt)" in one_line(error)


def test_pickle_weights_are_refused_and_the_way_round_is_told(
    causal: Path, tmp_path: Path, ask: Asker
) -> None:
    import torch
    from safetensors.torch import load_file

    folder = shutil.copytree(causal, tmp_path / "pickle")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "pickle form only (pytorch_model.bin)" in one_line(error)
    assert "',safetensors=false'" in str(error.value)
    trusted = ask(f"hf:{folder},safetensors=false", requests(3))
    assert texts(trusted) == texts(ask(f"hf:{causal}", requests(3)))


def test_a_folder_without_a_tokenizer_is_refused(causal: Path, tmp_path: Path, ask: Asker) -> None:
    folder = shutil.copytree(causal, tmp_path / "mute")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "tokenizer" in one_line(error) and "base model" in str(error.value)


def test_weights_that_would_be_random_are_refused(causal: Path, tmp_path: Path, ask: Asker) -> None:
    """transformers fills in missing weights at random, with a warning nobody sees."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(causal, tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "1 weights are not in the checkpoint (lm_head.weight" in one_line(error)


def test_torn_weights_are_refused_in_one_line(causal: Path, tmp_path: Path, ask: Asker) -> None:
    folder = shutil.copytree(causal, tmp_path / "torn")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "the model cannot be loaded" in one_line(error)


def test_a_tokenizer_of_another_model_is_refused(causal: Path, tmp_path: Path, ask: Asker) -> None:
    from tokenizers import Tokenizer

    folder = shutil.copytree(causal, tmp_path / "mixed")
    core = json.loads(Tokenizer.from_file(str(folder / "tokenizer.json")).to_str())
    core["model"]["vocab"] = {
        token: number if number < 3 else number + 5000
        for token, number in core["model"]["vocab"].items()
    }
    (folder / "tokenizer.json").write_text(json.dumps(core))
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "do not belong together" in one_line(error)


def test_an_encoder_is_refused_by_its_kind(causal: Path, tmp_path: Path, ask: Asker) -> None:
    folder = shutil.copytree(causal, tmp_path / "encoder")
    config = json.loads((folder / "config.json").read_text())
    config |= {"architectures": ["BertForMaskedLM"], "model_type": "bert"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "found a BertForMaskedLM, expected a causal model" in one_line(error)


def test_code_in_a_checkpoint_is_not_run_unless_asked(
    causal: Path, tmp_path: Path, ask: Asker
) -> None:
    folder = shutil.copytree(causal, tmp_path / "coded")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    with pytest.raises(HarnessError) as error:
        ask.open(f"hf:{folder}")
    assert "',trust_remote_code=true'" in one_line(error)
    assert not (tmp_path / "ran").exists()


def test_a_hub_id_that_cannot_be_reached_says_so(
    tmp_path: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    # A port on which nothing listens: the refusal is real and needs no network.
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    for use in (ask.open, lambda name: ask.spec(name).fingerprint(ask.context)):
        with pytest.raises(HarnessError) as error:
            use("hf:owner/never-downloaded")
        assert "not in the download cache" in one_line(error)
        assert "hf download owner/never-downloaded" in str(error.value)
        ask.context = Context(ask.registry, None, "test")  # type: ignore[arg-type]


def test_a_downloaded_model_is_known_by_its_commit_offline(
    tmp_path: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    commit = "0123456789abcdef0123456789abcdef01234567"
    references = tmp_path / "models--owner--cached" / "refs"
    references.mkdir(parents=True)
    (references / "main").write_text(commit)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    found = ask.spec("hf:owner/cached").fingerprint(Context(ask.registry, None, "test"))  # type: ignore[arg-type]
    assert found["model"] == f"commit:{commit}"


def test_a_revision_of_a_folder_is_refused(causal: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match="a folder has no revisions"):
        ask.open(f"hf:{causal},revision=main")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("dtype=int3", "expected auto or float32 or bfloat16 or float16"),
        ("device=tpu", "expected auto, cpu, cuda"),
        ("batch_size=0", "expected auto or a whole number above 0"),
        ("chat_template=maybe", "expected auto or on or off"),
        ("batchsize=3", "did you mean 'batch_size'"),
    ],
)
def test_bad_arguments_say_what_was_expected(argument: str, expected: str, ask: Asker) -> None:
    with pytest.raises(HarnessError, match=expected):
        ask.spec(f"hf:x,{argument}")


def test_a_device_that_is_not_there_is_refused(causal: Path, ask: Asker) -> None:
    with pytest.raises(HarnessError, match="device=cuda:97: this machine has"):
        ask.open(f"hf:{causal},device=cuda:97")


def test_presets_name_public_models_and_can_be_added_to(ask: Asker) -> None:
    spec = ask.spec("mentallama-33b-lora,dtype=float16")
    assert spec.target == "lmsys/vicuna-33b-v1.3"
    assert spec.arguments["peft"] == "klyang/MentaLLaMA-33B-lora"
    assert spec.arguments["dtype"] == "float16" and spec.arguments["chat_template"] == "off"
    assert ask.spec("mentallama-chat-7b,chat_template=on").arguments["chat_template"] == "on"
    assert ask.spec("mentalbart").prompt == "completion" == ask.spec("MentalT5").prompt
    names = {"mentallama-chat-7b", "mentallama-chat-13b", "mentallama-33b-lora"}
    assert names < set(ask.registry.presets.things)


def test_declaring_and_fingerprinting_import_no_torch(causal: Path) -> None:
    code = (
        "import sys; from imhi.plugins.models import hf; list(hf.imhi_models())\n"
        "heavy = {'torch', 'transformers', 'huggingface_hub', 'numpy'} & set(sys.modules)\n"
        "from imhi.checkpoints import find_checkpoint\n"
        f"find_checkpoint({str(causal)!r}, None).identity()\n"
        "print(sorted(heavy), 'torch' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[0] == "[] False"


@pytest.mark.parametrize(
    "absurd",
    [{"num_hidden_layers": 1_000_000}, {"vocab_size": 10**9}, {"hidden_size": 2**20}],
    ids=["layers", "words", "width"],
)
def test_a_config_that_asks_for_far_more_than_the_weights_is_refused(
    absurd: dict[str, int], causal: Path, tmp_path: Path, ask: Asker
) -> None:
    place = shutil.copytree(causal, tmp_path / "absurd")
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(config | absurd), encoding="utf-8")
    with pytest.raises(HarnessError, match=r"its config\.json asks for .* layers of width") as no:
        ask.open(f"hf:{place}")
    assert "21 tensors" in str(no.value) and "\n" not in str(no.value)
