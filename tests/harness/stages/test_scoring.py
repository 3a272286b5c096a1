"""Scoring runs again: several at once, with metrics that keep, note, leave gaps or fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Imhi

PLUGIN = Path(__file__).with_name("counting_plugin.py")


@pytest.fixture
def runs(imhi_here: Imhi) -> list[str]:
    words = ["run", "-d", "DR", "-d", "SAD", "--limit", "8", "--json"]
    made: list[str] = imhi_here(*words, "-m", "baseline:majority", "-m", "baseline:tfidf").json[
        "run"
    ]
    return made


def test_several_runs_are_scored_by_one_metric_that_is_opened_once(
    runs: list[str], imhi_here: Imhi
) -> None:
    said = imhi_here("score", *runs, "--plugin", PLUGIN, "--metric", "counted:log", "--json").json
    rows = [row for row in said["scores"] if row["metric"] == "counted"]
    assert {(row["run"], row["dataset"]) for row in rows} == {
        (run, dataset) for run in runs for dataset in ("DR", "SAD")
    }
    assert Path("log").read_text().count("closed") == 1
    shown = imhi_here("show", *runs)
    assert "baseline:majority" in shown.out and "baseline:tfidf" in shown.out


def test_what_was_counted_is_not_counted_again(runs: list[str], imhi_here: Imhi) -> None:
    words = ["score", runs[1], "--plugin", PLUGIN, "--metric", "counted:log", "--json"]
    first = imhi_here(*words).json["scores"]
    counted = Path("log").read_text().count("counted")
    assert counted > 0
    assert imhi_here(*words).json["scores"] == first
    assert Path("log").read_text().count("counted") == counted


def test_what_a_metric_says_stays_with_its_scores(runs: list[str], imhi_here: Imhi) -> None:
    imhi_here("score", runs[0], "--plugin", PLUGIN, "--metric", "counted:log,parts=2")
    later = imhi_here("score", runs[0], "--metric", "accuracy", "--json").json
    assert {"counted for DR", "counted for SAD"} <= {note["note"] for note in later["notes"]}
    assert {"counted", "counted_twice"} <= {row["metric"] for row in later["scores"]}
    (row, _) = [row for row in later["scores"] if row["metric"] == "counted"]
    assert (row["made_by"], row["decimals"], row["higher_is_better"]) == ("counted", 3, False)


def test_a_measure_that_a_metric_makes_no_more_goes(runs: list[str], imhi_here: Imhi) -> None:
    for parts in ("2", "1"):
        words = ["--plugin", PLUGIN, "--metric", f"counted:log,parts={parts}", "--json"]
        scores = imhi_here("score", runs[0], *words).json["scores"]
    assert "counted_twice" not in {row["metric"] for row in scores}


def test_gaps_are_shown_end_with_1_and_are_closed_by_the_same_command(
    runs: list[str], imhi_here: Imhi
) -> None:
    Path("log.short").touch()
    words = ["score", runs[1], "--plugin", PLUGIN, "--metric", "counted:log"]
    short = imhi_here(*words)
    assert short.code == 1
    assert short.complaint == (
        "imhi: counted: some answers are not counted; give the same 'imhi score' again to go on "
        "with it"
    )
    assert "some answers are not counted" in imhi_here("show", runs[1]).out
    Path("log.short").unlink()
    assert imhi_here(*words).code == 0
    assert "not counted" not in imhi_here("show", runs[1]).out


def test_a_metric_that_fails_is_named_with_its_plugin(runs: list[str], imhi_here: Imhi) -> None:
    Path("log.broken").touch()
    said = imhi_here("score", runs[0], "--plugin", PLUGIN, "--metric", "counted:log")
    assert said.code == 2
    assert "metric counted (plugin 'counting_plugin') failed on DR: ValueError" in said.complaint
    assert Path("log").read_text() == "closed\n"


def test_metrics_asked_for_stand_first_and_an_arrow_says_that_less_is_better(
    runs: list[str], imhi_here: Imhi
) -> None:
    said = imhi_here("score", *runs, "--plugin", PLUGIN, "--metric", "counted:log").out
    assert said.startswith("counted \N{DOWNWARDS ARROW} - demo")
    assert said.index("counted") < said.index("weighted_f1")


def test_many_metrics_make_a_table_for_each_dataset(runs: list[str], imhi_here: Imhi) -> None:
    said = imhi_here(
        "score", *runs, "--metric", "rouge", "--metric", "bleu", "--metric", "chrf"
    ).out
    assert said.startswith("DR - demo, split test")
    assert "SAD - demo, split test" in said and "mean over datasets" in said
    assert max(map(len, said.splitlines())) <= 80


def test_judges_and_the_metrics_that_ask_them_come_together(
    runs: list[str], imhi_here: Imhi
) -> None:
    lonely = imhi_here("score", runs[0], "--judge", "baseline:majority")
    assert (lonely.code, "add --metric judge" in lonely.complaint) == (2, True)
    unknown = imhi_here("score", runs[0], "--judge", "nobody:x", "--metric", "judge")
    assert unknown.code == 2
    missing = imhi_here("score", runs[0], "--metric", "judge")
    assert (missing.code, "expected --judge MODEL" in missing.complaint) == (2, True)


def test_one_post_has_a_value_and_no_interval(imhi_here: Imhi) -> None:
    words = ["run", "-d", "DR", "--limit", "1", "-m", "baseline:majority", "--json"]
    (row,) = [row for row in imhi_here(*words).json["scores"] if row["metric"] == "accuracy"]
    assert row["value"] is not None and row["low"] is None and row["high"] is None
