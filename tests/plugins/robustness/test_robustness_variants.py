"""Prompt variants: declared as data, filled in for any dataset, usable in any run."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.declarations import Dataset, Label, Question
from imhi._core.errors import HarnessError, UnknownName
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Example
from imhi._core.settings import RunSettings
from imhi.plugins.robustness.variants import (
    Variant,
    asked,
    builder,
    chosen_variants,
    ordered,
    shortened,
    variants,
)
from tests.conftest import Imhi
from tests.harness.preparing import prepared_run

POST = "one two\nthree   four {five} six"
STYLES = {variant.name: variant for variant in variants()}


def prompt(manager: PluginManager, name: str, dataset: str, post: str = POST, seed: int = 0) -> str:
    declared = manager.registry.datasets.get(dataset)
    question = declared.questions[0]
    example = Example(
        "7", dataset, "test", post, question.text, declared.labels[0].name, aspect=question.aspect,
        prompt="as the file has it", prompt_style="instruction",
    )  # fmt: skip
    style = manager.registry.prompts.get(f"vary-{name}")
    settings = RunSettings(seed=seed)
    build = builder(STYLES[name], Context.of(settings, manager.registry, style))
    return build(example, declared)


def test_each_variant_is_a_prompt_style_of_its_own(manager: PluginManager) -> None:
    for variant in variants():
        style = manager.registry.prompts.get(variant.style)
        assert (style.version, style.summary) == (
            variant.version, f"{variant.kind}: {variant.summary}",
        )  # fmt: skip
    assert {variant.kind for variant in variants()} == {
        "wording", "order", "degree", "labels", "length",
    }  # fmt: skip


@pytest.mark.parametrize("name", STYLES)
def test_every_prompt_asks_about_the_post_and_differs_from_the_published_one(
    manager: PluginManager, name: str
) -> None:
    long = " ".join(f"w{number}" for number in range(300))
    for dataset in manager.registry.datasets:
        text = prompt(manager, name, dataset.name, long)
        published = f'Consider this post: "{long}" Question: {dataset.questions[0].text}'
        assert text != published
        assert "w10 w11 w12" in text or "w290 w291" in text
        assert "?" in text and "{" not in text


def test_a_prompt_of_the_source_is_not_used_and_braces_in_posts_stay(
    manager: PluginManager,
) -> None:
    text = prompt(manager, "question-first", "DR")
    assert text == (
        f'Question: Does the poster suffer from depression? Consider this post: "{POST}"'
    )


def test_yes_or_no_is_asked_for_where_these_are_the_answers(manager: PluginManager) -> None:
    assert "Yes or no? Does the poster" in prompt(manager, "yes-or-no", "DR")
    assert "Yes or no?" not in prompt(manager, "yes-or-no", "SAD")


def test_degrees_change_the_question_and_have_words_for_questions_unknown_to_them() -> None:
    severe = STYLES["severe"]
    question = "Does the poster suffer from stress?"
    assert asked(severe, question) == "Does the poster suffer from severe stress?"
    assert asked(severe, "Is the poster bored?") == "Is the poster bored? Count severe signs only."
    assert asked(STYLES["polite"], question) == question


def test_degrees_know_the_questions_of_all_published_datasets(manager: PluginManager) -> None:
    for variant in (STYLES["any"], STYLES["some"], STYLES["severe"]):
        for dataset in manager.registry.datasets:
            for question in dataset.questions:
                assert any(found in question.text for found, _ in variant.replace), dataset.name


def test_labels_are_listed_in_the_words_in_which_they_are_read(manager: PluginManager) -> None:
    sentences = [f"- {label.sentence}" for label in manager.registry.datasets.get("SAD").labels]
    listed = prompt(manager, "listed", "SAD").splitlines()
    backwards = prompt(manager, "list-reversed", "SAD").splitlines()
    assert listed[-9:] == sentences and backwards[-9:] == sentences[::-1]
    assert "exactly one of these sentences" in listed[-10]


def test_shuffled_labels_hang_on_seed_and_example_and_nothing_else(manager: PluginManager) -> None:
    first, again, other = (prompt(manager, "list-shuffled", "SAD", seed=s) for s in (1, 1, 2))
    assert first == again != other
    dataset = manager.registry.datasets.get("SAD")
    orders = {tuple(ordered(dataset, "shuffled", str(number))) for number in range(50)}
    assert len(orders) > 45
    assert {order[0] for order in orders} == {label.sentence for label in dataset.labels}


def test_posts_are_cut_between_words_and_white_space_stays() -> None:
    assert shortened(POST, ("first", 3)) == "one two\nthree"
    assert shortened(POST, ("last", 3)) == "four {five} six"
    assert shortened(POST, ("first", 6)) == shortened(POST, None) == POST
    assert shortened("  two words ", ("first", 2)) == "  two words "


def test_variants_are_chosen_by_name_or_kind_in_declared_order() -> None:
    names = [variant.name for variant in chosen_variants(["labels", "vary-polite", "Listed"])]
    assert names == ["polite", "listed", "list-reversed", "list-shuffled"]
    assert chosen_variants([]) == list(variants())
    with pytest.raises(UnknownName, match=r"did you mean 'polite'.*kinds: wording, order"):
        chosen_variants(["polte"])


def test_a_declaration_that_cannot_work_is_refused() -> None:
    with pytest.raises(
        HarnessError, match="odd: the template has the parts post, expected post, q"
    ):
        Variant("odd", "order", "", "{post}")
    with pytest.raises(HarnessError, match="expected labels, post, question"):
        Variant("odd", "labels", "", "{post} {question}", labels="declared")
    with pytest.raises(HarnessError, match="labels sorted, expected declared, reversed, shuffled"):
        Variant("odd", "labels", "", "{post} {question} {labels}", labels="sorted")


def test_any_run_can_use_one(imhi_here: Imhi) -> None:
    said = imhi_here(
        "run", "--prompt", "vary-last-50", "--model", "baseline:majority", "-d", "DR", "--dry-run"
    )
    assert said.code == 0, said.err
    assert "prompt style vary-last-50" in said.out


def test_a_dataset_of_a_stranger_can_be_asked_about_in_every_way(
    manager: PluginManager, tmp_path: Path
) -> None:
    labels = (Label("bored", "The poster is bored."), Label("busy", "The poster is busy."))
    stranger = Dataset("boredom", labels, (Question("How does the poster pass the time?"),))
    style = manager.registry.prompts.get("instruction")
    context = Context.of(RunSettings(), manager.registry, style)
    example = Example("1", "boredom", "test", POST, stranger.questions[0].text, "busy")
    for variant in variants():
        assert "pass the time?" in builder(variant, context)(example, stranger)


def test_the_wording_of_a_variant_is_part_of_what_a_run_is_known_by(
    manager: PluginManager, tmp_path: Path
) -> None:
    def made(style: str) -> str:
        model = ("baseline:majority",)
        settings = RunSettings(model, out=tmp_path, prompt=style, dataset=("DR",), limit=2)
        return prepared_run(settings, manager).folder.id

    assert made("vary-polite") == made("vary-polite") != made("vary-direct")
