"""Explanations by the Batch API: half the price, nothing paid twice, all datasets at one time."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from tests.batch_results import End, Line, Result, answer, refused
from tests.batch_server import BatchServer
from tests.conftest import ROOT, Imhi
from tests.imhi_build.explanations.explaining_server import GIVEN
from tests.imhi_build.raw_demo import demo_rows


def agreeing(line: Line) -> Result:
    label = GIVEN.search(line.prompt)
    assert label is not None
    return answer(line, f"{label.group(1)} Reasoning: The post says as much in its first line.")


def batch_model(server: BatchServer, *more: str) -> str:
    return ",".join([f"openai:x,base_url={server.url},mode=batch,poll=0.05,backoff=0.02", *more])


def test_explanations_come_in_batches(dr_build, imhi_here: Imhi) -> None:
    folder, _ = dr_build()
    total = len(list(folder.posts("DR")))
    with BatchServer(answers=agreeing) as server:
        words = ["build", "explain", folder.path, "-m", batch_model(server)]
        said = imhi_here(*words, "--json")
        assert said.code == 0, said.err
        assert imhi_here(*words).code == 0
    assert len(server.charged) == total and set(server.charged.values()) == {1}
    assert said.json["asked"]["answered"] == total and said.json["lacking"] == 0
    assert any("Batch API" in note for note in said.json["asked"]["notes"])


def test_what_fails_in_part_or_expires_is_asked_in_a_further_batch(
    dr_build, imhi_here: Imhi
) -> None:
    folder, _ = dr_build()
    met: set[str] = set()

    def unlucky_at_first(line: Line) -> Result:
        fresh = line.prompt not in met
        met.add(line.prompt)
        return refused(line, 503) if fresh and len(met) % 4 == 0 else agreeing(line)

    with BatchServer(answers=unlucky_at_first, ends=[End("expired", run=12)]) as server:
        said = imhi_here("build", "explain", folder.path, "-m", batch_model(server))
    assert said.code == 0, said.err
    assert len(server.made) > 1 and set(server.charged.values()) == {1}
    assert all(row.explanation for row in folder.rows("DR"))


@pytest.mark.slow
def test_a_killed_process_collects_the_batch_it_made(dr_build) -> None:
    folder, _ = dr_build()
    with BatchServer(answers=agreeing, ends=[End(looks=40)]) as server:
        command = [sys.executable, "-m", "imhi", "build", "explain", str(folder.path), "-m",
                   batch_model(server)]  # fmt: skip
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        while not server.charged:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert subprocess.run(command, env=environment, capture_output=True).returncode == 0
    assert set(server.charged.values()) == {1} and len(server.made) == 1
    assert all(row.explanation for row in folder.rows("DR"))


def test_all_datasets_wait_together(tmp_path: Path, registry: Registry, imhi_here: Imhi) -> None:
    """A batch may take a day: ten datasets one after the other would take ten."""
    for name, preset in (("DR", "dr"), ("dreaddit", "dreaddit")):
        (tmp_path / preset).mkdir()
        file = {"dr": "train.csv", "dreaddit": "dreaddit-train.csv"}[preset]
        with (tmp_path / preset / file).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["text", "label"])
            rows = demo_rows(registry, name)[:5]
            writer.writerows((row.post, {"yes": "1", "no": "0"}[row.label]) for row in rows)
    imhi_here("build", "new", "both", "--raw", "dr=dr", "--raw", "dreaddit=dreaddit")
    imhi_here("build", "read", "both")
    with BatchServer(answers=agreeing) as server:
        said = imhi_here("build", "explain", "both", "-m", batch_model(server))
    assert said.code == 0, said.err
    assert len(server.charged) == 10 and len(server.made) == 1
