"""What got no answer is written down, counts as wrong, and is asked again by the next run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Imhi

QUICK = "run --labeler strict --metric accuracy --resamples 100 -d SAD --json"


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_failed_requests_are_recorded_asked_again_and_then_succeed(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = [*QUICK.split(), "--plugin", asked_plugin, "-m", "asked:log"]
    broken = Path("log.broken")
    broken.write_text("")
    first = imhi_here(*words)
    run = Path(first.json["run"])
    failures = rows(run / "failures" / "SAD.jsonl")
    assert first.code == 1
    assert f"{len(failures)} examples have no answer and count as wrong" in first.complaint
    assert 0 < len(failures) < 22
    assert all(row["error"] == "the file .broken is there" for row in failures)
    (accuracy,) = first.json["scores"]
    assert accuracy["failed"] == len(failures) and accuracy["n"] == 22
    assert not first.json["complete"]
    listed = imhi_here("show", run, "--failed", "--json").json["failed"]
    assert {row["id"] for row in listed} == {row["id"] for row in failures}

    broken.unlink()
    Path("log").unlink()
    second = imhi_here(*words)
    assert second.code == 0 and second.json["run"] == str(run)
    assert Path("log").read_text().split() == [f"SAD/{row['id']}" for row in failures]
    assert len(rows(run / "responses" / "SAD.jsonl")) == 22
    assert rows(run / "failures" / "SAD.jsonl") == failures, "what happened stays on record"
    assert second.json["scores"][0]["failed"] == 0
    assert imhi_here("show", run, "--failed", "--json").json["failed"] == []


def test_an_answer_that_came_late_is_labelled_before_it_is_scored(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = [*QUICK.split(), "--plugin", asked_plugin, "-m", "asked:log"]
    Path("log.broken").write_text("")
    run = imhi_here(*words).json["run"]
    assert imhi_here("label", run, "--labeler", "reference-rule", "--metric", "accuracy").code == 1
    Path("log.broken").unlink()
    assert imhi_here(*words).code == 0
    late = imhi_here(
        "score",
        run,
        "--labeler",
        "reference-rule",
        "--metric",
        "accuracy",
        "--json",
        "--plugin",
        asked_plugin,
    )
    assert late.code == 0 and late.json["scores"][0]["failed"] == 0


def test_a_spent_budget_stops_the_run_in_good_order_and_a_higher_one_goes_on(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = [*QUICK.split(), "--plugin", asked_plugin, "-m", "asked:log,cost=0.5"]
    first = imhi_here(*words, "--max-cost", "3.2")
    assert first.code == 1
    assert "16 examples have no answer" in first.complaint
    assert "16 were not asked" in first.complaint and "--max-cost" in first.complaint
    run = Path(first.json["run"])
    assert len(rows(run / "responses" / "SAD.jsonl")) == 6
    assert json.loads((run / "manifest.json").read_text())["totals"]["cost"] == 3.0

    assert imhi_here(*words, "--max-cost", "3.2").code == 1, "what was spent stays spent"
    assert len(Path("log").read_text().split()) == 6
    assert imhi_here(*words, "--max-cost", "11").code == 0
    assert len(Path("log").read_text().split()) == 22


def test_what_a_killed_run_has_spent_counts_against_the_budget(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    words = [*QUICK.split(), "--plugin", asked_plugin, "-m", "asked:log,cost=0.5"]
    run = Path(imhi_here(*words, "--max-cost", "3").json["run"])
    # A process that is killed has no time to write down what it spent.
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps({**manifest, "totals": {}}))
    assert imhi_here(*words, "--max-cost", "4").code == 1
    assert len(Path("log").read_text().split()) == 8


BAD_MODEL = """
from imhi import ModelFamily, Response, hookimpl

class Bad:
    def __init__(self, spec, context):
        self.kind = spec.target

    def generate(self, requests):
        first = requests[0]
        yield Response(first.id, first.dataset, first.prompt_hash, "Yes.")
        if self.kind == "twice":
            yield Response(first.id, first.dataset, first.prompt_hash, "No.")
        if self.kind == "stranger":
            yield Response("nobody", first.dataset, first.prompt_hash, "No.")
        if self.kind == "raises":
            raise RuntimeError("the engine\\nis on fire")

    def describe(self):
        return {}

    def close(self):
        pass

@hookimpl
def imhi_models():
    yield ModelFamily("bad", "answers as no model should", Bad)
"""


def test_a_model_that_breaks_its_contract_is_told_so_and_its_good_answers_are_kept(
    imhi_here: Imhi,
) -> None:
    Path("bad.py").write_text(BAD_MODEL)
    expected = {
        "twice": "which was not asked or is answered already",
        "stranger": "the model answered DR/nobody",
        "lazy": "the model left 2 of 3 requests of DR unanswered",
        "raises": "unexpected RuntimeError: the engine is on fire",
    }
    for kind, message in expected.items():
        words = f"run --labeler strict -d DR --limit 3 --plugin bad.py --out {kind} -m bad:{kind}"
        said = imhi_here(*words.split())
        assert said.code == 2
        assert message in said.complaint
        (responses,) = Path(kind).glob("*/responses/DR.jsonl")
        assert len(rows(responses)) == 1


def test_a_run_that_reached_its_limit_has_examples_that_were_not_asked(
    imhi_here: Imhi, asked_plugin: Path
) -> None:
    """What failed and what was not asked are two things, in counts, tables and sentences; a dry run
    of the same command counts what is left."""
    words = [*QUICK.split(), "--plugin", asked_plugin, "-m", "asked:log,cost=0.01,ahead=1"]
    Path("log.broken").write_text("")
    first = imhi_here(*words, "--max-cost", "0.1")
    run = Path(first.json["run"])
    failed = len(rows(run / "failures" / "SAD.jsonl"))
    answered = len(rows(run / "responses" / "SAD.jsonl"))
    assert failed > 0 and 0 < answered < 22 - failed
    (counts,) = first.json["labelling"]
    assert (counts["failed"], counts["not_asked"]) == (failed, 22 - answered - failed)
    assert (counts["run"], counts["dataset"]) == (str(run), "SAD")
    (score,) = first.json["scores"]
    assert (score["failed"], score["not_asked"]) == (failed, 22 - answered - failed)
    assert f"({22 - answered - failed} were not asked, as --max-cost was reached" in first.complaint
    assert f"{failed} failed: imhi show" in first.complaint
    (listed,) = imhi_here("runs", "--json").json["runs"]
    assert [listed[k] for k in ("answered", "failed", "not_asked")] == [
        answered, failed, 22 - answered - failed
    ]  # fmt: skip
    (dry,) = imhi_here(*words, "--dry-run").json["dry_run"]
    assert dry["datasets"][0]["answered"] == answered
    assert dry["datasets"][0]["requests"] == 22 - answered
    told = imhi_here(*(word for word in words if word != "--json"), "--dry-run").out
    assert f"({answered} of 22 examples are answered already and not counted)" in told

    Path("log.broken").unlink()
    assert imhi_here(*words).code == 0
    (dry,) = imhi_here(*words, "--dry-run").json["dry_run"]
    assert (dry["datasets"][0]["answered"], dry["datasets"][0]["requests"]) == (22, 0)
    other = imhi_here(*words, "--dry-run", "--seed", "5").json["dry_run"][0]["datasets"][0]
    assert (other["answered"], other["requests"]) == (0, 22), "another run is none of this one"
