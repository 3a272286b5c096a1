"""The workflows of a new board, carried out step by step as far as that goes without GitHub: each
``run`` in its order, with a real wheel, a real environment, a real submission and a real remote."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.built_wheel import build, copy_of_the_project, lending_environment

pytestmark = pytest.mark.slow


def shell(folder: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script as GitHub's runners do."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    return subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


class Runner:
    """One machine per job: a clone, an environment with nothing of ours, and what jobs hand over."""

    def __init__(self, base: Path, remote: Path) -> None:
        self.base, self.remote, self.jobs = base, remote, 0
        self.artifacts = base / "artifacts"

    def run(self, job: dict[str, Any], commit: str = "main", **variables: str) -> Path:
        """Carry out a job's steps and return its folder; fails where a step fails."""
        self.jobs += 1
        machine = self.base / f"machine{self.jobs}"
        machine.mkdir()
        place, bin = machine / "board", machine / "venv" / "bin"
        python, _ = lending_environment(machine / "venv")
        # pip of the environment; what the wheel needs is lent, and the network is not asked.
        (bin / "pip").write_text(
            f'#!/bin/sh\nexec {sys.executable} -m pip --python {python} "$@"\n'
        )
        (bin / "pip").chmod(0o755)
        around = {
            "PATH": f"{bin}:/usr/local/bin:/usr/bin:/bin",
            "RUNNER_TEMP": str(machine),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            **variables,
        }
        for step in job["steps"]:
            action = step.get("uses", "").partition("@")[0]
            if action == "actions/checkout":
                git(machine, "clone", "-q", str(self.remote), str(place))
                git(place, "checkout", "-q", commit)
            elif action == "actions/upload-artifact" and (place / step["with"]["path"]).exists():
                shutil.copytree(place / step["with"]["path"], self.artifacts)
            elif action == "actions/download-artifact" and self.artifacts.exists():
                shutil.copytree(self.artifacts, place / step["with"]["path"], dirs_exist_ok=True)
            elif "run" in step:
                done = shell(place, step["run"], **around)
                assert done.returncode == 0, (step, done.stdout, done.stderr)
        return place


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("wheel")
    build(copy_of_the_project(base / "checkout"), base / "dist", "--wheel")
    (built,) = (base / "dist").glob("*.whl")
    return built


def test_a_submission_goes_from_a_pull_request_to_the_pages(
    wheel: Path, tmp_path: Path, imhi_here
) -> None:
    board, remote = tmp_path / "board", tmp_path / "remote.git"
    options = ["--source", "demo", "--package", wheel]
    assert imhi_here("leaderboard", "init", board, *options).code == 0
    assert (board / "package" / wheel.name).read_bytes() == wheel.read_bytes()
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(remote))
    git(board, "init", "-q", "-b", "main")
    git(board, "add", ".")
    git(board, "commit", "-qm", "a board")
    git(board, "remote", "add", "origin", str(remote))
    git(board, "push", "-q", "origin", "main")
    base = git(board, "rev-parse", "HEAD").strip()

    # A pull request.
    git(board, "switch", "-qc", "submission")
    runs = tmp_path / "submitted"
    assert imhi_here("run", "--dataset", "DR", "--model", "baseline:majority", "-o", runs).code == 0
    archive = board / "submissions" / "majority.zip"
    by = ["--name", "Majority", "--by", "A lab", "--to", archive, "-o", runs]
    assert imhi_here("submit", "last", *by).code == 0
    git(board, "add", "submissions")
    git(board, "commit", "-qm", "a submission")
    git(board, "push", "-q", "origin", "submission")
    jobs = {
        name: yaml.safe_load((board / ".github/workflows" / f"{name}.yml").read_text())["jobs"]
        for name in ("verify", "publish")
    }
    runner = Runner(tmp_path, remote)
    runner.run(jobs["verify"]["verify"], "submission", BASE=base)

    # Merged.
    git(board, "push", "-q", "origin", "submission:main")
    built = runner.run(jobs["publish"]["build"])
    assert "Majority" in (built / "site" / "index.html").read_text(encoding="utf-8")
    assert git(built, "log", "--oneline", "origin/main").count("\n") == 2
    runner.run(jobs["publish"]["commit"])
    changed = git(board, "ls-remote", str(remote), "main").split()[0]
    git(board, "fetch", "-q", "origin")
    added = git(board, "show", "--format=%an", "--name-status", changed).split("\n")
    assert added[0] == "leaderboard"
    assert {line[:10] for line in added[2:] if line} == {"A\tentries/"}


def test_a_wheel_that_was_exchanged_is_not_installed(
    wheel: Path, tmp_path: Path, imhi_here
) -> None:
    board = tmp_path / "board"
    assert imhi_here("leaderboard", "init", board, "-s", "demo", "--package", wheel).code == 0
    with (board / "package" / wheel.name).open("ab") as stream:
        stream.write(b"more")
    workflow = yaml.safe_load((board / ".github/workflows/verify.yml").read_text())
    steps = workflow["jobs"]["verify"]["steps"]
    (install,) = [step["run"] for step in steps if step.get("name") == "Install"]
    done = shell(board, install, PATH="/usr/bin:/bin")
    assert done.returncode == 1 and "FAILED" in done.stdout
