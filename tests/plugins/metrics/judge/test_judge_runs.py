"""``imhi score --metric judge``: from the command line, killed and taken up again, and priced."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ROOT, Imhi
from tests.faulty_server import Asked, Reply, answer, status
from tests.judge_server import by_overlap, judge, judge_server, marks

RUN = ["run", "-m", "baseline:tfidf", "-d", "DR", "-d", "SAD", "--resamples", "100"]
SCORE = ["score", "last", "--metric", "judge", "--resamples", "100", "--json"]


def overall(printed: str) -> dict[str, float]:
    """``judge_overall`` by dataset."""
    rows = json.loads(printed)["scores"]
    return {row["dataset"]: row["value"] for row in rows if row["metric"] == "judge_overall"}


@pytest.mark.slow
def test_a_run_is_judged_from_the_command_line(imhi_here: Imhi) -> None:
    assert imhi_here(*RUN).code == 0
    with judge_server() as server:
        done = imhi_here(*SCORE, "--judge", judge(server.url, name="marker"))
        assert done.code == 0, done.err
        assert set(overall(done.out)) == {"DR", "SAD"}
        assert all(0.5 < value <= 3 for value in overall(done.out).values())
        shown = imhi_here("score", "last", "--metric", "judge", "--judge", judge(server.url))
    assert "judge_overall" in shown.out and "judge_unread" in shown.out


@pytest.mark.slow
def test_a_killed_scoring_asks_only_the_rest_and_ends_with_the_same_marks(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    assert imhi_here(*RUN).code == 0
    slow = lambda asked: by_overlap(asked).after(0.05)  # noqa: E731
    with judge_server(slow) as server:
        words = [*SCORE, "--judge", judge(server.url, "concurrency=2")]
        first = subprocess.Popen(
            [sys.executable, "-m", "imhi", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while len(server.asked) < 8 and time.monotonic() < deadline:
            time.sleep(0.005)
        first.send_signal(signal.SIGKILL)
        first.wait()
        before = len(server.asked)
        (kept,) = tmp_path.glob("runs/*/measured/judge-*.jsonl")
        safe = kept.read_bytes().count(b"\n")
        assert before - 4 <= safe < before + 1, "all but what was in flight"
        done = imhi_here(*words)
        assert done.code == 0, done.err
        prompts = Counter(server.prompts)
        assert len(server.asked) - before == len(prompts) - safe
    with judge_server() as server:
        unbroken = imhi_here(*SCORE, "--judge", judge(server.url))
        assert len(server.asked) == len(prompts)
    assert overall(done.out) == overall(unbroken.out)


@pytest.mark.slow
def test_failed_requests_end_the_command_with_1_and_it_goes_on_when_given_again(
    imhi_here: Imhi,
) -> None:
    assert imhi_here(*RUN).code == 0

    def failing(asked: Asked) -> Reply:
        return status(400, "bad request") if asked.index == 3 else by_overlap(asked)

    with judge_server(failing) as server:
        words = [*SCORE, "--judge", judge(server.url, name="m")]
        done = imhi_here(*words)
        assert done.code == 1
        assert "failed requests: 1 (first: HTTP 400: bad request)" in done.err
        asked = len(server.asked)
        assert imhi_here(*words).code == 0
        assert len(server.asked) == asked + 1


@pytest.mark.slow
def test_a_dry_run_shows_requests_and_cost_and_a_budget_keeps_to_it(imhi_here: Imhi) -> None:
    assert imhi_here(*RUN).code == 0
    script = lambda asked: answer(marks(2), usage=(1000, 10))  # noqa: E731
    with judge_server(script) as server:
        words = [
            *SCORE,
            "--judge",
            judge(server.url, "price_prompt=1000,price_completion=1000,concurrency=1"),
        ]
        dry = imhi_here(*words, "--dry-run")
        assert dry.code == 0 and not server.asked, dry.err
        rows = json.loads(dry.out)["dry_run"]
        assert {row["dataset"] for row in rows} == {"DR", "SAD"}
        assert all(row["cost"] > 0 and row["metric"] == "judge" for row in rows)

        stopped = imhi_here(*words, "--max-cost", "9")
        assert stopped.code == 1 and "--max-cost was reached" in stopped.err
        asked = len(server.asked)
        assert 0 < asked < sum(row["requests"] for row in rows)
        left = json.loads(imhi_here(*words, "--dry-run").out)["dry_run"]
        assert sum(row["requests"] for row in left) == sum(r["requests"] for r in rows) - asked


def test_bad_arguments_are_one_line(imhi_here: Imhi) -> None:
    for argument, expected in (
        ("repeats=0", "found '0', expected a whole number above 0"),
        ("temperature=hot", "found 'hot', expected a number, 0 or more"),
        ("shown=label", "found 'label', expected answer or explanation"),
        ("repeat=2", "did you mean 'repeats'?"),
    ):
        done = imhi_here(
            "run", "-m", "baseline:majority", "--metric", f"judge:{argument}", "--judge", "openai:m"
        )
        assert done.code == 2 and expected in done.err, done.err
        assert len(done.err.strip().splitlines()) == 1
