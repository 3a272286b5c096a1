"""`imhi leaderboard init`: what a new board holds, and that its workflows are safe."""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from imhi.plugins.leaderboard.site.board import IMHI, read_board

GUARD = "Only new archives in submissions/"


@pytest.fixture
def board(tmp_path: Path, imhi_here) -> Path:
    folder = tmp_path / "board"
    said = imhi_here("leaderboard", "init", folder, "--title", 'My "board": #1')
    assert said.code == 0, said.err
    return folder


def workflow(board: Path, name: str) -> dict[Any, Any]:
    text = (board / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def steps(of: dict[Any, Any]) -> list[dict[str, Any]]:
    return [step for job in of["jobs"].values() for step in job["steps"]]


def test_a_new_board_can_be_built_at_once(board: Path, imhi_here) -> None:
    assert read_board(board).title == 'My "board": #1'
    assert read_board(board).datasets == IMHI
    assert imhi_here("leaderboard", "build", board).code == 0


def test_a_board_is_never_overwritten(board: Path, imhi_here) -> None:
    before = (board / "board.yaml").read_bytes()
    assert "found board.yaml" in imhi_here("leaderboard", "init", board).complaint
    (board / "board.yaml").unlink()
    assert "would be overwritten" in imhi_here("leaderboard", "init", board).complaint
    assert not (board / "board.yaml").exists() and before


@pytest.mark.parametrize("options", [["--title", ""], ["--url", "example.org"]])
def test_what_the_board_would_refuse_is_refused_and_nothing_is_written(
    tmp_path: Path, imhi_here, options: list[str]
) -> None:
    said = imhi_here("leaderboard", "init", tmp_path / "new", *options)
    assert said.code == 2 and said.complaint
    assert not (tmp_path / "new").exists()


def test_posts_and_what_is_made_are_ignored_by_git(board: Path) -> None:
    subprocess.run(["git", "init", "-q", board], check=True)
    for name in ("data/imhi/DR.csv", "site/index.html", ".cache/x.json", "entries/x/entry.json"):
        (board / name).parent.mkdir(parents=True, exist_ok=True)
        (board / name).write_text("x")
    listed = subprocess.run(
        ["git", "-C", board, "ls-files", "--others", "--exclude-standard"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert "entries/x/entry.json" in listed
    assert not [name for name in listed if name.startswith(("data/", "site/", ".cache/"))]


# --- workflows -----------------------------------------------------------------------------------


def test_pull_requests_are_verified_with_least_privilege(board: Path) -> None:
    found = workflow(board, "verify")
    # YAML 1.1 reads the key `on` as true.
    assert list(found[True]) == ["pull_request"]
    assert found["permissions"] == {"contents": "read"}
    (job,) = found["jobs"].values()
    assert "permissions" not in job and job["timeout-minutes"] <= 60
    checkout = steps(found)[0]
    assert checkout["with"]["persist-credentials"] is False
    text = (board / ".github/workflows/verify.yml").read_text()
    assert "${{ secrets" not in text and "pull_request_target" not in text


def test_nothing_of_a_pull_request_is_put_into_a_command(board: Path) -> None:
    for name in ("verify", "publish"):
        for step in steps(workflow(board, name)):
            assert "${{" not in step.get("run", "")


def test_nothing_of_a_pull_request_is_installed_or_run(board: Path) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(workflow(board, "verify")))
    # A file beside the board, which the guard lets no pull request add or change.
    assert re.findall(r"pip install (.*)", commands) == ['"./${wheels[0]}"']
    assert not re.search(r"\b(python|make|sh|bash|source)\b(?! )", commands)
    # The guard comes before anything that reads an archive.
    names = [step.get("name") for step in steps(workflow(board, "verify"))]
    assert names.index(GUARD) < names.index("Install") < names.index("Verify")


def test_actions_are_pinned_to_commits_and_jobs_end(board: Path) -> None:
    for name in ("verify", "publish"):
        found = workflow(board, name)
        used = [step["uses"] for step in steps(found) if "uses" in step]
        assert used and all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one) for one in used)
        assert all(job["timeout-minutes"] for job in found["jobs"].values())


def test_publishing_is_for_main_and_each_job_may_do_one_thing(board: Path) -> None:
    found = workflow(board, "publish")
    assert found[True]["push"]["branches"] == ["main"] and "pull_request" not in found[True]
    assert found["permissions"] == {"contents": "read"}
    jobs = found["jobs"]
    assert "permissions" not in jobs["build"]
    assert jobs["build"]["steps"][0]["with"]["persist-credentials"] is False
    assert jobs["commit"]["permissions"] == {"contents": "write"}
    assert jobs["publish"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_the_job_that_may_write_installs_nothing_and_runs_git_alone(board: Path) -> None:
    job = workflow(board, "publish")["jobs"]["commit"]
    commands = "\n".join(step.get("run", "") for step in job["steps"])
    assert "git push" in commands and not re.search(r"\b(pip|imhi|python)\b", commands)


# --- what the workflows install ------------------------------------------------------------------

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def installs(board: Path) -> set[str]:
    """The commands of the steps called Install, of both workflows."""
    found = [step for name in ("verify", "publish") for step in steps(workflow(board, name))]
    return {step["run"] for step in found if step.get("name") == "Install"}


def test_without_a_package_init_says_what_to_put_where(tmp_path: Path, imhi_here) -> None:
    said = imhi_here("leaderboard", "init", tmp_path / "board")
    assert said.code == 0
    assert "the workflows wait for one wheel of the harness" in said.err
    assert "python -m build --wheel" in (tmp_path / "board/package/README.md").read_text()


def test_without_a_wheel_the_workflows_stop_before_anything_is_installed(board: Path) -> None:
    (run,) = installs(board)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", run],
        cwd=board, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "::error::found 0 wheels in package/, expected one" in done.stdout


def test_a_repository_is_installed_at_a_whole_commit(tmp_path: Path, imhi_here) -> None:
    address = f"git+https://example.org/lab/imhi.git@{COMMIT}"
    said = imhi_here("leaderboard", "init", tmp_path / "board", "--package", address)
    assert said.code == 0, said.err
    assert installs(tmp_path / "board") == {f"pip install 'imhi-harness @ {address}'"}
    assert address in (tmp_path / "board/package/README.md").read_text()


@pytest.mark.parametrize(
    ("package", "told"),
    [
        ("git+https://example.org/lab/imhi.git@main", "a branch or tag can be moved"),
        ("git+https://example.org/lab/imhi.git", "whole commit"),
        (f"git+https://example.org/lab/imhi.git@{COMMIT[:12]}", "whole commit"),
        (f"git+https://example.org/a'; echo '@{COMMIT}", "whole commit"),
        ("imhi-harness==0.1.0", "found no wheel file"),
        ("nothing-0.1-py3-none-any.whl", "found no wheel file"),
        ("other-0.1-py3-none-any.whl", "a wheel of something else"),
        ("damaged-0.1-py3-none-any.whl", "a wheel of something else"),
    ],
)
def test_what_could_become_somebody_elses_code_is_refused(
    tmp_path: Path, imhi_here, package: str, told: str
) -> None:
    (tmp_path / "damaged-0.1-py3-none-any.whl").write_bytes(b"PK")
    with zipfile.ZipFile(tmp_path / "other-0.1-py3-none-any.whl", "w") as archive:
        archive.writestr("other-0.1.dist-info/METADATA", "Metadata-Version: 2.1\nName: other\n")
    given = str(tmp_path / package) if package.endswith(".whl") else package
    said = imhi_here("leaderboard", "init", tmp_path / "board", "--package", given)
    assert said.code == 2 and told in said.complaint
    assert not (tmp_path / "board").exists()


class Repository:
    """The board in git, and the guard of verify.yml run on a branch of it as GitHub runs it."""

    def __init__(self, board: Path) -> None:
        self.board = board
        self.guard = next(s for s in steps(workflow(board, "verify")) if s.get("name") == GUARD)
        self.git("init", "-q", "-b", "main")
        self.git("add", ".")
        self.git("commit", "-qm", "board")
        self.base = self.git("rev-parse", "HEAD").strip()

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(
            ["git", "-C", self.board, *identity, *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    def guarded(self, temporary: Path) -> subprocess.CompletedProcess[str]:
        self.git("add", "-A", "-f", ".")
        self.git("commit", "-qm", "pull request")
        environment = {**os.environ, "BASE": self.base, "RUNNER_TEMP": str(temporary)}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.guard["run"]]
        return subprocess.run(
            command, cwd=self.board, env=environment, capture_output=True, text=True
        )


@pytest.fixture
def repository(board: Path) -> Repository:
    return Repository(board)


def test_the_guard_lets_new_archives_pass_and_names_them(repository, tmp_path) -> None:
    for name in ("one.zip", "Two-2.zip"):
        (repository.board / "submissions" / name).write_bytes(b"x")
    done = repository.guarded(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    named = (tmp_path / "archives").read_text().split()
    assert named == ["submissions/Two-2.zip", "submissions/one.zip"]


@pytest.mark.parametrize(
    "name",
    [
        "board.yaml",
        ".github/workflows/verify.yml",
        "entries/forged-00000000/entry.json",
        ".cache/x.json",
        "conftest.py",
        "submissions/x.zip.py",
        "submissions/below/x.zip",
        "submissions/$(touch pwned).zip",
        "submissions/a\nb.zip",
        "submissions/-rf.zip",
        "submissions/é.zip",
    ],
)
def test_the_guard_stops_a_pull_request_that_changes_anything_else(
    repository, tmp_path, name: str
) -> None:
    (repository.board / "submissions" / "fine.zip").write_bytes(b"x")
    path = repository.board / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("changed")
    done = repository.guarded(tmp_path)
    assert done.returncode == 1 and "::error::" in done.stdout
    assert not (repository.board / "pwned").exists()


def test_the_guard_stops_links_and_changed_archives(repository, tmp_path) -> None:
    link = repository.board / "submissions" / "link.zip"
    link.symlink_to("/etc/passwd")
    done = repository.guarded(tmp_path)
    assert done.returncode == 1 and "not a link" in done.stdout
    link.unlink()
    link.write_bytes(b"archive")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "an archive")
    repository.base = repository.git("rev-parse", "HEAD").strip()
    link.write_bytes(b"another")
    assert repository.guarded(tmp_path).returncode == 1


def test_archives_with_an_entry_are_not_verified_again(repository, tmp_path) -> None:
    """The command of publish.yml, with a program in place of imhi that says how it was called."""
    import hashlib

    (verify,) = [
        s for s in steps(workflow(repository.board, "publish")) if "no entry" in s.get("name", "")
    ]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "imhi").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "bin" / "imhi").chmod(0o755)
    for name in ("known", "new"):
        (repository.board / "submissions" / f"{name}.zip").write_bytes(name.encode())
    entry = repository.board / "entries" / "known-00000000"
    entry.mkdir(parents=True)
    (entry / "entry.json").write_text(hashlib.sha256(b"known").hexdigest())
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", verify["run"]],
        cwd=repository.board, capture_output=True, text=True,
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "leaderboard verify submissions/new.zip --source official:data/imhi --board . --add"
    ]


def test_every_imhi_command_of_the_workflows_exists(board: Path, imhi_here) -> None:
    commands = set()
    for name in ("verify", "publish"):
        for step in steps(workflow(board, name)):
            commands |= set(re.findall(r"^\s*imhi (.+)$", step.get("run", ""), re.MULTILINE))
    assert len(commands) == 4
    for command in commands:
        words = command.split()
        depth = 2  # imhi data fetch, imhi leaderboard verify ...
        said = imhi_here(*words[:depth], "--help")
        assert said.code == 0
        for option in re.findall(r"--[a-z-]+", command):
            assert option in said.out, f"imhi {command}: {option}"
