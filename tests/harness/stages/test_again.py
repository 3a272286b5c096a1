"""Labelling and scoring a run again, and going on with one that was stopped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from imhi._core.errors import HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.plan import ScoringPlan, plan_scoring
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.run_store import RunFolder
from imhi._core.settings import RunSettings
from imhi._core.stages.rescore import relabel, rescore
from tests.checkouts import depression_checkout
from tests.conftest import Imhi


def read_with(labeler: str) -> ScoringPlan:
    return plan_scoring(RunSettings(labeler=labeler), load_plugins().registry)


def test_a_run_whose_source_moved_is_scored_and_read_again_where_nothing_is_learnt(
    manager: PluginManager, tmp_path: Path
) -> None:
    there = depression_checkout(tmp_path / "there")
    done = evaluate("baseline:majority", source=f"official:{there}", out=tmp_path, manager=manager)
    folder = RunFolder(Path(done.runs[0].run))
    moved = tmp_path / "moved"
    shutil.move(there, moved)
    (again,) = rescore([folder], manager, plan_scoring(RunSettings(), manager.registry))
    assert again.scores == done.runs[0].scores
    assert relabel([folder], manager, read_with("strict"))[0].complete
    with pytest.raises(HarnessError, match=r"its source cannot be opened .* with --source"):
        relabel([folder], manager, read_with("explanation"))
    relabel([folder], manager, read_with("explanation"), f"official:{moved}")


def test_scores_of_older_answers_are_not_kept_beside_newer_ones(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = ["run", "--plugin", asked_plugin, "-m", "asked:log", "-d", "SAD", "--json"]
    Path("log.broken").write_text("")
    run = imhi_here(*words, "--metric", "chrf").json["run"]
    both = imhi_here("score", run, "--metric", "accuracy", "--json").json["scores"]
    assert {row["metric"] for row in both} == {"accuracy", "chrf"}, "same answers: both are true"
    Path("log.broken").unlink()
    after = imhi_here(*words, "--metric", "accuracy").json["scores"]
    assert {row["metric"] for row in after} == {"accuracy"}


def test_a_run_killed_after_its_last_answer_is_finished_by_the_next(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = ["run", "--plugin", asked_plugin, "-m", "asked:log", "-d", "SAD", "--json"]
    whole = imhi_here(*words).json
    manifest = Path(whole["run"]) / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "totals": {}}))
    again = imhi_here(*words)
    assert again.code == 0 and again.json["scores"] == whole["scores"]
    assert json.loads(manifest.read_text())["totals"]["answered"] == 22


def test_what_failed_attempts_cost_is_counted_after_they_succeeded(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = ["run", "--plugin", asked_plugin, "-m", "asked:log,cost=1", "-d", "SAD", "--json"]
    Path("log.broken").write_text("")
    run = Path(imhi_here(*words).json["run"])
    failures = run / "failures" / "SAD.jsonl"
    rows = [json.loads(line) for line in failures.read_text().splitlines()]
    failures.write_text("".join(json.dumps({**row, "cost": 1.0}) + "\n" for row in rows))
    Path("log.broken").unlink()
    assert imhi_here(*words).code == 0
    assert json.loads((run / "manifest.json").read_text())["totals"]["cost"] == 22 + len(rows)


def test_a_labeler_that_gives_no_label_without_saying_so_is_refused(imhi_here: Imhi) -> None:
    Path("careless.py").write_text(
        "from imhi import Labeler, Prediction, hookimpl\n"
        "@hookimpl\n"
        "def imhi_labelers():\n"
        "    def create(context):\n"
        "        return lambda d, a, rs: [Prediction(r.id, r.dataset) for r in rs]\n"
        "    yield Labeler('careless', 'says labelled, gives none', create)\n"
    )
    words = ["--plugin", "careless.py", "--labeler", "careless", "-m", "baseline:majority"]
    said = imhi_here("run", *words, "-d", "DR")
    assert said.code == 2
    assert "label None with status 'labelled', expected one of yes, no" in said.complaint
