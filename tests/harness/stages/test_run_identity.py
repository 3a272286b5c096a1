"""The same inputs and settings are the same run; what can change an answer makes another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Imhi

QUICK = "run --labeler strict --metric accuracy --resamples 100 --json"
RUN = [*QUICK.split(), "--dataset", "DR", "--limit", "4"]


def run_id(imhi_here: Imhi, plugin: Path, *words: str, model: str = "asked:log") -> str:
    said = imhi_here(*RUN, "--plugin", plugin, "-m", model, *words)
    assert said.code == 0, said.err
    return Path(said.json["run"]).name


def test_the_same_command_twice_asks_nothing_new_and_scores_the_same(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = [*RUN, "--plugin", asked_plugin, "-m", "asked:log"]
    first, asked = imhi_here(*words), Path("log").read_text()
    second = imhi_here(*words)
    assert first.json == second.json
    assert Path("log").read_text() == asked
    assert "4 of 4 answers are there already" in second.err
    assert len(list(Path("runs").iterdir())) == 1


def test_two_fresh_runs_of_the_same_command_agree_to_the_byte(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    for out in ("a", "b"):
        assert imhi_here(*RUN, "--plugin", asked_plugin, "-m", "asked:log", "--out", out).code == 0
    for kind in ("examples", "requests", "responses", "predictions/strict"):
        (one,) = Path("a").glob(f"*/{kind}/DR.jsonl")
        (other,) = Path("b").glob(f"*/{kind}/DR.jsonl")
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("--seed", "1"),
        ("--limit", "5"),
        ("--prompt", "completion"),
        ("--split", "train"),
        ("--dataset", "SAD"),
        ("--system", "Be brief."),
        ("--temperature", "0.5"),
        ("--max-new-tokens", "7"),
        ("--stop", "END"),
    ],
    ids=lambda words: words[0],
)
def test_what_can_change_an_answer_makes_another_run(
    imhi_here: Imhi, asked_plugin: Path, words: tuple[str, str]
) -> None:
    assert run_id(imhi_here, asked_plugin) != run_id(imhi_here, asked_plugin, *words)


def test_an_argument_that_changes_answers_makes_another_run(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    plain = run_id(imhi_here, asked_plugin, model="asked:log,name=m")
    other = run_id(imhi_here, asked_plugin, model="asked:log,style=ornate,name=m")
    assert plain != other


def test_an_argument_written_out_at_its_default_is_the_same_run(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    plain = run_id(imhi_here, asked_plugin, model="asked:log,name=m")
    assert plain == run_id(imhi_here, asked_plugin, model="asked:log,style=plain,name=m")


def test_speed_is_no_part_of_a_run_and_neither_is_how_it_is_scored(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    plain = run_id(imhi_here, asked_plugin, model="asked:log,name=m")
    assert plain == run_id(imhi_here, asked_plugin, model="asked:log,ahead=3,wait=0.001")
    for words in (("--resamples", "200"), ("--metric", "mcc"), ("--max-cost", "9")):
        assert plain == run_id(imhi_here, asked_plugin, *words, model="asked:log,name=m")


def test_changed_posts_make_another_run(imhi_here: Imhi, asked_plugin: Path) -> None:
    Path("mood.yaml").write_text(
        "task: mood\ndataset: mood\nrows: mood.jsonl\nquestion: Is it good?\n"
        "labels: {yes: Yes., no: No.}\n"
    )
    words = [*QUICK.split(), "--plugin", asked_plugin, "--plugin", "mood.yaml", "-m", "asked:log"]
    ids = set()
    for post in ("a fine day", "a grey day"):
        Path("mood.jsonl").write_text(f'{{"post": "{post}", "label": "yes"}}\n')
        said = imhi_here(*words, "--source", "own", "-d", "mood")
        assert said.code == 0, said.err
        ids.add(Path(said.json["run"]).name)
    assert len(ids) == 2
