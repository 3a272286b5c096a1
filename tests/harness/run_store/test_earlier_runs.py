"""Run folders written before the package was one (commit d3fd539) go on working.

``tests/data/runs_of_0.1`` was made with that version, from demo posts:
``imhi run -d DR -d SAD --limit 8 --resamples 200``.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Imhi

EARLIER = Path(__file__).resolve().parents[2] / "data" / "runs_of_0.1"
MAJORITY = "baseline-majority-demo-test-instruction-a22f2ebda0"
TFIDF = "baseline-tfidf-demo-test-instruction-cfb8dad590"
ASKED = ("-d", "DR", "-d", "SAD", "--limit", "8", "--resamples", "200")


@pytest.fixture
def here(imhi_here: Imhi) -> Imhi:
    shutil.copytree(EARLIER, "runs")
    return imhi_here


def test_they_are_listed_and_shown(here: Imhi) -> None:
    runs = here("runs", "--json").json["runs"]
    assert {run["run"] for run in runs} == {MAJORITY, TFIDF}
    assert all(run["status"] == "scored" and run["answered"] == 16 for run in runs)
    shown = here("show", TFIDF, "--json").json
    assert shown["manifest"]["prompt"] == {"style": "instruction", "version": "1", "shots": 3}
    assert shown["complete"] and {row["dataset"] for row in shown["scores"]} == {"DR", "SAD"}


def test_scoring_them_again_gives_the_values_they_have_and_intervals_of_today(here: Imhi) -> None:
    """Until then they keep the percentiles that they were made with."""
    before = here("show", TFIDF, "--json").json
    again = here("score", TFIDF, "--json").json
    for part in ("scores", "averages"):
        made = {(row.get("dataset", row.get("over")), row["metric"]): row for row in again[part]}
        for old in before[part]:
            new = made[old.get("dataset", old.get("over")), old["metric"]]
            assert {**new, **old, "low": new["low"], "high": new["high"]} == new
    path = Path("runs") / TFIDF / "scores" / "hybrid.json"
    metrics = json.loads(path.read_text())["settings"]["metrics"]
    assert {made["interval"] for made in metrics.values()} == {"wilson-effective-rows"}


def test_scores_that_are_kept_say_that_their_intervals_are_of_another_kind(here: Imhi) -> None:
    assert here("score", MAJORITY, "--metric", "labels").code == 0
    path = Path("runs") / MAJORITY / "scores" / "hybrid.json"
    earlier = json.loads(path.read_text())
    for made in earlier["settings"]["metrics"].values():
        del made["interval"]
    path.write_text(json.dumps(earlier))
    assert here("score", MAJORITY, "--metric", "chrf").code == 0
    metrics = json.loads(path.read_text())["settings"]["metrics"]
    assert metrics["chrf"]["interval"] == "wilson-effective-rows"
    assert "interval" not in metrics["weighted_f1"]


def test_scores_of_other_metrics_are_kept_beside_new_ones(here: Imhi) -> None:
    """Once they are scored under the labels that the labeler reads now."""
    here("score", MAJORITY, "--resamples", "200")
    before = {row["metric"] for row in here("show", MAJORITY, "--json").json["scores"]}
    words = ("--metric", "chrf", "--resamples", "200", "--json")
    after = {row["metric"] for row in here("score", MAJORITY, *words).json["scores"]}
    assert after == before | {"chrf"}


def test_they_are_labelled_again_and_compared(here: Imhi) -> None:
    assert here("label", TFIDF, "--labeler", "strict", "--json").code == 0
    assert here("compare", MAJORITY, TFIDF, "--resamples", "200").code == 0


def test_the_same_command_finds_them_and_asks_nothing(here: Imhi) -> None:
    before = (Path("runs") / TFIDF / "responses" / "DR.jsonl").read_bytes()
    said = here("run", *ASKED, "--json")
    assert {Path(run).name for run in said.json["run"]} == {MAJORITY, TFIDF}
    assert (Path("runs") / TFIDF / "responses" / "DR.jsonl").read_bytes() == before


def test_a_manifest_that_lacks_what_every_run_has_is_refused_in_one_line(here: Imhi) -> None:
    path = Path("runs") / TFIDF / "manifest.json"
    path.write_text(path.read_text().replace('"datasets"', '"sets"'))
    said = here("show", TFIDF)
    assert said.code == 2
    assert "manifest.json: not the manifest of a run" in said.complaint
    assert "'datasets'" in said.complaint and "--out" in said.complaint


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("datasets", ["DR"]),
        ("datasets", {"DR": "many"}),
        ("seed", "x"),
        ("model", None),
        ("notes", "abc"),
        ("notes", [1, 2]),
        ("environment", None),
        ("prompt", ["instruction"]),
        ("totals", {"answered": "all"}),
    ],
)
def test_a_field_of_another_kind_is_named_and_hides_no_other_run(
    here: Imhi, field: str, value: object
) -> None:
    path = Path("runs") / TFIDF / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    said = here("score", TFIDF)
    assert said.code == 2 and "not the manifest of a run" in said.complaint
    listed = here("runs", "--json")
    assert [run["run"] for run in listed.json["runs"]] == [MAJORITY]
    assert "passed over" in listed.err


def test_what_another_version_wrote_besides_survives(here: Imhi) -> None:
    path = Path("runs") / TFIDF / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["energy"], manifest["totals"]["joules"] = {"kWh": 1.5}, 3
    path.write_text(json.dumps(manifest))
    assert here("score", TFIDF, "--resamples", "100").code == 0
    assert json.loads(path.read_text())["energy"] == {"kWh": 1.5}


def test_damaged_scores_are_told_with_the_way_on(here: Imhi) -> None:
    path = Path("runs") / TFIDF / "scores" / "hybrid.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "scores": None}))
    assert "its scores are damaged" in here("show", TFIDF).complaint
