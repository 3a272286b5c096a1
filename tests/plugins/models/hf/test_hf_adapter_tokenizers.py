"""An adapter's tokenizer, chat template and added tokens are used where they differ from its base's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imhi import HarnessError
from tests import tiny_models
from tests.adapter_variants import changed, logits, save_lora
from tests.plugins.models.hf.asking import Asker, decoded_prompts, requests, texts


def _tokenizer(base: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(base)


def test_the_chat_template_of_an_adapter_is_used(
    causal: Path, chat: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    asked = requests(2)

    def prompts(name: str) -> str:
        ask(name, asked)
        return decoded_prompts(ask, asked)[0]

    whole = changed(adapter, tmp_path / "whole")
    tokenizer = _tokenizer(chat)
    tokenizer.padding_side = "right"  # as trainings leave it
    tokenizer.save_pretrained(whole)
    assert prompts(f"hf:{chat}") == (templated := prompts(f"hf:{causal},peft={whole}"))
    (note,) = ask.context.notes
    assert "own tokenizer is used, which differs from that of its base in: chat template" in note
    assert ask.model.describe()["adapter_tokenizer"] == "chat template"
    # What the user says of templates still counts.
    assert "[user]" in templated
    assert "[user]" not in prompts(f"hf:{causal},peft={whole},chat_template=off")

    # A template that lies there alone.
    alone = changed(adapter, tmp_path / "alone")
    (alone / "chat_template.jinja").write_text(tiny_models.CHAT_TEMPLATE, encoding="utf-8")
    assert prompts(f"hf:{causal},peft={alone}") == templated

    # A tokenizer that is the base's changes nothing, and nothing is said.
    same = changed(adapter, tmp_path / "same")
    _tokenizer(causal).save_pretrained(same)
    assert texts(ask(f"hf:{causal},peft={same}", asked)) == texts(
        ask(f"hf:{causal},peft={adapter}", asked)
    )
    ask.open(f"hf:{causal},peft={same}")
    assert ask.context.notes == []


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("tokenizer_config.json", b'{"chat_template": [{"a": 1}]}'),
        ("tokenizer_config.json", b'{"chat_template": 5}'),
        ("chat_template.jinja", b"\xff\xfe"),
    ],
)
def test_a_template_that_cannot_be_read_is_refused(
    name: str, held: bytes, causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    place = changed(adapter, tmp_path / "broken")
    (place / name).write_bytes(held)
    with pytest.raises(HarnessError, match="tokenizer"):
        ask.open(f"hf:{causal},peft={place}")


def test_the_run_is_known_by_the_template_of_its_adapter(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    def identity(name: str) -> dict[str, Any]:
        ask.open(name)
        return ask.spec(name).fingerprint(ask.context)

    place = changed(adapter, tmp_path / "changing")
    before = identity(f"hf:{causal},peft={place}")
    (place / "chat_template.jinja").write_text(tiny_models.CHAT_TEMPLATE, encoding="utf-8")
    after = identity(f"hf:{causal},peft={place}")
    assert after["adapter"] != before["adapter"]
    # Answers of the days when adapters were not looked at are not these.
    assert "adapter_use" in after
    bare = identity(f"hf:{causal}")
    assert set(bare) == {"scheme", "target", "arguments", "model"}
    assert "any_base" not in bare["arguments"]


TOKENS = ["<|post|>", "<|label|>", "<|end|>"]


@pytest.mark.parametrize(
    "config",
    [
        {},  # peft saves resized embeddings by itself
        {"modules_to_save": ["embed_tokens", "lm_head"], "shift": 0.3},
        {"target_modules": ["q_proj", "embed_tokens", "lm_head"]},
        {"trainable_token_indices": {"embed_tokens": [700, 701, 702]}},
    ],
    ids=["resized", "whole", "lora", "tokens"],
)
def test_added_tokens_are_loaded_with_their_embeddings(
    config: dict[str, Any], causal: Path, tmp_path: Path, ask: Asker
) -> None:
    import torch

    place = save_lora(causal, tmp_path / "added", added_tokens=3, **config)
    tokenizer = _tokenizer(causal)
    tokenizer.add_tokens(TOKENS)
    tokenizer.save_pretrained(place)
    model = ask.open(f"hf:{causal},peft={place}")
    loaded = model._loaded
    assert loaded.own_words == "tokens"
    ids = loaded.tokenizer.encode("<|post|> words <|label|>")
    assert 700 in ids and 701 in ids
    with torch.no_grad():
        ours = loaded.model(torch.tensor([ids])).logits
    assert ours.shape[-1] == 703
    assert torch.allclose(ours, logits(causal, place, [ids], 703), atol=1e-5)


def test_added_tokens_without_embeddings_are_refused(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    # The tokenizer has more words than the model.
    place = changed(adapter, tmp_path / "words")
    tokenizer = _tokenizer(causal)
    tokenizer.add_tokens(TOKENS)
    tokenizer.save_pretrained(place)
    with pytest.raises(
        HarnessError, match="gives tokens up to 702, but the model knows 700 tokens"
    ):
        ask.open(f"hf:{causal},peft={place}")

    # The embeddings are there, the rows of the head are not.
    whole = save_lora(causal, tmp_path / "whole", added_tokens=3, modules_to_save=["embed_tokens"])
    half = changed(
        whole,
        tmp_path / "half",
        lambda held: {name: tensor for name, tensor in held.items() if "lm_head" not in name},
    )
    with pytest.raises(HarnessError, match=r"3 added tokens, .* no weights for lm_head"):
        ask.open(f"hf:{causal},peft={half}")


def test_an_answer_ends_where_the_tokenizer_of_the_adapter_has_it(
    causal: Path, adapter: Path, tmp_path: Path, ask: Asker
) -> None:
    place = changed(adapter, tmp_path / "ends")
    tokenizer = _tokenizer(causal)
    tokenizer.eos_token = "<pad>"
    tokenizer.save_pretrained(place)
    model = ask.open(f"hf:{causal},peft={place}")
    assert model._loaded.own_words == "special tokens"
    assert model._loaded.model.generation_config.eos_token_id == [2, 0]
