"""Where work runs makes no difference to what comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ImhiCommand

PLUGIN = """
from harness import ModelFamily, Response, hookimpl
import os

class Pid:
    def generate(self, requests):
        for request in requests:
            yield Response(request.id, request.dataset, request.prompt_hash, text=f"Yes. {os.getpid()}")
    def describe(self):
        return {"kind": "pid"}
    def close(self):
        pass

@hookimpl
def imhi_models():
    yield ModelFamily("pid", "says yes, and which process it is", lambda spec, context: Pid())
"""


def answers(folder: Path) -> dict[str, str]:
    rows = (folder / "responses" / "DR.jsonl").read_text().splitlines()
    return {row["id"]: row["text"] for row in map(json.loads, rows)}


def test_local_takes_no_argument(run_imhi: ImhiCommand) -> None:
    done = run_imhi("run", "--model", "baseline:majority", "--executor", "local:4")
    assert done.returncode == 2
    assert "local takes no argument" in done.stderr


@pytest.mark.slow
def test_ray_spreads_a_single_file_plugin_over_two_processes(
    run_imhi: ImhiCommand, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="the package ray is not installed (extra: ray)")
    (tmp_path / "pid.py").write_text(PLUGIN)
    arguments = ("run", "--plugin", "pid.py", "--model", "pid:x", "--dataset", "DR", "--json")
    spread = run_imhi(*arguments, "--executor", "ray:2", "--out", "spread")
    here = run_imhi(*arguments, "--out", "here")
    assert spread.returncode == here.returncode == 0, spread.stderr
    assert len(set(answers(tmp_path / json.loads(here.stdout)["run"]).values())) == 1
    found = answers(tmp_path / json.loads(spread.stdout)["run"])
    assert len(found) == 16
    assert len(set(found.values())) == 2
    pick = [
        [row[k] for k in ("metric", "value", "low", "high")]
        for row in json.loads(spread.stdout)["scores"]
    ]
    same = [
        [row[k] for k in ("metric", "value", "low", "high")]
        for row in json.loads(here.stdout)["scores"]
    ]
    assert pick == same
    manifest = json.loads(
        (tmp_path / json.loads(spread.stdout)["run"] / "manifest.json").read_text()
    )
    assert manifest["model_details"] == {"kind": "pid"}


@pytest.mark.slow
def test_ray_refuses_a_budget_it_cannot_keep(run_imhi: ImhiCommand) -> None:
    pytest.importorskip("ray", reason="the package ray is not installed (extra: ray)")
    done = run_imhi("run", "--model", "baseline:majority", "--executor", "ray", "--max-cost", "1")
    assert done.returncode == 2
    assert "--max-cost holds within one process" in done.stderr
