"""A submission and a board that commit d3fd539 made, of demo posts, are read as they were then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from imhi.plugins.leaderboard.submission.reading import read_submission

MADE_BEFORE = Path(__file__).with_name("made_at_d3fd539")
ENTRY = "tf-idf-0628cf76"


@pytest.fixture
def board(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MADE_BEFORE / "board", tmp_path / "board"))


def test_a_submission_made_before_is_read_whole() -> None:
    submission = read_submission(MADE_BEFORE / "submission.zip")
    assert (submission.about.name, submission.partial) == ("TF-IDF", False)
    assert {name: len(rows) for name, rows in submission.responses.items()} == {"DR": 16, "SAD": 22}
    assert submission.changed == []


def test_a_submission_made_before_passes_and_gives_the_entry_it_gave(
    board: Path, imhi_here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1760000000")
    before = {path.name: path.read_text() for path in (board / "entries" / ENTRY).iterdir()}
    shutil.rmtree(board / "entries" / ENTRY)
    file = MADE_BEFORE / "submission.zip"
    said = imhi_here("leaderboard", "verify", file, "--board", board, "--add")
    assert said.code == 0, said.out
    now = {
        path.name: json.loads(path.read_text()) for path in (board / "entries" / ENTRY).iterdir()
    }
    assert now["answers.json"] == json.loads(before["answers.json"])
    entry = json.loads(before["entry.json"])
    assert list(now["entry.json"]) == list(entry)
    for part in ("id", "name", "model_identity", "labeler", "verified", "archive"):
        assert now["entry.json"][part] == entry[part]
    for dataset, about in entry["datasets"].items():
        made = now["entry.json"]["datasets"][dataset]
        values = {name: score["value"] for name, score in made["scores"].items()}
        before_them = {name: score["value"] for name, score in about["scores"].items()}
        assert {name: values[name] for name in before_them if name in values} == {
            name: value for name, value in before_them.items() if name != "consistency"
        }  # consistency hangs on what is inferred from explanations, which now has a floor


def test_a_board_made_before_is_built_and_knows_its_entries(board: Path, imhi_here) -> None:
    said = imhi_here("leaderboard", "build", board, "--json")
    assert said.code == 0, said.err
    assert (said.json["entries"], said.json["ranked"], said.json["left_out"]) == (1, 1, [])
    offered = json.loads((board / "site" / "data" / "entries" / f"{ENTRY}.json").read_text())
    assert offered == json.loads((board / "entries" / ENTRY / "entry.json").read_text())
    said = imhi_here("leaderboard", "verify", MADE_BEFORE / "submission.zip", "--board", board)
    assert said.code == 0, said.out
