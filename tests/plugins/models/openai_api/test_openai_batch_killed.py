"""``imhi run -m openai:...,mode=batch``: killed wherever it hurts, the same command goes on, and each
request is paid for once."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch_results import End, Fault, Line, Result, answer, refused
from tests.batch_server import BatchServer

ROOT = Path(__file__).resolve().parents[4]
POSTS = 16  # test posts of DR in the demo
ONCE_REFUSED = 3


def first_three_refused() -> Callable[[Line], Result]:
    met: Counter[str] = Counter()

    def script(line: Line) -> Result:
        met[line.prompt] += 1
        unlucky = len(met) <= ONCE_REFUSED and met[line.prompt] == 1
        return refused(line, 503) if unlucky else answer(line, "Yes. Reasoning: so it seems.")

    return script


def start(server: BatchServer, out: Path) -> subprocess.Popen[str]:
    model = f"openai:x,base_url={server.url},mode=batch,poll=0.05,backoff=0.02"
    words = ["run", "-s", "demo", "-d", "DR", "-m", model, "--out", str(out), "--json"]
    words += ["--labeler", "strict", "--metric", "accuracy", "--resamples", "100"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "imhi", *words],
        env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """End a process that is at work; return what it had to say."""
    assert process.poll() is None, process.communicate()
    process.send_signal(number)
    _, said = process.communicate(timeout=200)
    return said


def written(out: Path) -> list[str]:
    [file] = out.glob("*/responses/DR.jsonl")
    return [json.loads(line)["id"] for line in file.read_text().splitlines()]


@pytest.mark.slow
def test_killed_after_the_upload_after_the_order_while_waiting_and_while_collecting(
    tmp_path: Path,
) -> None:
    with BatchServer(first_three_refused(), [End(looks=10**9)]) as server:
        # The file is there, and the server never hears of the batch.
        server.faults["create"].append(Fault("hang"))
        process = start(server, tmp_path)
        server.wait_for(lambda: server.calls("create") == 1)
        end(process, signal.SIGKILL)
        assert (server.calls("upload"), len(server.made)) == (1, 0)

        # The server makes the batch, and the process never hears of it.
        server.faults["create"].append(Fault("hang", done=True))
        process = start(server, tmp_path)
        server.wait_for(lambda: len(server.made) == 1)
        end(process, signal.SIGKILL)
        assert (server.calls("upload"), server.calls("retrieve")) == (1, 0)

        # The batch is waited for, by a process that is killed and by one that is stopped.
        process = start(server, tmp_path)
        server.wait_for(lambda: server.calls("retrieve") >= 2)
        end(process, signal.SIGKILL)
        looks = server.calls("retrieve")
        process = start(server, tmp_path)
        server.wait_for(lambda: server.calls("retrieve") >= looks + 2)
        said = end(process, signal.SIGINT)
        assert process.returncode == 130 and "Traceback" not in said
        assert "run the same command again to go on" in said
        assert (server.calls("create"), server.calls("upload"), len(server.made)) == (2, 1, 1)

        # The answers are taken; of what has failed the process never hears.
        server.made["batch_1"].end = dataclasses.replace(server.made["batch_1"].end, looks=0)
        server.faults["download"].extend([None, Fault("hang")])
        process = start(server, tmp_path)
        server.wait_for(lambda: server.calls("download") == 2)
        end(process, signal.SIGKILL)
        assert len(written(tmp_path)) == POSTS - ONCE_REFUSED

        process = start(server, tmp_path)
        printed, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert len(server.charged) == POSTS and set(server.charged.values()) == {1}
    assert [len(made.lines) for made in server.made.values()] == [POSTS, ONCE_REFUSED]
    assert len(written(tmp_path)) == len(set(written(tmp_path))) == POSTS
    assert json.loads(printed)["complete"]
    [manifest] = tmp_path.glob("*/manifest.json")
    described = json.loads(manifest.read_text())
    assert described["model_details"]["batches"] == ["batch_1", "batch_2"]
    assert [note for note in described["notes"] if "came by the Batch API" in note]
