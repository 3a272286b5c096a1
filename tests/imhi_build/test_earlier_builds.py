"""A build that commit d3fd539 made (``earlier/d3fd539``: demo posts, partly explained by a server that
answered, refused and failed) goes on: it is read, checked, written and asked about as if made today."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.build.checks.reports import CheckReport
from imhi.build.folder import BuildFolder
from imhi.build.source import open_built
from tests.conftest import Imhi

EARLIER = Path(__file__).parent / "earlier" / "d3fd539"


@pytest.fixture
def earlier(tmp_path: Path) -> BuildFolder:
    """A copy of the build, whose raw files lie beside it."""
    shutil.copytree(EARLIER, tmp_path, dirs_exist_ok=True)
    folder = BuildFolder(tmp_path / "made")
    for file in (folder.config_file, folder.path / "build.json"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("/data/raw", str(tmp_path / "raw")), encoding="utf-8")
    return folder


def contents(folder: BuildFolder, *kinds: str) -> dict[str, bytes]:
    return {
        path.relative_to(folder.path).as_posix(): path.read_bytes()
        for kind in kinds
        for path in sorted((folder.path / kind).rglob("*.*"))
    }


def recorded(folder: BuildFolder) -> dict[str, dict]:
    """Return what is recorded of each stage, as it stands in the file."""
    return json.loads((folder.path / "build.json").read_text(encoding="utf-8"))["stages"]


def assert_same_findings(before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Reports say the same, but for the seconds they took and the rows that were looked at (which an
    earlier version did not count); all else is the same byte for byte."""
    assert after.keys() == before.keys()
    for name, was in before.items():
        if Path(name).parent == Path("checks"):
            earlier, now = (CheckReport.model_validate_json(text) for text in (was, after[name]))
            uncounted = {"seconds": 0, "rows": 0, "by_dataset": {}}
            assert earlier.model_copy(update=uncounted) == now.model_copy(update=uncounted)
        else:
            assert after[name] == was


def test_its_status_is_shown_and_nothing_is_outdated(earlier: BuildFolder, imhi_here: Imhi) -> None:
    told = imhi_here("build", "status", earlier.path)
    assert told.code == 0 and "another" not in told.err
    assert told.out.split("\n")[1].split() == ["DR", "13", "13", "2"]


def test_read_and_joined_again_it_has_the_same_rows(earlier: BuildFolder, imhi_here: Imhi) -> None:
    before = contents(earlier, "posts", "rows")
    assert imhi_here("build", "read", earlier.path).code == 0
    told = imhi_here("build", "explain", earlier.path, "--given", "demo")
    assert told.code == 0 and "nothing to ask" in told.err and "5 answered, 1 failed" in told.out
    assert contents(earlier, "posts", "rows") == before


def test_checked_again_it_has_the_same_findings(earlier: BuildFolder, imhi_here: Imhi) -> None:
    before = contents(earlier, "checks", "quarantine")
    was = recorded(earlier)
    assert imhi_here("build", "check", earlier.path).code == 0
    assert_same_findings(before, contents(earlier, "checks", "quarantine"))
    now = recorded(earlier)
    skipped = now["check"].pop("skipped")  # counted with a finding of nothing before
    assert set(skipped) == {"correctness", "quality"}
    now["check"]["checks"] |= dict.fromkeys(skipped, 0)
    assert {**now["check"], "at": ""} == {**was["check"], "at": ""}
    assert now["explain"] == was["explain"] and "write" not in now


def test_written_again_its_files_are_the_same(earlier: BuildFolder, imhi_here: Imhi) -> None:
    before = contents(earlier, "written/official")
    was = recorded(earlier)["write"]
    told = imhi_here("build", "write", earlier.path, "--format", "official")
    assert told.code == 0, told.err
    assert contents(earlier, "written/official") == before
    now = recorded(earlier)["write"]
    assert list(now) == list(was)
    for name in ("rows", "total", "left_out", "notes"):
        assert now[name] == was[name]


def test_it_is_asked_anew_about_what_its_checks_keep_out(
    earlier: BuildFolder, imhi_here: Imhi
) -> None:
    words = ("build", "explain", earlier.path, "--given", "demo", "--again")
    told = imhi_here(*words)
    assert told.code == 2 and "asked again, openai:m" in told.complaint  # the same words as before
    estimate = imhi_here(*words, "--dry-run", "--json").json
    assert [(one["dataset"], one["requests"]) for one in estimate["datasets"]] == [("DR", 1)]


def test_it_is_a_source_of_examples(earlier: BuildFolder, registry: Registry) -> None:
    source = open_built(str(earlier.path), registry.dataset_map())
    assert source.datasets() == ["DR"] and list(source.splits("DR")) == ["train", "test"]
    assert len(list(source.examples("DR", "train"))) == 5
    # As d3fd539 computed it: runs on this build are found again.
    assert source.checksum("DR", "train").startswith("3192c99eca41457c")
