"""A run may be killed at any moment and goes on where it stopped."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from imhi._core.executors import ExecutorSpec
from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store import list_runs
from imhi._core.settings import RunSettings
from imhi._core.stages.respond import respond
from tests.harness.preparing import prepared_run

ROOT = Path(__file__).resolve().parents[3]
KILLS = 22


def command(plugin: Path, log: Path, out: Path, arguments: str = "") -> list[str]:
    words = f"--plugin {plugin} run --labeler strict --metric accuracy --json --resamples 200"
    model = f"asked:{log}{arguments},name=asked"
    return [sys.executable, "-m", "imhi", *words.split(), "-m", model, "--out", str(out)]


def start(words: list[str]) -> subprocess.Popen[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        words, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def lines(path: Path) -> list[str]:
    """The complete lines of a file that somebody may be writing."""
    data = path.read_bytes() if path.exists() else b""
    return data.decode("utf-8", "replace").split("\n")[:-1]


def recorded(out: Path) -> list[str]:
    """``DATASET/ID`` of every response line in the one run under ``out``."""
    return [
        f"{file.stem}/{json.loads(line)['id']}"
        for run in list_runs(out)
        for file in sorted((run.path / "responses").glob("*.jsonl"))
        for line in lines(file)
    ]


def scores(printed: str) -> list[dict[str, Any]]:
    loaded = json.loads(printed)
    assert loaded["complete"]
    rows = [*loaded["scores"], *loaded["averages"]]
    return [{key: value for key, value in row.items() if key != "run"} for row in rows]


def wait_for(condition: Any, process: subprocess.Popen[str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and process.poll() is None:
        assert time.monotonic() < deadline, "the run does not get to asking"
        time.sleep(0.002)


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_scores_of_an_unbroken_one(
    asked_plugin: Path, tmp_path: Path
) -> None:
    unbroken = start(command(asked_plugin, tmp_path / "whole.log", tmp_path / "whole"))
    expected, _ = unbroken.communicate(timeout=120)
    assert unbroken.returncode == 0

    log, out = tmp_path / "broken.log", tmp_path / "broken"
    words = command(asked_plugin, log, out, ",wait=0.01,ahead=4")
    chance = random.Random(22)
    asked_before, answered_before, kills = 0, set[str](), 0
    while kills < KILLS:
        process = start(words)
        wait_for(lambda before=asked_before: len(lines(log)) > before, process)
        time.sleep(chance.uniform(0, 0.09))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL, "the run ended before it could be killed"
        kills += 1
        asked_again = set(lines(log)[asked_before:]) & answered_before
        assert not asked_again, f"asked again though answered: {asked_again}"
        answered_now = recorded(out)
        assert not answered_before - set(answered_now), "an answer was lost"
        asked_before, answered_before = len(lines(log)), set(answered_now)

    last = start(words)
    printed, _ = last.communicate(timeout=120)
    assert last.returncode == 0
    assert not set(lines(log)[asked_before:]) & answered_before
    assert scores(printed) == scores(expected)

    all_asked = lines(tmp_path / "whole.log")
    assert Counter(recorded(out)) == Counter(all_asked), "one response line per example"
    assert len(all_asked) == len(set(all_asked)) > 150
    assert len(list_runs(out)) == 1
    assert not list(out.glob(".prepare-*")), "a killed preparation is cleared away"


@pytest.mark.slow
def test_a_second_process_on_the_same_run_is_refused_and_the_first_goes_on(
    asked_plugin: Path, tmp_path: Path
) -> None:
    log, out = tmp_path / "log", tmp_path / "runs"
    words = command(asked_plugin, log, out, ",wait=0.03")
    first = start(words)
    wait_for(lambda: len(lines(log)) > 2, first)
    second = start(words)
    _, complaint = second.communicate(timeout=60)
    assert first.poll() is None, "the first process was to be at work still"
    assert second.returncode == 2
    (line,) = complaint.splitlines()
    assert line.startswith("imhi: ") and "another process is working in this run" in line
    printed, _ = first.communicate(timeout=120)
    assert first.returncode == 0
    assert max(Counter(lines(log)).values()) == 1
    assert scores(printed)


def test_wherever_the_last_line_is_torn_only_its_example_is_asked_again(
    with_asked: PluginManager, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    settings = RunSettings(model=(f"asked:{log}",), dataset=("DR",), limit=3, out=tmp_path / "runs")

    def run() -> Path:
        prepared = prepared_run(settings, with_asked)
        executor = ExecutorSpec.parse("local", with_asked.registry)
        respond(prepared.folder, prepared.model.spec, prepared.context, executor)
        return prepared.folder.file("responses", "DR")

    responses = run()
    whole = responses.read_bytes()
    *kept, torn = whole.splitlines(keepends=True)
    example = f"DR/{json.loads(torn)['id']}"
    assert len(torn) > 100 and not torn.isascii(), "some cuts go through a character"
    # The last cut leaves a whole object without its line break; it is asked again as well.
    for length in range(len(torn)):
        responses.write_bytes(b"".join(kept) + torn[:length])
        log.unlink()
        run()
        assert lines(log) == [example], f"cut after {length} of {len(torn)} bytes"
        assert responses.read_bytes() == whole


@pytest.mark.slow
def test_an_interrupted_run_says_that_its_answers_are_safe(
    asked_plugin: Path, tmp_path: Path
) -> None:
    words = ["run", "--plugin", str(asked_plugin), "-m", "asked:log,wait=0.2", "-d", "DR"]
    process = subprocess.Popen(
        [sys.executable, "-m", "imhi", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "log").exists():
        time.sleep(0.05)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; what was finished is kept: run the same command again to go on" in said
