"""A run folder says clearly when it is not one, is another version's, or was edited."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Imhi, Said

QUICK = "run --labeler strict --metric accuracy --resamples 100 -d DR --limit 4"


@pytest.fixture
def run(imhi_here: Imhi, asked_plugin: Path) -> Path:
    """A finished run of four examples."""
    said = imhi_here(
        *QUICK.split(), "--json", "--plugin", asked_plugin, "-m", "asked:log,name=asked"
    )
    assert said.code == 0, said.err
    return Path(said.json["run"])


@pytest.fixture
def again(imhi_here: Imhi, asked_plugin: Path):
    """Run the same command once more."""

    def again() -> Said:
        return imhi_here(*QUICK.split(), "--plugin", asked_plugin, "-m", "asked:log,name=asked")

    return again


def test_the_manifest_holds_what_reproduces_a_run(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["model_identity"]["scheme"] == "asked"
    assert manifest["model_details"] == {"log": "log"}
    assert manifest["prompt"] == {"style": "instruction", "version": "1", "shots": 3}
    assert len(manifest["data_checksums"]["DR"]["test"]) == 64
    assert {"python", "packages", "git_commit", "hardware"} <= manifest["environment"].keys()
    assert manifest["totals"]["answered"] == 4 and manifest["status"] == "scored"


def test_posts_can_be_read_by_their_owner_only(run: Path) -> None:
    assert stat.S_IMODE(run.stat().st_mode) == 0o700


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_passes_a_run_folder_over(run: Path) -> None:
    subprocess.run(["git", "init", "-q", run.parent], check=True)
    listed = ["git", "-C", run.parent, "ls-files", "--others", "--exclude-standard"]
    assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout == ""


@pytest.mark.parametrize("found", [2, 0, None, "1"])
def test_a_run_of_another_format_is_refused(run: Path, again, imhi_here: Imhi, found) -> None:
    path = run / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": found}))
    for said in (again(), imhi_here("show", run), imhi_here("score", run)):
        assert said.code == 2
        assert f"run format {found!r}, expected 1" in said.complaint
        assert "another version of imhi-harness" in said.complaint


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_a_broken_manifest_is_named(run: Path, imhi_here: Imhi, content: str) -> None:
    (run / "manifest.json").write_text(content)
    for said in (imhi_here("show", run), imhi_here("label", run)):
        assert said.code == 2
        assert "manifest.json: " in said.complaint


def test_a_strange_folder_does_not_hide_the_other_runs(run: Path, imhi_here: Imhi) -> None:
    strange = run.with_name("strange")
    strange.mkdir()
    (strange / "manifest.json").write_text('{"format": 9}')
    said = imhi_here("runs", "--json")
    assert [row["run"] for row in said.json["runs"]] == [run.name]
    assert "passed over" in said.err and "run format 9" in said.err


def test_a_folder_without_manifest_is_no_run(run: Path, imhi_here: Imhi) -> None:
    (run / "manifest.json").unlink()
    said = imhi_here("show", run)
    assert said.code == 2
    assert "not a run folder" in said.complaint


def test_a_line_edited_in_the_middle_is_named_and_nothing_is_asked(run: Path, again) -> None:
    path = run / "responses" / "DR.jsonl"
    lines = path.read_text().splitlines()
    lines[1] = lines[1][:-5]
    path.write_text("\n".join(lines) + "\n")
    asked = Path("log").read_text()
    said = again()
    assert said.code == 2
    assert f"{path}: line 2: not a JSON object" in said.complaint
    assert Path("log").read_text() == asked


def test_a_doubled_line_is_refused(run: Path, again) -> None:
    path = run / "responses" / "DR.jsonl"
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    said = again()
    assert said.code == 2
    assert "line 5: a second response for example" in said.complaint


def test_an_answer_to_another_prompt_is_refused(run: Path, again) -> None:
    path = run / "responses" / "DR.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[2]["prompt_hash"] = "0" * 16
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = again()
    assert said.code == 2
    assert f"example {rows[2]['id']} answers prompt {'0' * 16}, expected" in said.complaint


def test_a_row_of_another_kind_is_refused(run: Path, again) -> None:
    path = run / "responses" / "DR.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["mood"] = "fine"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = again()
    assert said.code == 2
    assert "DR.jsonl: line 1: not a Response row" in said.complaint


def test_runs_are_found_by_a_part_of_their_name(run: Path, imhi_here: Imhi) -> None:
    for name in (run, run.name, run.name[-10:], "last"):
        assert imhi_here("show", name, "--json").json["run"] == str(run)


def test_a_part_that_fits_two_runs_is_refused_with_both(
    run: Path, imhi_here: Imhi, asked_plugin: Path
) -> None:
    other = [*QUICK.split(), "--plugin", asked_plugin, "-m", "asked:log,name=asked", "--seed", "1"]
    assert imhi_here(*other).code == 0
    said = imhi_here("show", "asked")
    assert said.code == 2
    assert "2 runs of that name" in said.complaint and run.name in said.complaint
