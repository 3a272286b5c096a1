"""Trainings that belong together: tasks left out one by one, and several seeds."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from imhi.finetune.experiments.leave_out import units
from imhi.finetune.recipe.reading import read_recipe
from tests.conftest import Imhi

pytest.importorskip("trl", reason="finetune needs the extra [finetune]")

FEW = [
    *("--set", "base.scratch.hidden_size=32", "--set", "base.scratch.vocabulary=600"),
    *("--set", "training.epochs=1", "--set", "validation.metric=null"),
    *("--set", "evaluation.max_new_tokens=24"),
]


def test_a_task_stands_for_its_datasets_and_a_dataset_for_itself(registry: Registry) -> None:
    recipe = read_recipe("tiny-leave-task-out", ["leave_out=[mental disorders detection, DR]"])
    found = units(recipe, ["DR", "T-SID", "SWMH"], registry)
    assert found == {"mental disorders detection": ["SWMH", "T-SID"], "DR": ["DR"]}


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("[SAD]", "SAD has no training rows among DR, dreaddit"),
        ("[nonsense]", "unknown dataset 'nonsense'"),
    ],
)
def test_what_cannot_be_left_out_is_refused(left_out: str, said: str, registry: Registry) -> None:
    recipe = read_recipe("tiny-leave-task-out", [f"leave_out={left_out}"])
    with pytest.raises(HarnessError, match=said):
        units(recipe, ["DR", "dreaddit"], registry)


def test_something_must_be_left_to_train_on(registry: Registry) -> None:
    recipe = read_recipe("tiny-leave-task-out", ["leave_out=[DR]"])
    with pytest.raises(HarnessError, match="nothing is left to train on"):
        units(recipe, ["DR"], registry)


@pytest.mark.slow
def test_one_command_makes_the_table_of_unseen_tasks(
    imhi_here: Imhi, tmp_path: Path, causal_base: Path
) -> None:
    """With a base model to be asked zero-shot, beside what was trained from it."""
    text = (
        "extends: tiny-leave-task-out\nname: unseen\nbase: {model: '%s', scratch: null}\n"
        "data: {datasets: [DR, dreaddit, SAD], window: 400}\nleave_out: [DR, stress cause detection]\n"
    )
    (tmp_path / "unseen.yaml").write_text(text % causal_base, encoding="utf-8")
    said = imhi_here("finetune", "unseen.yaml", "--json", *FEW[4:])
    assert said.code == 0, said.err
    lines = {line["dataset"]: line for line in said.json["lines"]}
    assert set(lines) == {"DR", "SAD"}
    for line in lines.values():
        assert set(line["scores"]) == {
            *("unseen", "seen", "base zero-shot", "baseline:majority", "baseline:tfidf"),
        }
        assert all(row["n"] == line["scores"]["seen"]["n"] for row in line["scores"].values())
    for name, datasets in {
        "unseen-without-DR": ["dreaddit", "SAD"],
        "unseen-without-stress-cause-detection": ["DR", "dreaddit"],
        "unseen-with-all": ["DR", "dreaddit", "SAD"],
    }.items():
        manifest = json.loads((tmp_path / "trained" / name / "training.json").read_text())
        assert manifest["members"]["model"]["datasets"] == datasets
    assert (tmp_path / "trained" / "unseen-left-out.json").is_file()
    shown = imhi_here("finetune", "unseen.yaml", *FEW[4:])
    assert "'unseen': trained without it" in shown.out and "base zero-shot" in shown.out
    assert all(len(line) <= 80 for line in shown.out.splitlines())


@pytest.mark.slow
def test_several_seeds_give_mean_and_deviation(imhi_here: Imhi, tmp_path: Path) -> None:
    words = ["finetune", "tiny-classifier", *FEW[:6], "--set", "base.scratch.hidden_size=32"]
    said = imhi_here(*words, "--seeds", "0,1,2", "--json")
    assert said.code == 0, said.err
    folders = [Path(folder) for folder in said.json["folders"]]
    assert [folder.name for folder in folders] == [f"tiny-classifier-seed{n}" for n in range(3)]
    for spread in said.json["spreads"]:
        values = [
            next(
                row["value"]
                for row in json.loads((tmp_path / folder / "training.json").read_text())["scores"]
                if (row["dataset"], row["metric"]) == (spread["dataset"], spread["metric"])
            )
            for folder in folders
        ]
        assert spread["values"] == values
        assert spread["mean"] == pytest.approx(statistics.mean(values))
        assert spread["deviation"] == pytest.approx(statistics.stdev(values))
    assert imhi_here(*words, "--seeds", "0,0").code == 2
    assert imhi_here(*words, "--seeds", "0,x").code == 2
