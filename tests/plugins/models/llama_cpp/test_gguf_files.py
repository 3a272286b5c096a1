"""What stands in a GGUF file is read without llama.cpp; what is wrong with one is said in one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from imhi import HarnessError
from imhi._core.context import Context
from imhi._core.fingerprints import file_checksum
from imhi._core.models import ModelSpec
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from imhi.plugins.models.llama_cpp.gguf_file import find_gguf
from imhi.plugins.models.llama_cpp.sizing import MOST_SLOTS, size_for
from tests.plugins.models.hf.asking import Asker
from tests.tiny_gguf import save_gguf
from tests.tiny_models import CHAT_TEMPLATE


def test_the_header_says_what_the_checkpoint_is(chat: Path, checkpoint: Path) -> None:
    from transformers import AutoModelForCausalLM

    config = json.loads((checkpoint / "config.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(checkpoint)
    file = find_gguf(str(chat))
    assert file.architecture == "llama"
    assert file.window == config["max_position_embeddings"] == 1024
    assert file.parameters == model.num_parameters()
    # Keys and values of every layer, two bytes each.
    assert file.cache_bytes == 2 * 2 * config["num_hidden_layers"] * config["hidden_size"]
    assert file.chat_template == CHAT_TEMPLATE
    assert file.special_tokens == {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    assert file.control_tokens == {0: "<pad>", 1: "<s>", 2: "</s>"}


def test_one_file_is_one_run_wherever_it_lies(
    bare: Path, ask: Asker, tmp_path: Path, known: Registry
) -> None:
    other = tmp_path / bare.name
    shutil.copy(bare, other)
    here, there = (fingerprint(str(path), known) for path in (bare, other))
    assert here == there
    assert here["model"] == f"sha256:{file_checksum(bare)}"
    assert fingerprint(f"{bare},slots=3,threads=1,gpu_layers=0", known) == here
    assert fingerprint(f"{bare},max_length=512", known) != here


def fingerprint(target: str, known: Registry) -> dict[str, Any]:
    return ModelSpec.parse(f"gguf:{target}", known).fingerprint(context_of(known))


def context_of(known: Registry) -> Context:
    source: Any = None
    return Context(known, source, "test", generation=Generation(max_new_tokens=10))


def test_a_split_model_is_all_of_its_parts(
    checkpoint: Path, tmp_path: Path, known: Registry
) -> None:
    first, second = (tmp_path / f"m-0000{n}-of-00002.gguf" for n in (1, 2))
    for number, part in enumerate((first, second)):
        save_gguf(checkpoint, part, metadata={"split.count": 2, "split.no": number})
    both = fingerprint(str(first), known)
    assert find_gguf(str(first)).parts == (first.resolve(), second.resolve())
    with pytest.raises(HarnessError, match=r"expected the first: gguf:.*m-00001-of-00002\.gguf"):
        find_gguf(str(second))
    save_gguf(checkpoint, second, metadata={"split.count": 2, "split.no": 1, "general.name": "x"})
    assert fingerprint(str(first), known) != both
    second.unlink()
    with pytest.raises(HarnessError, match=r"1 of its 2 parts are not beside it \(m-00002"):
        find_gguf(str(first))


@pytest.mark.parametrize(
    ("begins", "size", "says"),
    [
        (b"PK\x03\x04", 400, "begins with b'PK\\\\x03\\\\x04', expected GGUF format"),
        (b"GGUF\x00\x00\x00\x03", 400, "of another byte order"),
        (b"GGUF\x01\x00\x00\x00", 400, "of version 1, expected version 2 or 3"),
        (b"", 300, r"header is damaged or cut off \(300 bytes\)"),
        (b"", 0, "begins with b'', expected GGUF"),
    ],
)
def test_files_that_are_none(
    bare: Path, tmp_path: Path, begins: bytes, size: int, says: str
) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes((begins + bare.read_bytes()[len(begins) :])[:size])
    with pytest.raises(HarnessError, match=says):
        find_gguf(str(file))


def test_places_without_a_file(bare: Path) -> None:
    with pytest.raises(HarnessError, match="No such file or directory; expected a model file"):
        find_gguf(str(bare.with_name("none.gguf")))
    with pytest.raises(HarnessError, match=r"found a folder with bare\.gguf, expected a file"):
        find_gguf(str(bare.parent))


@pytest.mark.parametrize(
    "argument", ["slots=0", "threads=x", "gpu_layers=-1", "chat_template=maybe"]
)
def test_arguments_that_are_refused(bare: Path, known: Registry, argument: str) -> None:
    with pytest.raises(HarnessError, match=argument.partition("=")[0]):
        ModelSpec.parse(f"gguf:{bare},{argument}", known)


def test_an_estimate_needs_no_llama_cpp(bare: Path, known: Registry) -> None:
    estimate = ModelSpec.parse(f"gguf:{bare}", known).estimate(["a" * 40] * 3, context_of(known))
    assert (estimate.prompt_tokens, estimate.completion_tokens, estimate.cost) == (30, 30, None)


def test_hf_unpacks_a_file_of_a_folder_and_is_known_by_it(
    chat: Path, known: Registry, tmp_path: Path
) -> None:
    """There is nothing else in the folder: no config.json, no safetensors."""
    (tmp_path / "other").mkdir()
    shutil.copy(chat, tmp_path / "other")
    (tmp_path / "other" / "README.txt").write_text("says nothing about the weights")
    for folder in (chat.parent, tmp_path / "other"):
        spec = ModelSpec.parse(f"hf:{folder},gguf_file={chat.name}", known)
        found = spec.fingerprint(context_of(known))
        assert found["model"] == f"sha256:{file_checksum(chat)}"
        assert spec.estimate(["a" * 40], context_of(known)).prompt_tokens == 10
    with pytest.raises(
        HarnessError, match=r"no such file in the folder \(GGUF files found: m\.gguf"
    ):
        ModelSpec.parse(f"hf:{chat.parent},gguf_file=x.gguf", known).fingerprint(context_of(known))


def test_slots_follow_requests_and_memory(bare: Path) -> None:
    file, much = find_gguf(str(bare)), 2**40
    assert size_for(file, 1000, 300, much).slots == MOST_SLOTS
    assert size_for(file, 5, 300, much).slots == 5
    assert size_for(file, 1000, 300, much, slots=64).slots == 64
    context = size_for(file, 5, 300, much).context
    assert 300 <= context < 600
    # A quarter of the memory holds the keys and values of three slots.
    memory = 4 * 3 * file.cache_bytes * context
    assert size_for(file, 1000, 300, memory).slots == 3
    assert size_for(file, 1000, 300, 0).slots == 1
