"""Recipes: read, changed, checked as a whole; what is wrong is named by field, value and what is
allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi.finetune.recipe.reading import read_recipe, recipe_names

NEEDED = {
    *("mentallama-7b", "mentallama-chat-7b", "mentallama-chat-13b", "mentallama-33b-lora"),
    *("mentalbart", "mentalt5", "bert", "roberta", "mentalbert", "mentalroberta"),
    *("label-classifiers", "leave-task-out", "tiny-causal", "tiny-seq2seq", "tiny-classifier"),
}


def written(folder: Path, text: str, name: str = "own.yaml") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def test_another_base_is_not_measured_as_the_recipes_own() -> None:
    assert read_recipe("bert").base.size is not None
    assert read_recipe("bert", ["base.model=./mine"]).base.size is None
    figures = "{parameters: 1, layers: 1, hidden_size: 1, intermediate_size: 1, heads: 1, "
    figures += "key_value_heads: 1, vocabulary: 1, source: mine}"
    given = read_recipe("bert", ["base.model=./mine", f"base.size={figures}"]).base.size
    assert given is not None and given.source == "mine"


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_is_sound_and_called_like_its_file(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.name == name
    assert recipe.summary


def test_the_recipes_that_people_ask_for_are_there() -> None:
    assert set(recipe_names()) >= NEEDED


@pytest.mark.parametrize("name", [name for name in recipe_names() if name.startswith("tiny-")])
def test_a_tiny_recipe_needs_no_hub(name: str) -> None:
    assert read_recipe(name).base.model is None


def test_what_is_quoted_names_its_source_and_all_else_is_our_choice() -> None:
    recipe = read_recipe("mentallama-chat-13b")
    assert "README of SteveKGYang/MentalLLaMA" in recipe.quoted["base.model"]
    assert "training.learning_rate" not in recipe.quoted
    assert set(recipe.quoted) <= {name for name, _ in recipe.fields()}


def test_an_own_recipe_builds_on_another_field_by_field(tmp_path: Path) -> None:
    own = written(tmp_path, "extends: tiny-causal\nname: mine\ntraining: {epochs: 7}\n")
    recipe, below = read_recipe(own), read_recipe("tiny-causal")
    assert (recipe.name, recipe.training.epochs) == ("mine", 7)
    assert recipe.training.learning_rate == below.training.learning_rate
    assert recipe.data == below.data


def test_a_value_that_is_set_anew_is_quoted_no_more(tmp_path: Path) -> None:
    own = written(
        tmp_path, "extends: mentalbart\nname: mine\nbase: {model: ./my-bart, size: null}\n"
    )
    assert set(read_recipe("mentalbart").quoted) == {"base.model", "data.style"}
    assert set(read_recipe(own).quoted) == {"data.style"}
    assert set(read_recipe("mentalbart", ["data.style=instruction"]).quoted) == {"base.model"}


def test_recipes_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    own = written(tmp_path, "extends: other.yaml\n")
    written(tmp_path, "extends: own.yaml\n", "other.yaml")
    with pytest.raises(HarnessError, match="extends itself, by way of"):
        read_recipe(own)


@pytest.mark.parametrize(
    ("override", "field", "value"),
    [
        ("training.epochs=1", "training.epochs", 1.0),
        ("training.learning_rate=1e-4", "training.learning_rate", 1e-4),
        ("data.datasets=[DR]", "data.datasets", ["DR"]),
        ("data.chat_template=off", "data.chat_template", "off"),
        ("validation.metric=null", "validation.metric", None),
    ],
)
def test_set_changes_a_field(override: str, field: str, value: object) -> None:
    assert dict(read_recipe("tiny-causal", [override]).fields())[field] == value


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("training.epoch=1", "unknown field 'training.epoch': did you mean 'training.epochs'?"),
        ("training.epochs=many", "training.epochs: found 'many', expected a number"),
        ("training.epochs=0", "training.epochs: found 0, expected a number above 0"),
        ("training.learning_rate=.inf", "found inf, expected a number that is not infinite"),
        ("training.label_weight=1e30", "found 1e+30, expected at most 10000"),
        ("data.window=1.5", "data.window: found 1.5, expected a whole number"),
        (
            "training.schedule=round",
            "training.schedule: found 'round', expected 'linear', 'cosine'",
        ),
        (
            "training.packing=yes please",
            "training.packing: found 'yes please', expected true or false",
        ),
        ("data.datasets=DR", "data.datasets: found 'DR', expected a list"),
        ("training=fast", "training: found 'fast', expected a mapping of fields"),
        ("epochs", "--set epochs: expected FIELD=VALUE such as training.epochs=1"),
        ("name=A Name", "name: found 'A Name', expected small letters"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_what_is(override: str, said: str) -> None:
    with pytest.raises(HarnessError) as error:
        read_recipe("tiny-causal", [override])
    assert said in str(error.value)
    assert "\n" not in str(error.value) and not str(error.value).endswith(".0")


@pytest.mark.parametrize(
    ("name", "overrides", "said"),
    [
        ("tiny-causal", ["base.model=gpt2"], "base: found both model and scratch"),
        ("tiny-causal", ["base.scratch=null"], "base: found neither model nor scratch"),
        (
            "tiny-causal",
            ["base.scratch.type=bert"],
            "base.scratch.type: found bert for kind causal",
        ),
        ("tiny-causal", ["base.scratch.heads=3"], "expected a multiple of base.scratch.heads (3)"),
        ("tiny-causal", ["data.window=1024"], "data.window: found 1024, expected at most"),
        (
            "tiny-causal",
            ["method.name=lora"],
            "method.name: found lora for a model made from nothing",
        ),
        ("tiny-causal", ["training.packing=true"], "training.label_weight: found a weight beside"),
        (
            "tiny-causal",
            ["data.reads=explanation"],
            "data.reads: found explanation for kind causal",
        ),
        (
            "tiny-causal",
            ["validation.every=5"],
            "validation.every: found 5 epochs, expected at most",
        ),
        ("tiny-causal", ["quoted={training.speed: x}"], "quoted.training.speed: there is no field"),
        (
            "tiny-seq2seq",
            ["training.packing=true"],
            "training.packing: found true for kind seq2seq",
        ),
        ("tiny-seq2seq", ["training.loss_on=all"], "training.loss_on: found all for kind seq2seq"),
        (
            "tiny-causal",
            ["training.label_weight=1", "training.label_smoothing=0.1"],
            "training.label_smoothing: found 0.1",
        ),
        (
            "tiny-leave-task-out",
            ["data.drop_test_posts=own"],
            "data.drop_test_posts: found own with leave_out, expected any",
        ),
        ("tiny-classifier", ["data.per=all"], "each dataset has labels of its own"),
        ("tiny-classifier", ["leave_out=[DR]"], "leave_out: found for a classifier"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(
    name: str, overrides: list[str], said: str
) -> None:
    with pytest.raises(HarnessError) as error:
        read_recipe(name, overrides)
    assert said in str(error.value)


def test_an_unknown_recipe_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(HarnessError, match="did you mean 'tiny-causal'"):
        read_recipe("tiny-casual")
    with pytest.raises(HarnessError, match="there is no such file"):
        read_recipe("./mine.yaml")


def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="found list, expected a mapping"):
        read_recipe(written(tmp_path, "- a\n- b\n"))
