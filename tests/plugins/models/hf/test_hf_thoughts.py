"""``hf:``: the marks of thoughts survive decoding, and a chat template that opens one is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.answered import CUT_OFF, take_apart, why_unanswered
from imhi._core.checkpoints.decoding import Decoder
from imhi._core.registry import Registry
from tests import tiny_models
from tests.plugins.models.hf.asking import Asker, requests


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["[THINK]", "[/THINK]"], "[THINK]I muse.[/THINK]Yes."),
        (["<|channel>", "<channel|>"], "<|channel>thought\nI muse.<channel|>Yes."),
        (
            ["<|start|>", "<|channel|>", "<|message|>", "<|end|>"],
            "<|channel|>analysis<|message|>I muse.<|end|><|start|>assistant"
            "<|channel|>final<|message|>Yes.",
        ),
        (["<|inner_prefix|>", "<|inner_suffix|>"], "<|inner_prefix|>I muse.<|inner_suffix|>Yes."),
    ],
)
def test_special_tokens_that_mark_a_thought_survive_and_no_others(
    registry: Registry, tokens: list[str], text: str
) -> None:
    tokenizer = tiny_models.make_tokenizer("causal", 128)
    tokenizer.add_special_tokens({"additional_special_tokens": [*tokens, "<|other|>"]})
    ids = tokenizer(f"<|other|>{text}</s><pad>", add_special_tokens=False)["input_ids"]
    assert all(token not in tokenizer.decode(ids, skip_special_tokens=True) for token in tokens)
    formats = tuple(registry.thought_formats)
    assert Decoder(tokenizer, formats).text(ids) == text
    plain = tokenizer("<|other|>Yes.</s>", add_special_tokens=False)["input_ids"]
    assert Decoder(tokenizer, formats).text(plain) == "Yes."


def test_a_template_that_opens_a_thought_makes_answers_without_an_end_thoughts(
    folder: Path, registry: Registry
) -> None:
    template = tiny_models.CHAT_TEMPLATE.replace("[assistant]", "[assistant]<think>\n")
    opening = tiny_models.save_causal(folder / "opening", chat_template=template)
    ask = Asker(registry)
    found = list(ask(f"hf:{opening}", requests(4)).values())
    assert all(one.thought_open for one in found)
    parts = take_apart(found, registry.thought_formats)
    assert {why_unanswered(one) for one in parts} == {CUT_OFF}
    assert all(one.thought_tokens == one.completion_tokens for one in parts)
    assert not any(
        r.thought_open for r in ask(f"hf:{opening},chat_template=off", requests(4)).values()
    )
