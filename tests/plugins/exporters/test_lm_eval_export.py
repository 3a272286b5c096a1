"""``imhi export lm-eval DIR``: what is written, as lm-eval itself reads it.

That ``lm_eval`` then gives the answers and scores of ``imhi run`` is shown in
``tests/test_three_ways.py``.
"""

from __future__ import annotations

import dataclasses
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager
from imhi._core.registry import Registry
from imhi._core.settings import RunSettings
from imhi._core.stages.pipeline import run
from imhi.plugins.exporters.lm_eval_export import scoring
from imhi.plugins.exporters.lm_eval_export.writing import write_export
from tests.conftest import Imhi


def settings(**more: Any) -> RunSettings:
    return RunSettings(**{"dataset": ("DR", "SAD"), "limit": 5, "max_new_tokens": 30, **more})


def prompts(chosen: RunSettings, registry: Registry, dataset: str) -> list[str]:
    """What ``imhi run`` would ask."""
    style = registry.prompts.get(chosen.prompt or "instruction")
    context: Context = Context.of(chosen, registry, style)
    examples = list(context.examples(dataset, chosen.split))[: chosen.limit]
    return [r.prompt for _, r in context.requests(iter(examples), resolve(style.build)(context))]


def rows(directory: Path, dataset: str) -> list[dict[str, Any]]:
    lines = (directory / "data" / f"{dataset}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def lm_eval_tasks(directory: Path) -> dict[str, Any]:
    """Load the export as lm_eval does; task name -> task."""
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(directory), include_defaults=False)
    loaded: dict[str, Any] = manager.load(["imhi"])["tasks"]
    return loaded


@pytest.mark.parametrize("style", ["instruction", "completion", "few-shot"])
def test_lm_eval_asks_what_imhi_run_asks(style: str, tmp_path: Path, registry: Registry) -> None:
    chosen = settings(prompt=style)
    write_export(tmp_path, chosen, registry)
    tasks = lm_eval_tasks(tmp_path)
    assert set(tasks) == {"imhi_DR", "imhi_SAD"}
    for name, task in tasks.items():
        asked = [task.fewshot_context(doc, num_fewshot=0) for doc in task.test_docs()]
        assert asked == prompts(chosen, registry, name.removeprefix("imhi_"))


def test_lm_eval_decodes_as_imhi_run_does(tmp_path: Path, registry: Registry) -> None:
    write_export(tmp_path / "greedy", settings(), registry)
    (task, *_) = lm_eval_tasks(tmp_path / "greedy").values()
    assert task.config.generation_kwargs == {
        "until": [],
        "do_sample": False,
        "temperature": 0.0,
        "max_gen_toks": 30,
    }
    sampled = settings(temperature=0.7, top_p=0.9, stop=("###",))
    write_export(tmp_path / "sampled", sampled, registry)
    (task, *_) = lm_eval_tasks(tmp_path / "sampled").values()
    assert task.config.generation_kwargs == {
        "until": ["###"],
        "do_sample": True,
        "temperature": 0.7,
        "top_p": 0.9,
        "max_gen_toks": 30,
    }


def test_scores_are_those_of_imhi_run(
    tmp_path: Path, registry: Registry, manager: PluginManager
) -> None:
    chosen = settings(labeler="strict", limit=None, out=tmp_path / "runs", resamples=100)
    (scores,) = run(dataclasses.replace(chosen, model=("baseline:tfidf",)), manager)
    expected = {(row["dataset"], row["metric"]): row["value"] for row in scores.scores}
    write_export(tmp_path / "export", chosen, registry)
    for name, task in lm_eval_tasks(tmp_path / "export").items():
        dataset = name.removeprefix("imhi_")
        file = Path(scores.run) / "responses" / f"{dataset}.jsonl"
        answers = {row["id"]: row["text"] for row in map(json.loads, file.read_text().splitlines())}
        judged = [task.process_results(doc, [answers[doc["id"]]]) for doc in task.test_docs()]
        for metric, aggregate in task.aggregation().items():
            value = aggregate([result[metric] for result in judged])
            assert value == pytest.approx(expected[dataset, metric], abs=1e-5)
        assert 0 < expected[dataset, "weighted_f1"] < 100


def test_an_answer_without_a_label_counts_as_wrong_and_as_unparsed() -> None:
    right = scoring.judged(
        {"id": "1", "dataset": "DR", "aspect": "", "label": "yes"},
        "Yes, the poster suffers from depression. Reasoning: they say so.",
    )
    nothing = scoring.judged({"id": "2", "dataset": "DR", "aspect": "", "label": "yes"}, "Hm.")
    items = [right["accuracy"], nothing["accuracy"]]
    assert scoring.score("accuracy", items) == 50.0
    assert scoring.score("unparsed", items) == 50.0


def test_the_group_averages_over_datasets_not_over_examples(
    tmp_path: Path, registry: Registry
) -> None:
    import yaml

    write_export(tmp_path, settings(), registry)
    group = yaml.safe_load((tmp_path / "imhi.yaml").read_text())
    assert group["task"] == ["imhi_DR", "imhi_SAD"]
    assert {(m["aggregation"], m["weight_by_size"]) for m in group["aggregate_metric_list"]} == {
        ("mean", False)
    }


def test_a_system_prompt_is_in_the_rows_only_where_no_template_will_place_it(
    tmp_path: Path, registry: Registry
) -> None:
    plain = prompts(settings(), registry, "DR")[0]
    write_export(tmp_path, settings(system="Be kind.", chat_template="off"), registry)
    assert rows(tmp_path, "DR")[0]["prompt"] == f"Be kind.\n\n{plain}"
    written = write_export(tmp_path, settings(system="Be kind.", chat_template="on"), registry)
    assert rows(tmp_path, "DR")[0]["prompt"] == plain
    assert written.commands[0].endswith("--apply_chat_template --system_instruction 'Be kind.'")


def test_the_folder_is_private_and_says_that_it_holds_posts(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    done = imhi_here("export", "lm-eval", "out", "--dataset", "DR", "--limit", "3")
    assert done.code == 0, done.err
    assert "contains posts" in done.err and "do not share" in done.err
    assert "lm_eval --include_path out --tasks imhi" in done.out
    page = (tmp_path / "out" / "README.md").read_text()
    assert "Do not share it" in page and "not IMHI results" in page
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "out" / "data" / "DR.jsonl").stat().st_mode) == 0o600


def test_posts_do_not_stay_behind_in_a_cache(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_export(tmp_path / "export", settings(), registry)
    code = (
        "import sys; from lm_eval.tasks import TaskManager;"
        "m = TaskManager(include_path=sys.argv[1], include_defaults=False);"
        "print(sum(len(t.test_docs()) for t in m.load(['imhi'])['tasks'].values()))"
    )
    home = tmp_path / "home"
    home.mkdir()
    run_it = [sys.executable, "-c", code, str(tmp_path / "export")]
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setenv("HOME", str(home))
    done = subprocess.run(run_it, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "10"
    post = rows(tmp_path / "export", "DR")[0]["prompt"][20:80].encode()
    assert not [f for f in home.rglob("*") if f.is_file() and post in f.read_bytes()]


def test_a_later_export_replaces_the_earlier_one(tmp_path: Path, registry: Registry) -> None:
    write_export(tmp_path, settings(), registry)
    write_export(tmp_path, settings(dataset=("dreaddit",)), registry)
    assert sorted(path.name for path in tmp_path.glob("*.yaml")) == [
        "imhi.yaml",
        "imhi_dreaddit.yaml",
    ]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["dreaddit.jsonl"]


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(HarnessError, match=r"other files \(thesis.tex\)"):
        write_export(tmp_path, settings(), registry)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_the_source_does_not_have_is_said_before_anything_is_written(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    done = imhi_here("export", "lm-eval", "out", "--split", "nowhere")
    assert done.code == 2
    assert "nowhere" in done.err and "Traceback" not in done.err
    assert not (tmp_path / "out").exists()
