"""What ``imhi compare`` shows: a table for two runs, ranks and neighbours for more."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Imhi

SIMULATED = "benchmarks/simulated_runs.py"


@pytest.fixture
def three_runs(imhi_here: Imhi, request: pytest.FixtureRequest) -> Imhi:
    """Three simulated models on two datasets; commands load their plugin."""
    plugin = request.config.rootpath / SIMULATED

    def imhi(*words: object) -> object:
        return imhi_here(*words, "--plugin", plugin)

    models = [f"--model=simulated:{name},skill={skill}" for name, skill in
              (("weak", 0.2), ("good", 0.7), ("twin", 0.7))]  # fmt: skip
    said = imhi("run", "--source", "simulated", "-d", "DR", "-d", "SAD", "--limit", "150", *models)
    assert said.code == 0, said.err
    return imhi


def titles(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("weighted_f1 - ")]


def test_two_runs_have_one_table_that_fits_80_columns(three_runs: Imhi) -> None:
    said = three_runs("compare", "weak", "good")
    assert titles(said.out) == [
        "weighted_f1 - simulated:good,skill=0.7 against simulated:weak,skill=0.2"
    ]
    assert max(map(len, said.out.splitlines())) <= 80
    rows = [line.split() for line in said.out.splitlines()]
    (sad,) = [row for row in rows if row[:1] == ["SAD"]]
    assert float(sad[3]) == pytest.approx(float(sad[1]) - float(sad[2]), abs=0.11)
    assert sad[6] == "<.001*"
    assert re.fullmatch(r"\d+/\d+", sad[7])
    assert [row[0] for row in rows if row][1:5] == ["dataset", "DR", "SAD", "mean"]


def test_a_wide_terminal_shows_mcnemars_test_too(
    three_runs: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    assert "McNemar p" in three_runs("compare", "weak", "good").out


def test_more_runs_are_ranked_and_neighbours_tested(three_runs: Imhi) -> None:
    said = three_runs("compare", "weak", "good", "twin")
    ranked, means, *pairs = titles(said.out)
    assert "mean over 2 datasets" in ranked and "differences of the means" in means
    assert len(pairs) == 2
    first = next(line for line in said.out.splitlines() if line.startswith("simulated:"))
    assert "1-2" in first.split(), "the twins share the first two ranks"
    assert "Demo posts are fictional" in " ".join(said.out.split())


def test_all_shows_every_pair_and_against_those_of_one_run(three_runs: Imhi) -> None:
    every = three_runs("compare", "weak", "good", "twin", "--all")
    assert len(titles(every.out)) == 2 + 3
    against = three_runs("compare", "good", "twin", "--against", "weak")
    pairs = titles(against.out)[2:]
    assert len(pairs) == 2
    assert all(pair.endswith("against simulated:weak,skill=0.2") for pair in pairs)


def test_json_holds_everything(three_runs: Imhi) -> None:
    found = three_runs("compare", "weak", "good", "--json").json
    assert found["names"] == ["simulated:weak,skill=0.2", "simulated:good,skill=0.7"]
    assert {pair["dataset"] for pair in found["pairs"]} == {"DR", "SAD", ""}
    labels = next(pair["labels"] for pair in found["pairs"] if pair["dataset"] == "DR")
    assert labels["p"] < 0.001
    assert found["published"] == []
