"""What is imported in part is skipped by name; what fails leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.checkouts import depression_checkout
from tests.conftest import Imhi
from tests.plugins.importing.answer_files import delimited
from tests.plugins.importing.test_import import golds_of

QUICK = ("--labeler", "strict", "--resamples", "100")


def whole(checkout: Path) -> list[tuple[str, str]]:
    return [(gold, "Yes.") for gold in golds_of(checkout)]


def test_what_the_source_lacks_is_skipped_by_name(tmp_path: Path, imhi_here: Imhi) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    folder = tmp_path / "mine"
    for name in ("DR.csv", "swmh.csv", "notes.csv"):
        delimited(",")(folder / name, whole(checkout))
    (folder / "LICENSE").write_text("MIT", encoding="utf-8")
    source = f"official:{checkout}"
    said = imhi_here("import", folder, "--source", source, *QUICK, "--json")
    assert said.code == 1
    assert said.json["skipped"] == {
        str(folder / "swmh.csv"): f"{source} has no SWMH/test",
        str(folder / "notes.csv"): "'notes' is no dataset",
    }
    for file, why in said.json["skipped"].items():
        assert f"{file}: left out: {why}" in said.err.splitlines()
    assert said.complaint == "imhi: left out: notes.csv, swmh.csv"
    assert {row["dataset"] for row in said.json["scores"]} == {"DR"}


def test_nothing_to_join_is_an_error(tmp_path: Path, imhi_here: Imhi) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    path = delimited(",")(tmp_path / "swmh.csv", whole(checkout))
    said = imhi_here("import", path, "--source", f"official:{checkout}", *QUICK)
    assert said.code == 2
    assert "found no file that can be joined (swmh.csv: official:" in said.complaint


def test_a_bad_file_among_good_ones_leaves_no_run(tmp_path: Path, imhi_here: Imhi) -> None:
    """Neither of its own folder nor of the good one that was named before it."""
    checkout = depression_checkout(tmp_path / "imhi")
    for name in ("good", "bad"):
        delimited(",")(tmp_path / name / "DR.csv", whole(checkout))
    delimited(",")(tmp_path / "bad" / "dreaddit.csv", [("no label", "Yes.")])
    said = imhi_here("import", tmp_path / "good", tmp_path / "bad", *QUICK)
    assert said.code == 2
    assert (
        "dreaddit.csv: row 0 (line 2): found a reference answer of 8 characters" in said.complaint
    )
    assert not (tmp_path / "runs").exists()


def test_the_model_by_itself_leaves_no_run_either(tmp_path: Path, imhi_here: Imhi) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    path = delimited(",")(tmp_path / "DR.csv", whole(checkout)[:2])
    said = imhi_here("run", "-m", f"imported:{path}", "-s", f"official:{checkout}", "-d", "DR")
    assert "found 2 answers, expected 3" in said.complaint
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_killed_import_leaves_no_run(tmp_path: Path, sent: signal.Signals) -> None:
    """Killed outright, what it had prepared is hidden, and swept by the next import."""
    yes = "Yes, the poster suffers from depression. Reasoning: "
    path = delimited(",")(tmp_path / "DR.csv", [(f"{yes}{n}", "Yes.") for n in range(60_000)])
    words = [sys.executable, "-m", "imhi", "import", str(path), *QUICK]
    out = tmp_path / "runs"
    process = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not list(out.glob(".prepare-*/*/responses")):
        time.sleep(0.002)
    process.send_signal(sent)
    _, err = process.communicate()
    assert process.returncode in (-sent, 128 + sent), err
    assert "Traceback" not in err
    left = [entry.name for entry in out.iterdir()]
    if sent is signal.SIGKILL:
        assert [name.startswith(".prepare-") for name in left] == [True]
        small = delimited(",")(tmp_path / "small" / "DR.csv", [(f"{yes}grey", "Yes.")])
        subprocess.run([*words[:4], str(small), *QUICK], cwd=tmp_path, check=True, env=os.environ)
        left = [entry.name for entry in out.iterdir() if entry.name.startswith(".")]
    assert left == []


def test_an_import_given_again_finds_its_run(tmp_path: Path, imhi_here: Imhi) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    path = delimited(",")(tmp_path / "DR.csv", whole(checkout))
    runs = [imhi_here("import", path, *QUICK, "--json").json["run"] for _ in range(2)]
    assert runs[0] == runs[1]
    assert [entry.name for entry in (tmp_path / "runs").iterdir()] == [Path(runs[0]).name]
