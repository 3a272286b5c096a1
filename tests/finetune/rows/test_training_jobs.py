"""Which models a recipe trains, and on which examples each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager
from imhi.finetune.rows.training_jobs import training_jobs
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.pipeline import open_data
from tests.checkouts import INSTRUCTION, NO, TEST, YES, asked, write_queries
from tests.finetune.conftest import MakeRecipe


@pytest.fixture
def checkout(tmp_path: Path) -> str:
    """DR: six training posts, one of which is a test post and one a validation post."""
    posts = ("a grey week", "we won!", "so tired", "sunny", "nobody calls", "new job")
    answers = (
        f"{YES}grey.",
        f"{NO}joy.",
        f"{YES}tired.",
        f"{NO}sun.",
        f"{YES}alone.",
        f"{YES}pay.",
    )
    rows = [(asked(post), answer) for post, answer in zip(posts, answers, strict=True)]
    write_queries(tmp_path / INSTRUCTION / "DR" / "train.csv", rows)
    write_queries(tmp_path / INSTRUCTION / "DR" / "val.csv", rows[:1])
    write_queries(tmp_path / TEST / "DR.csv", rows[1:2])
    write_queries(tmp_path / TEST / "CLP.csv", rows[2:3])
    return f"official:{tmp_path}"


def read(recipe, manager: PluginManager):
    context = open_data(recipe, manager)
    return training_jobs(recipe, context, TrainedFolder(Path("trained"))), context


def test_no_post_of_the_validation_or_the_test_rows_is_trained_on(
    checkout: str, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    recipe = recipe_of("causal", data={"source": checkout, "datasets": ["DR"]})
    (job,), context = read(recipe, manager)
    assert [row.post for row in job.train] == ["so tired", "sunny", "nobody calls", "new job"]
    assert [row.post for row in job.validation] == ["a grey week"]
    assert {text.format(n=n) for (_, text), n in context.report.counts.items() if n} == {
        "DR: 1 training rows whose post stands in test were left out",
        "DR: 1 training rows whose post is a validation post were left out",
    }


def test_a_model_that_is_not_scored_here_sees_no_test_post_either(
    checkout: str, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    recipe = recipe_of("causal", data={"source": checkout, "datasets": ["DR"]})
    recipe = recipe.model_copy(
        update={"evaluation": recipe.evaluation.model_copy(update={"split": None})}
    )
    (job,), context = read(recipe, manager)
    assert [row.post for row in job.train] == ["so tired", "sunny", "nobody calls", "new job"]
    assert context.report.counts[
        "notes", "DR: {n} training rows whose post stands in test were left out"
    ]


def test_posts_of_other_datasets_test_rows_can_be_left_out_too(
    checkout: str, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    data = {"source": checkout, "datasets": ["DR"], "drop_test_posts": "any"}
    (job,), _ = read(recipe_of("causal", data=data), manager)
    assert "so tired" not in [row.post for row in job.train]


def test_a_model_of_all_datasets_sees_no_validation_post_of_any(
    checkout: str, tmp_path: Path, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    question = "Does the poster suffer from stress?"
    rows = [
        (asked(post, question), "Yes, the poster suffers from stress. Reasoning: x.")
        for post in ("a grey week", "deadlines")
    ]
    write_queries(tmp_path / INSTRUCTION / "dreaddit" / "train.csv", rows)
    data = {"source": checkout, "datasets": ["DR", "dreaddit"], "held_out": 0}
    (job,), context = read(recipe_of("causal", data=data), manager)
    assert "a grey week" in [row.post for row in job.validation]
    assert [row.post for row in job.train if row.dataset == "dreaddit"] == ["deadlines"]
    assert any("validation posts of another dataset" in text for _, text in context.report.counts)


def test_where_nothing_is_there_to_validate_on_posts_are_held_out_and_it_is_said(
    checkout: str, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    data = {"source": checkout, "datasets": ["DR"], "validation": [], "held_out": 0.5}
    (job,), context = read(recipe_of("causal", data=data), manager)
    trained, held = ({row.post for row in rows} for rows in (job.train, job.validation))
    assert trained and held and not trained & held
    assert any("held out" in note for note in context.notes)


def test_a_dataset_without_training_rows_is_refused_and_those_with_some_are_named(
    checkout: str, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    recipe = recipe_of("causal", data={"source": checkout, "datasets": ["CLP"]})
    with pytest.raises(HarnessError) as error:
        read(recipe, manager)
    assert "data.datasets: CLP has no split train" in str(error.value)
    assert "datasets with training rows: DR" in str(error.value)


def test_all_datasets_with_training_rows_are_taken_where_none_is_named(
    checkout: str, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    (job,), _ = read(recipe_of("causal", data={"source": checkout, "datasets": []}), manager)
    assert job.datasets == ("DR",)


def test_a_classifier_per_question_where_a_dataset_asks_several(
    recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    (dr, *irf), _ = read(recipe_of("classifier", data={"datasets": ["DR", "IRF"]}), manager)
    assert (dr.name, dr.aspect) == ("DR", None)
    assert len(irf) == 2
    for job in irf:
        assert {row.aspect for row in job.train} == {job.aspect}


@pytest.mark.parametrize("by", ["labels", "datasets"])
def test_balancing_repeats_rows_of_the_rarer_groups_and_drops_none(
    by: str, recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    data = {"datasets": ["DR", "SAD"], "balance": by}
    (plain,), _ = read(recipe_of("causal", data={"datasets": ["DR", "SAD"]}), manager)
    (balanced,), _ = read(recipe_of("causal", data=data), manager)
    key = (lambda r: r.dataset) if by == "datasets" else (lambda r: (r.dataset, r.label))
    counts = Counter(key(row) for row in balanced.train)
    assert {row.id for row in balanced.train} == {row.id for row in plain.train}
    if by == "datasets":
        assert len(set(counts.values())) == 1
    else:
        for dataset in ("DR", "SAD"):
            assert len({n for (name, _), n in counts.items() if name == dataset}) == 1


def test_a_limit_draws_the_same_rows_for_the_same_seed(
    recipe_of: MakeRecipe, manager: PluginManager
) -> None:
    def ids(seed: int) -> list[str]:
        recipe = recipe_of(
            "causal", data={"datasets": ["SAD"], "limit": 8}, training={"seed": seed}
        )
        (job,), _ = read(recipe, manager)
        return [row.id for row in job.train]

    assert len(ids(0)) == 8
    assert ids(0) == ids(0) != ids(1)
