"""Models are asked once about each row; what they answered survives everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi.build.stages.read import read
from tests.conftest import ROOT, Imhi
from tests.faulty_server import Asked, FaultyServer, Reply, answer, mixed, status
from tests.imhi_build.explanations.explaining_server import GIVEN, agreeing, model, rows_of
from tests.imhi_build.raw_demo import write_dr


def test_every_row_gets_an_explanation_and_says_whose(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    with FaultyServer(agreeing) as server:
        said = imhi_here("build", "explain", folder.path, "-m", model(server))
    assert said.code == 0, said.err
    posts, rows = list(folder.posts("DR")), rows_of(folder)
    assert [row.id for row in rows] == [post.id for post in posts]
    assert all(row.explanation.startswith("It speaks of") for row in rows)
    assert all(row.model_label == row.label == row.human_label for row in rows)
    assert {row.explained_by for row in rows} == {model(server)} and {
        row.round for row in rows
    } == {1}


def test_nothing_is_asked_twice(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    with FaultyServer(agreeing) as server:
        for _ in range(2):
            assert imhi_here("build", "explain", folder.path, "-m", model(server)).code == 0
    assert len(server.asked) == len(rows_of(folder)) == len(set(server.prompts))


def test_equal_rows_share_one_answer(dr_build, demo_dr: list[Example], imhi_here: Imhi) -> None:
    folder, _ = dr_build(rows=[*demo_dr, *demo_dr[:5]])
    with FaultyServer(agreeing) as server:
        imhi_here("build", "explain", folder.path, "-m", model(server))
    assert len(rows_of(folder)) == len(demo_dr) + 5
    assert len(server.asked) == len(demo_dr)
    assert all(row.explanation for row in rows_of(folder))


def test_answers_stay_with_their_posts_when_rows_are_added(
    dr_build, demo_dr: list[Example], registry: Registry, imhi_here: Imhi, tmp_path: Path
) -> None:
    folder, config = dr_build(rows=demo_dr[3:])
    with FaultyServer(agreeing) as server:
        imhi_here("build", "explain", folder.path, "-m", model(server))
        before = {row.post: row.explanation for row in rows_of(folder)}
        write_dr(tmp_path / "raw", demo_dr)
        read(folder, config, registry)
        imhi_here("build", "explain", folder.path, "-m", model(server))
    after = {row.post: row.explanation for row in rows_of(folder)}
    assert len(server.asked) == len(demo_dr) and len(before) == len(demo_dr) - 3
    assert before.items() <= after.items()


def test_failed_requests_are_counted_and_asked_again(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    total = len(list(folder.posts("DR")))

    def half(asked: Asked) -> Reply:
        return agreeing(asked) if asked.index % 2 else status(400, "bad request")

    with FaultyServer(half) as server:
        said = imhi_here("build", "explain", folder.path, "-m", model(server))
        assert said.code == 1
        lacking = sum(not row.explanation for row in rows_of(folder))
        assert 0 < lacking < total and f"{lacking:,} rows are not explained yet" in " ".join(
            said.err.split()
        )
        server.script = agreeing
        asked = len(server.asked)
        assert imhi_here("build", "explain", folder.path, "-m", model(server)).code == 0
    assert len(server.asked) - asked == lacking
    assert all(row.explanation for row in rows_of(folder))


def test_a_third_of_all_requests_failing_loses_nothing(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    faults = {"429": 0.06, "500": 0.06, "hang": 0.06, "garbled": 0.06, "reset": 0.06}
    with FaultyServer(mixed(faults, seed=3, good=agreeing)) as server:
        said = imhi_here(
            "build", "explain", folder.path, "-m", model(server, "timeout=0.3", "retries=12")
        )
    assert said.code == 0, said.err
    assert len(server.asked) > len(rows_of(folder))
    assert all(row.explanation.startswith("It speaks of") for row in rows_of(folder))


def test_a_killed_process_asks_only_what_has_no_answer(dr_build, tmp_path: Path) -> None:
    folder, _ = dr_build()
    log = tmp_path / "asked.jsonl"
    command = [sys.executable, str(ROOT / "tests" / "faulty_server.py"), "--latency", "0.15",
               "--log", str(log), "--answer", "Yes, the poster suffers from depression. "
               "Reasoning: The post says so."]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        explain = [sys.executable, "-m", "imhi", "build", "explain", str(folder.path),
                   "-m", f"openai:m,base_url={url},concurrency=2"]  # fmt: skip
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        responses = folder.path / "explanations" / "01-openai-m" / "responses" / "DR.jsonl"
        process = subprocess.Popen(explain, env=env, stderr=subprocess.DEVNULL)
        while not (responses.exists() and len(responses.read_bytes().splitlines()) > 5):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = len(responses.read_bytes().splitlines())
        assert subprocess.run(explain, env=env, capture_output=True).returncode == 0
    finally:
        server.terminate()
        server.wait()
    prompts = Counter(
        json.loads(line)["body"]["messages"][-1]["content"] for line in log.open(encoding="utf-8")
    )
    total = len(rows_of(folder))
    assert len(prompts) == total and 5 < kept < total
    # Only what was in flight when the process died was asked a second time.
    assert sum(prompts.values()) - total <= 2
    assert all(row.explanation for row in rows_of(folder))


def test_a_limit_on_the_cost_holds_over_all_rounds(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build("explain.max_new_tokens=20")
    total = len(list(folder.posts("DR")))

    def priced(asked: Asked) -> Reply:
        return replace(agreeing(asked), usage=(1000, 20))

    with FaultyServer(priced) as server:
        dear = model(server, "price_prompt=10", "price_completion=0", "concurrency=1")
        words = ["build", "explain", folder.path, "-m", dear, "--max-cost"]
        first = imhi_here(*words, "0.1", "--set", "explain.max_new_tokens=20")
        asked = len(server.asked)
        assert first.code == 1 and 0 < asked <= 10 < total
        again = imhi_here(*words, "0.1", "--set", "explain.max_new_tokens=20")
        assert again.code == 1 and len(server.asked) <= 10
    cost = folder.record().explain.cost
    assert cost == pytest.approx(0.01 * len(server.asked)) and cost <= 0.1


def test_a_dry_run_sends_nothing_and_shows_tokens_cost_and_a_prompt(
    dr_build, imhi_here: Imhi
) -> None:
    folder, _ = dr_build()
    total = len(list(folder.posts("DR")))
    with FaultyServer(agreeing) as server:
        priced = model(server, "price_prompt=1", "price_completion=2")
        words = ["build", "explain", folder.path, "-m", priced, "--dry-run"]
        shown, machine = imhi_here(*words), imhi_here(*words, "--json").json
    assert not server.asked
    assert machine["requests"] == total
    tokens = sum(one["prompt_tokens"] for one in machine["datasets"])
    assert machine["cost"] == pytest.approx((tokens + 2 * 400 * total) / 1e6)
    assert machine["seconds"] is None and "time: not known" in shown.out
    assert f"{total:,}" in shown.out and "Answer given: " in shown.out


def test_time_is_estimated_from_what_was_asked(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    with FaultyServer(agreeing) as server:
        words = ["build", "explain", folder.path, "-m", model(server)]
        assert imhi_here(*words, "--limit", "4").code == 1
        assert len(server.asked) == 4
        machine = imhi_here(*words, "--dry-run", "--json").json
    assert machine["requests"] == len(list(folder.posts("DR"))) - 4
    assert machine["seconds"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["processes:2", "ray:2"])
def test_asking_spreads_over_the_executors_of_the_harness(
    dr_build, imhi_here: Imhi, executor: str
) -> None:
    if executor.startswith("ray"):
        pytest.importorskip("ray", reason="the package ray is not installed (extra: ray)")
    folder, _ = dr_build()
    with FaultyServer(agreeing) as server:
        words = ["build", "explain", folder.path, "-m", model(server, "concurrency=2")]
        said = imhi_here(*words, "--executor", executor)
    assert said.code == 0, said.err
    assert len(server.asked) == len(set(server.prompts)) == len(rows_of(folder))
    assert all(row.explanation for row in rows_of(folder))


def disagreeing(asked: Asked) -> Reply:
    return answer("No, the poster does not suffer from depression. Reasoning: All is well there.")


@pytest.mark.parametrize(("gold", "replaced"), [("human", False), ("model", True)])
def test_whose_label_became_gold_stands_in_every_row(
    dr_build, imhi_here: Imhi, gold: str, replaced: bool
) -> None:
    folder, _ = dr_build()
    with FaultyServer(disagreeing) as server:
        words = ["build", "explain", folder.path, "-m", model(server)]
        said = imhi_here(*words, "--set", f"gold={gold}", "--json").json
    rows = rows_of(folder)
    people_said_yes = [row for row in rows if row.human_label == "yes"]
    assert 0 < len(people_said_yes) < len(rows)
    assert said["disagreements"] == len(people_said_yes)
    assert said["replaced"] == (len(people_said_yes) if replaced else 0)
    assert {row.model_label for row in rows} == {"no"}
    assert {row.label for row in people_said_yes} == ({"no"} if replaced else {"yes"})
    assert {row.gold_from for row in people_said_yes} == ({"model"} if replaced else {"human"})


def test_an_empty_answer_is_no_explanation_and_is_kept_out(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()

    def bare(asked: Asked) -> Reply:
        label = GIVEN.search(asked.prompt)
        return answer(label.group(1) if label and asked.index == 0 else agreeing(asked).text or "")

    with FaultyServer(bare) as server:
        words = ["build", "explain", folder.path, "-m", model(server, "concurrency=1")]
        said = imhi_here(*words, "--json").json
    assert said["empty"] == 1 and said["lacking"] == 0
    imhi_here("build", "check", folder.path, "--check", "empty")
    assert len(folder.quarantined("DR")) == 1
    assert len(list(folder.kept("DR"))) == len(rows_of(folder)) - 1


def test_without_a_model_and_without_given_explanations_one_is_asked_for(
    dr_build, imhi_here: Imhi
) -> None:
    folder, _ = dr_build()
    said = imhi_here("build", "explain", folder.path)
    assert said.code == 2
    assert "name a model with --model NAME" in said.complaint


def test_a_round_that_lost_its_manifest_is_not_asked_again_in_silence(
    dr_build, imhi_here: Imhi
) -> None:
    folder, _ = dr_build()
    with FaultyServer(agreeing) as server:
        words = ["build", "explain", folder.path, "-m", model(server)]
        imhi_here(*words)
        asked = len(server.asked)
        (folder.path / "explanations" / "01-openai-m" / "manifest.json").unlink()
        said = imhi_here(*words)
    assert said.code == 2 and "a round of asking without its manifest.json" in said.complaint
    assert len(server.asked) == asked
