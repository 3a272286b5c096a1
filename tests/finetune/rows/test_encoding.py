"""Token ids of training rows: the loss is on the answer alone, a prompt is what ``hf:`` asks, and what
is too long is taken from the post."""

from __future__ import annotations

from typing import Any

import pytest

from imhi._core.answer_format import compose
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Example
from imhi.checkpoints import Prompter
from imhi.finetune.rows.encoding import (
    IGNORED,
    Counts,
    encode_causal,
    encode_classes,
    encode_seq2seq,
    table,
)
from imhi.finetune.rows.texts import ClassRow, text_rows
from tests import tiny_models
from tests.finetune.conftest import MakeRecipe

pytest.importorskip("transformers", reason="finetune needs the extra [finetune]")

QUESTION = "Does the poster suffer from depression?"


def example(post: str, explanation: str = "The post is grey.", number: int = 0) -> Example:
    return Example(f"train-{number}", "DR", "train", post, QUESTION, "yes", explanation)


class Encoded:
    """Rows of one example, encoded in a window."""

    def __init__(self, rows: list[dict[str, Any]], counts: Counts, tokenizer: Any) -> None:
        self.rows, self.counts, self.tokenizer = rows, counts, tokenizer

    @property
    def prompt(self) -> str:
        (row,) = self.rows
        ids = [
            i for i, label in zip(row["input_ids"], row["labels"], strict=True) if label == IGNORED
        ]
        return self.tokenizer.decode(ids, skip_special_tokens=True)

    @property
    def answer(self) -> str:
        (row,) = self.rows
        return self.tokenizer.decode([label for label in row["labels"] if label != IGNORED])


@pytest.fixture
def encode(recipe_of: MakeRecipe, manager: PluginManager):
    def make(
        rows: list[Example], window: int = 400, template: str | None = None, **more: Any
    ) -> Encoded:
        from imhi.finetune.training.pipeline import open_data

        recipe = recipe_of("causal", data=more.pop("data", {}))
        tokenizer = tiny_models.make_tokenizer("causal", 1024, template)
        prompter = Prompter(tokenizer, "on" if template else "off", "test")
        texts = text_rows(rows, recipe.data, open_data(recipe, manager))
        counts = Counts()
        settings = {"loss_on_all": False, "label_weight": 1.0, **more}
        found = list(encode_causal(texts, prompter, window, counts=counts, **settings))
        return Encoded(found, counts, tokenizer)

    return make


def test_the_loss_is_on_the_answer_and_its_end_token_only(encode, manager: PluginManager) -> None:
    found = encode([example("all is grey")])
    expected = compose(manager.registry.datasets.get("DR"), "yes", "The post is grey.")
    assert found.answer == f" {expected}</s>"
    assert found.prompt == f'Consider this post: "all is grey" Question: {QUESTION}'


def test_the_prompt_is_token_for_token_what_a_model_is_asked(encode) -> None:
    found = encode([example("all is grey")])
    (row,) = found.rows
    prompt = f'Consider this post: "all is grey" Question: {QUESTION}'
    asked = found.tokenizer.encode(prompt)
    assert row["input_ids"][: len(asked)] == asked
    assert row["labels"][len(asked)] != IGNORED
    # And the whole is tokenized as the text would be in one piece.
    text = f"{prompt} Yes, the poster suffers from depression. Reasoning: The post is grey."
    assert row["input_ids"][:-1] == found.tokenizer.encode(text)


def test_a_chat_template_stands_around_the_prompt_and_not_the_answer(encode) -> None:
    found = encode([example("all is grey")], template=tiny_models.CHAT_TEMPLATE)
    assert found.prompt.endswith(f"{QUESTION}\n[assistant]")
    assert found.answer.startswith(" Yes, the poster") and found.answer.endswith("grey.</s>")


def test_a_row_that_is_too_long_loses_the_end_of_its_post_and_nothing_else(encode) -> None:
    found = encode([example("first words " + "grey " * 600)], window=150)
    (row,) = found.rows
    assert len(row["input_ids"]) <= 150
    assert found.prompt.startswith('Consider this post: "first words grey')
    assert found.prompt.endswith(f'" Question: {QUESTION}')
    assert found.answer == encode([example("short")]).answer
    assert (found.counts.rows, found.counts.truncated, found.counts.left_out) == (1, 1, 0)


def test_a_row_whose_answer_alone_is_too_long_is_left_out_and_counted(encode) -> None:
    found = encode([example("short", "grey " * 400)], window=100)
    assert found.rows == []
    assert (found.counts.rows, found.counts.left_out) == (0, 1)


def test_all_tokens_can_carry_loss(encode) -> None:
    (row,) = encode([example("all is grey")], loss_on_all=True).rows
    assert row["labels"] == row["input_ids"]


def test_the_label_sentence_can_be_weighed(encode) -> None:
    found = encode([example("all is grey")], label_weight=5.0)
    (row,) = found.rows
    heavy = [i for i, w in zip(row["input_ids"], row["loss_weights"], strict=True) if w == 5.0]
    said = " Yes, the poster suffers from depression. Reasoning:"
    assert found.tokenizer.decode(heavy) == said


def test_completion_rows_go_on_behind_the_stem(encode) -> None:
    found = encode([example("all is grey")], data={"style": "completion"})
    assert found.prompt.endswith('suffers from depression?" is ')
    assert found.answer.startswith("yes. Reasoning: The post is grey.")


def test_an_encoder_decoder_reads_the_prompt_and_writes_the_answer(
    recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    from imhi.finetune.training.pipeline import open_data

    data = recipe_of("seq2seq", data={"style": "completion"}).data
    context = open_data(recipe_of("seq2seq"), manager)
    tokenizer = tiny_models.make_tokenizer("seq2seq", 1024)
    rows = text_rows([example("all is grey"), example("b", "grey " * 300)], data, context)
    counts = Counts()
    prompter = Prompter(tokenizer, "off", "test")
    (row,) = encode_seq2seq(rows, prompter, 200, 60, label_weight=3.0, counts=counts)
    assert tokenizer.decode(row["labels"]) == "yes. Reasoning: The post is grey.</s>"
    assert tokenizer.decode(row["input_ids"]).startswith("Post: all is grey Question: ")
    heavy = [
        i for i, weight in zip(row["labels"], row["loss_weights"], strict=True) if weight == 3.0
    ]
    assert tokenizer.decode(heavy) == "yes. Reasoning:"
    assert counts.left_out == 1


def test_of_a_text_and_its_question_only_the_text_is_cut() -> None:
    tokenizer = tiny_models.make_tokenizer("classifier", 512)
    counts = Counts()
    rows = [ClassRow("grey " * 300, "Is it risk of burdensomeness?", "yes")]
    (row,) = encode_classes(rows, tokenizer, 64, ["no", "yes"].index, counts)
    text = tokenizer.decode(row["input_ids"])
    assert len(row["input_ids"]) == 64 and counts.truncated == 1
    assert text.endswith("Is it risk of burdensomeness?</s>")
    assert row["labels"] == 1


def test_a_table_of_many_rows_takes_four_bytes_a_token() -> None:
    rows = (
        {"input_ids": list(range(200)), "labels": [IGNORED] * 200, "length": 200}
        for _ in range(2500)
    )
    found = table(rows)
    assert len(found) == 2500
    assert found[2499]["labels"][0] == IGNORED
    assert found.data.nbytes < 2500 * (2 * 200 * 4 + 32)
