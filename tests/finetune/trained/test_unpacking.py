"""``imhi finetune unpack``: a GGUF file becomes a folder that is asked, and trained, as any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import tiny_models
from tests.conftest import Imhi
from tests.tiny_gguf import save_gguf

for package in ("gguf", "transformers", "trl"):
    pytest.importorskip(package, reason="unpacking needs the extras [finetune] and [gguf]")

RECIPE = """
name: unpacked
summary: A small model out of a GGUF file
kind: causal
base: {{model: "{base}"}}
data: {{datasets: [DR], window: 400}}
training: {{max_steps: 1, batch_size: 4}}
validation: {{metric: null}}
evaluation: {{split: null}}
"""


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    base = tiny_models.save_causal(tmp_path / "base", window=1024)
    place = tmp_path / "packed"
    place.mkdir()
    return save_gguf(base, place / "tiny.gguf")


@pytest.mark.slow
def test_a_gguf_file_as_base_is_refused_with_the_command_that_unpacks_it(
    packed: Path, tmp_path: Path, imhi_here: Imhi
) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    for given in (packed.parent, packed):
        (tmp_path / "recipe.yaml").write_text(RECIPE.format(base=given), encoding="utf-8")
        refused = imhi_here("finetune", "recipe.yaml")
        assert refused.code == 2
        assert f"imhi finetune unpack {packed} --to FOLDER" in refused.complaint

    done = imhi_here("finetune", "unpack", packed, "--to", "unpacked")
    assert done.code == 0, done.err
    found = AutoModelForCausalLM.from_pretrained(tmp_path / "unpacked")
    expected = AutoModelForCausalLM.from_pretrained(tmp_path / "base")
    ids = torch.tensor([[1, 50, 60, 70]])
    assert torch.allclose(found(ids).logits, expected(ids).logits, atol=1e-4)
    again = imhi_here("finetune", "unpack", packed, "--to", "unpacked")
    assert again.code == 2 and "choose another --to" in again.complaint

    (tmp_path / "recipe.yaml").write_text(RECIPE.format(base="unpacked"), encoding="utf-8")
    trained = imhi_here("finetune", "recipe.yaml")
    assert trained.code == 0, trained.err
    assert (tmp_path / "trained" / "unpacked" / "model" / "model.safetensors").is_file()


def test_what_is_no_gguf_file_is_refused(tmp_path: Path, imhi_here: Imhi) -> None:
    (tmp_path / "torn.gguf").write_bytes(b"nothing")
    refused = imhi_here("finetune", "unpack", "torn.gguf")
    assert refused.code == 2 and "not a GGUF file" in refused.complaint
    lacking = imhi_here("finetune", "unpack", "lacking.gguf")
    assert lacking.code == 2 and "there is no such file" in lacking.complaint
