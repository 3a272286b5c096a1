"""``--repeat-check N`` asks N requests of a run again, and says how many answers are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.run_store import RunFolder
from imhi._core.run_store.manifest import Manifest
from imhi._core.stages.repeat_check import chosen_requests
from tests.conftest import Imhi
from tests.faulty_server import Asked, FaultyServer, Reply, answer

PLUGIN = Path(__file__).with_name("repeating_model.py")
QUICK = f"run --labeler strict --metric accuracy -d SAD -d DR --json --plugin {PLUGIN}".split()
EVERY = {"equal": 10, "compared": 10}


def manifest(run: str | Path) -> dict[str, Any]:
    return json.loads((Path(run) / "manifest.json").read_text())


def calls(state: str = "state") -> list[int]:
    """How many requests each call to the model held."""
    return [int(line) for line in Path(state).read_text().split()]


def test_answers_are_asked_for_alone_again_and_all_at_once(imhi_here: Imhi) -> None:
    words = [*QUICK, "-m", "repeating:state", "--repeat-check", "10"]
    said = imhi_here(*words)
    assert said.code == 0
    run = said.json["run"]
    per_dataset = list(manifest(run)["datasets"].values())
    assert calls() == [*per_dataset, *[1] * 20, 10]
    check = manifest(run)["repeat_check"]
    assert (check["again"], check["in_flight"], check["stored"]) == (EVERY, EVERY, EVERY)
    assert (check["requests"], check["failed"], check["not_asked"]) == (10, 0, 0)
    assert check["cost"] is None and not check["sampled"]
    (told,) = said.json["repeat_checks"]
    assert told["run"] == run and told["in_flight"] == EVERY
    assert manifest(run)["totals"]["answered"] == sum(per_dataset), "a check adds no answers"
    assert manifest(run)["model_details"] == {"calls": 2}, "nor to what the model said of them"
    assert not any("for 1 at once" in row["note"] for row in said.json["notes"])


def test_what_differs_is_counted_by_how_it_was_asked(imhi_here: Imhi) -> None:
    """Three of ten answers, about, mind company, and as many mind being asked again."""
    run = imhi_here(*QUICK, "-m", "repeating:a,alone=3", "--repeat-check", "30").json["run"]
    check = manifest(run)["repeat_check"]
    assert check["again"] == {"equal": 30, "compared": 30}
    assert 0 < check["in_flight"]["equal"] < 30
    assert check["stored"] == check["in_flight"], "the run had them all in flight too"
    run = imhi_here(*QUICK, "-m", "repeating:b,again=3", "--repeat-check", "30").json["run"]
    check = manifest(run)["repeat_check"]
    assert 0 < check["again"]["equal"] < 30
    assert check["again"] == check["in_flight"] == check["stored"]


def test_labels_of_classifiers_are_compared(imhi_here: Imhi) -> None:
    asked = "repeating:state,alone=5,labels=true"
    run = imhi_here(*QUICK, "-m", asked, "--repeat-check", "20").json["run"]
    check = manifest(run)["repeat_check"]
    assert check["again"] == {"equal": 20, "compared": 20}
    assert 0 < check["in_flight"]["equal"] < 20


def test_it_stands_under_the_scores_in_every_form(imhi_here: Imhi) -> None:
    words = [*QUICK, "-m", "repeating:state"]
    assert imhi_here(*words).code == 0
    assert "repeat check" not in imhi_here("show", "last").out, "nothing where none was made"
    assert imhi_here("show", "last", "--json").json["repeat_checks"] == []
    assert imhi_here(*words, "--repeat-check", "4").code == 0
    line = (
        "repeat check, 4 requests asked alone: 4 of 4 answers are equal when asked alone again, 4 of 4 "
        "when all are in flight at once, 4 of 4 to those of the run"
    )
    shown = imhi_here("show", "last").out
    assert line in " ".join(shown.split()) and shown.count("repeat check") == 1
    assert line in imhi_here("show", "last", "--format", "markdown").out
    assert line in [row["note"] for row in imhi_here("show", "last", "--json").json["notes"]]


def test_a_finished_run_is_checked_and_a_check_is_not_made_twice(imhi_here: Imhi) -> None:
    words = [*QUICK, "-m", "repeating:state"]
    run = imhi_here(*words).json["run"]
    details, before = manifest(run)["model_details"], len(calls())
    assert imhi_here(*words, "--repeat-check", "3").json["run"] == run, "no part of the run's id"
    assert calls()[before:] == [*[1] * 6, 3]
    assert manifest(run)["model_details"] == details
    assert imhi_here(*words, "--repeat-check", "3").code == 0
    assert len(calls()) == before + 7
    assert imhi_here(*words).json["repeat_checks"][0]["requests"] == 3, "and it stays"
    assert imhi_here(*words, "--repeat-check", "5").json["repeat_checks"][0]["requests"] == 5
    assert len(calls()) == before + 7 + 11


def test_what_a_check_costs_counts_and_the_limit_stops_it_in_good_order(imhi_here: Imhi) -> None:
    words = [*QUICK, "-m", "repeating:state,cost=1", "--repeat-check", "4"]
    rows = sum(
        manifest(imhi_here(*QUICK, "-m", "repeating:state,cost=1").json["run"])["datasets"].values()
    )
    first = imhi_here(*words, "--max-cost", str(rows + 6))
    assert first.code == 0, "the run itself is whole"
    (check,) = first.json["repeat_checks"]
    assert (check["cost"], check["not_asked"], check["failed"]) == (6, 6, 0)
    assert check["again"] == {"equal": 2, "compared": 2}
    assert check["in_flight"] == {"equal": 0, "compared": 0}
    assert any("6 of 12 askings are left, as --max-cost" in r["note"] for r in first.json["notes"])
    assert manifest(first.json["run"])["totals"]["cost"] == rows
    asked = sum(calls())
    # What was spent stays spent, and what was answered is not asked again.
    stopped = imhi_here(*words, "--max-cost", str(rows + 6)).json["repeat_checks"]
    assert stopped[0]["not_asked"] == 6
    assert imhi_here(*words, "--max-cost", str(rows + 12)).json["repeat_checks"][0]["cost"] == 12
    assert sum(calls()) >= asked + 6
    assert manifest(first.json["run"])["repeat_check"]["not_asked"] == 0


def test_requests_in_flight_are_asked_at_once_or_not_at_all(imhi_here: Imhi) -> None:
    """A part of them in flight would say something else: all are asked again."""
    words = [*QUICK, "-m", "repeating:state,cost=1", "--repeat-check", "4"]
    rows = sum(
        manifest(imhi_here(*QUICK, "-m", "repeating:state,cost=1").json["run"])["datasets"].values()
    )
    half = imhi_here(*words, "--max-cost", str(rows + 10)).json["repeat_checks"][0]
    assert half["in_flight"] == {"equal": 2, "compared": 2} and half["not_asked"] == 2
    whole = imhi_here(*words).json["repeat_checks"][0]
    assert whole["in_flight"] == {"equal": 4, "compared": 4}
    assert whole["cost"] == 4 + 4 + 2 + 4 and calls()[-1] == 4


def test_askings_that_fail_are_counted_apart_and_made_up_for(imhi_here: Imhi) -> None:
    words = [*QUICK, "-m", "repeating:state,cost=1", "--repeat-check", "4"]
    Path("state.broken").touch()
    first = imhi_here(*words)
    (check,) = first.json["repeat_checks"]
    assert first.code == 0 and (check["failed"], check["not_asked"]) == (8, 0)
    assert check["in_flight"] == {"equal": 0, "compared": 0}
    assert any("8 of 12 askings failed" in row["note"] for row in first.json["notes"])
    failures = Path(first.json["run"]).glob("repeats/*/alone/failures/*.jsonl")
    assert sum(len(path.read_text().splitlines()) for path in failures) == 4
    Path("state.broken").unlink()
    (check,) = imhi_here(*words).json["repeat_checks"]
    assert (check["failed"], check["again"]) == (0, {"equal": 4, "compared": 4})
    assert check["cost"] == 20, "failed ones cost too"


def test_draws_are_compared_too_and_said_to_be_drawn(imhi_here: Imhi) -> None:
    words = [*QUICK, "-m", "repeating:state", "--temperature", "0.7", "--repeat-check", "4"]
    said = imhi_here(*words).json
    assert said["repeat_checks"][0]["sampled"]
    assert any("repeat check (sampled, not greedy), 4" in row["note"] for row in said["notes"])


def test_a_dry_run_counts_what_a_check_would_ask(imhi_here: Imhi) -> None:
    words = [*QUICK, "-m", "repeating:state", "--repeat-check", "5"]
    (dry,) = imhi_here(*words, "--dry-run").json["dry_run"]
    assert dry["repeat_check"]["requests"] == 15 and dry["repeat_check"]["prompt_tokens"] > 0
    table = imhi_here(*(word for word in words if word != "--json"), "--dry-run").out
    rows = sum(dataset["requests"] for dataset in dry["datasets"])
    assert "repeat check" in table and f"{rows + 15} " in table
    imhi_here(*words)
    assert "repeat_check" not in imhi_here(*words, "--dry-run").json["dry_run"][0]


def test_chosen_requests_are_always_the_same_and_of_every_dataset() -> None:
    ids = {"A": [f"a{n}" for n in range(50)], "B": ["b0", "b1"], "C": [f"c{n}" for n in range(9)]}
    chosen = chosen_requests(ids, 8)
    assert chosen == chosen_requests({name: ids[name][::-1] for name in "CBA"}, 8)
    assert [sum(name == of for of, _ in chosen) for name in "ABC"] == [3, 2, 3]
    assert set(chosen) < set(chosen_requests(ids, 20)), "more are these and others"
    assert len(chosen_requests(ids, 1000)) == 61


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--repeat-check 0", "--repeat-check: found 0, expected a whole number above 0"),
        ("--repeat-check 3 --executor processes:2", "found --executor processes, expected local"),
        (
            "--repeat-check 3 -m openai:gpt-4o-mini,mode=batch",
            "is handed its requests in one piece, so that none can be asked alone",
        ),
        ("--repeat-check 3 -m imported:answers.csv", "has its answers already"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_a_model_is_asked(
    words: str, message: str, imhi_here: Imhi
) -> None:
    said = imhi_here(*QUICK, "-m", "repeating:state", *words.split())
    assert said.code == 2 and message in said.complaint
    assert not Path("state").exists()


def test_a_real_server_is_asked_alone_and_with_requests_in_flight(imhi_here: Imhi) -> None:
    """A server whose answers mind company; what is paid for them counts."""

    def script(asked: Asked) -> Reply:
        crowded = server.in_flight > 1
        return answer(f"Yes. Crowded: {crowded}", usage=(1_000_000, 0)).after(0.3)

    with FaultyServer(script) as server:
        model = f"openai:m,base_url={server.url},concurrency=4,price_prompt=1,price_completion=0"
        words = [*QUICK, "--limit", "4", "-m", model, "--repeat-check", "8"]
        said = imhi_here(*words)
    assert said.code == 0, said.err
    (check,) = said.json["repeat_checks"]
    assert check["again"] == {"equal": 8, "compared": 8}
    assert check["in_flight"]["compared"] == 8 and check["in_flight"]["equal"] < 8
    assert (check["cost"], check["failed"]) == (24, 0)
    assert len(server.asked) == 8 + 24


def test_python_has_it_too(tmp_path: Path) -> None:
    done = evaluate("baseline:majority", datasets="DR", repeat_check=3, out=tmp_path)
    assert done.runs[0].repeat_check["again"] == {"equal": 3, "compared": 3}
    read = RunFolder(done.folders[0]).manifest()
    assert read.repeat_check is not None and read.repeat_check.complete
    assert Manifest.from_json(read.to_json(), "here") == read
    damaged = {**read.to_json(), "repeat_check": {"again": {"equal": "all"}}}
    with pytest.raises(HarnessError, match="not the manifest of a run"):
        Manifest.from_json(damaged, "here")
