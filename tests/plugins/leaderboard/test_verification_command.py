"""``imhi leaderboard verify``: what it prints, how it ends, what it adds to a board."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store import RunFolder
from tests.plugins.leaderboard.archives import Parts
from tests.plugins.leaderboard.submitted_runs import Forger, answer_with, demo_run, packed


@pytest.fixture(scope="module")
def runs(manager: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    out = tmp_path_factory.mktemp("runs")
    one = {"dataset": ("DR",), "metric": ("labels",)}
    return [demo_run(manager, out, f"baseline:{name}", **one) for name in ("tfidf", "majority")]


@pytest.fixture
def board(tmp_path: Path) -> Path:
    (tmp_path / "board" / "entries").mkdir(parents=True)
    return tmp_path / "board"


def a_file(path: Path, run: RunFolder, manager: PluginManager, name: str) -> Path:
    path.write_bytes(packed(run, manager, name))
    return path


def entries(board: Path) -> list[str]:
    return sorted(path.name for path in (board / "entries").iterdir())


def test_a_sound_submission_ends_with_0_and_a_line_for_each_check(
    runs, manager, imhi_here, tmp_path: Path
) -> None:
    said = imhi_here("leaderboard", "verify", a_file(tmp_path / "a.zip", runs[0], manager, "One"))
    assert said.code == 0
    assert "ok   predictions: 16 labels were read again" in said.out
    assert said.out.rstrip().endswith("passed")


def test_one_bad_file_of_several_ends_with_1_and_is_named(
    runs, manager, imhi_here, tmp_path: Path
) -> None:
    good = a_file(tmp_path / "good.zip", runs[0], manager, "One")
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"PK nothing")
    said = imhi_here("leaderboard", "verify", good, bad, "--json")
    assert said.code == 1
    assert said.complaint == "imhi: bad.zip: refused (archive)"
    assert [report["passed"] for report in said.json] == [True, False]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["missing.zip"], "missing.zip: no such file"),
        (["--add"], "--add: found no board, expected --board FOLDER"),
        (["--supersedes", "x"], "--supersedes x: expected --board FOLDER"),
        (["--board", "nowhere"], "--board nowhere: no such folder; make a board with"),
        (["--source", "nothing"], "unknown source 'nothing'"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_2(
    words, complaint: str, runs, manager, imhi_here, tmp_path: Path
) -> None:
    file = a_file(tmp_path / "a.zip", runs[0], manager, "One")
    said = imhi_here("leaderboard", "verify", file, *words)
    assert said.code == 2
    assert complaint in said.complaint


def test_what_passes_is_added_the_same_every_time_but_for_the_date(
    runs, manager, imhi_here, board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    file = a_file(tmp_path / "a.zip", runs[0], manager, "My Model (7B)")
    command = ("leaderboard", "verify", file, "--board", board, "--add")
    assert imhi_here(*command).code == 0
    (name,) = entries(board)
    assert name.startswith("my-model-7b-")
    folder = board / "entries" / name
    assert sorted(path.name for path in folder.iterdir()) == ["answers.json", "entry.json"]
    first = [(folder / file).read_bytes() for file in ("answers.json", "entry.json")]
    entry = json.loads(first[1])
    assert (entry["id"], entry["verified"]) == (name, "2023-11-14T22:13:20Z")

    again = tmp_path / "again" / "entries"
    again.mkdir(parents=True)
    assert imhi_here("leaderboard", "verify", file, "--board", again.parent, "--add").code == 0
    assert [(again / name / f).read_bytes() for f in ("answers.json", "entry.json")] == first


def test_what_is_refused_is_not_added(runs, manager, imhi_here, board: Path, tmp_path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(Parts.of(packed(runs[0], manager)).about(salt="0" * 32).zipped())
    assert imhi_here("leaderboard", "verify", file, "--board", board, "--add").code == 1
    assert entries(board) == []


def test_answers_of_another_entry_are_refused_and_its_id_named(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    first = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    copy = a_file(tmp_path / "copy.zip", runs[0], manager, "My own invention")
    assert imhi_here("leaderboard", "verify", first, "--board", board, "--add").code == 0
    (theirs,) = entries(board)
    said = imhi_here("leaderboard", "verify", copy, "--board", board, "--add")
    assert said.code == 1
    assert said.complaint == "imhi: copy.zip: refused (copied answers)"
    assert f"16 of 16 long answers are those of entry {theirs}" in said.out
    assert entries(board) == [theirs]


@pytest.mark.parametrize("name", ["the FIRST", "Thе first", "The f1rst", "Ｔhe-first!"])
def test_a_name_that_looks_like_another_entrys_is_refused(
    name: str, runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    first = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    assert imhi_here("leaderboard", "verify", first, "--board", board, "--add").code == 0
    other = a_file(tmp_path / "other.zip", runs[1], manager, name)
    said = imhi_here("leaderboard", "verify", other, "--board", board)
    assert said.complaint == "imhi: other.zip: refused (name)"
    assert "looks like 'The first'" in said.out


def test_an_entry_can_be_superseded_by_its_submitter_only(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    first = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    assert imhi_here("leaderboard", "verify", first, "--board", board, "--add").code == 0
    (old,) = entries(board)
    command = ("leaderboard", "verify", "--board", board, "--supersedes")

    better = a_file(tmp_path / "better.zip", runs[0], manager, "The second")
    assert imhi_here(*command, old, better, "--add").code == 0
    (new,) = {*entries(board)} - {old}
    entry = json.loads((board / "entries" / new / "entry.json").read_text())
    assert entry["supersedes"] == old

    stranger = tmp_path / "stranger.zip"
    parts = Parts.of(packed(runs[1], manager, "Another")).about(by="Somebody else")
    stranger.write_bytes(parts.zipped())
    said = imhi_here(*command, old, stranger)
    assert said.complaint == "imhi: stranger.zip: refused (supersedes)"
    said = imhi_here(*command, "not-there", stranger)
    assert "no entry 'not-there'" in said.out


def test_a_submission_can_say_itself_what_it_supersedes(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    first = a_file(tmp_path / "first.zip", runs[0], manager, "My model")
    assert imhi_here("leaderboard", "verify", first, "--board", board, "--add").code == 0
    (old,) = entries(board)
    second = tmp_path / "second.zip"
    words = ("submit", runs[0].path, "--name", "My model", "--by", "A group", "--supersedes", old)
    assert imhi_here(*words, "--to", second).code == 0
    alone = imhi_here("leaderboard", "verify", second)
    assert alone.code == 0 and "not looked at without --board" in alone.out
    assert imhi_here("leaderboard", "verify", second, "--board", board, "--add").code == 0
    (new,) = {*entries(board)} - {old}
    entry = json.loads((board / "entries" / new / "entry.json").read_text())
    assert entry["supersedes"] == old


def test_an_entry_can_be_scored_under_a_view_and_is_then_no_entry_of_a_released_board(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    file = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    assert imhi_here("audit", "demo", "--split", "test").code == 0
    for path in Path("audit/verdicts").glob("DR.test.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for number, row in enumerate(rows):
            row["flags"] = ["leaked"] if number < 4 else []
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("leaderboard", "verify", file, "--board", board, "--add", "--view", "imhi-unleaked")
    said = imhi_here(*words)
    assert said.code == 0, said.out
    (new,) = entries(board)
    entry = json.loads((board / "entries" / new / "entry.json").read_text())
    plain = runs[0].manifest().datasets["DR"]
    assert (entry["view"], entry["datasets"]["DR"]["n"]) == ("imhi-unleaked", plain - 4)
    answers = json.loads((board / "entries" / new / "answers.json").read_text())
    assert len(answers["datasets"]["DR"]["right"]) == plain - 4
    (board / "board.yaml").write_text("title: Released labels only\nsynthetic: true\n")
    built = imhi_here("leaderboard", "build", board, "--json")
    assert built.json["left_out"] == [f"{new}: scored under view imhi-unleaked, not released"]


def test_what_a_board_has_no_tables_for_is_refused_when_it_is_verified(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    file = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    (board / "board.yaml").write_text("title: Real posts\nsource: demo\nsplit: val\n")
    said = imhi_here("leaderboard", "verify", file, "--board", board, "--add")
    assert said.complaint == "imhi: first.zip: refused (board)"
    assert "split test, and the board has val; posts fictional, and the board has real" in said.out
    assert not entries(board)


def test_an_entry_that_is_there_stays_as_it_is(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    file = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    words = ("leaderboard", "verify", file, "--board", board, "--add")
    assert "added:" in imhi_here(*words).err
    (entry,) = (board / "entries").glob("*/entry.json")
    before = entry.read_bytes(), entry.stat().st_mtime_ns
    assert "is there already" in imhi_here(*words).err
    assert (entry.read_bytes(), entry.stat().st_mtime_ns) == before


def test_a_third_version_supersedes_the_second_and_is_no_copy_of_the_first(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    supersedes: list[str] = []
    for number in range(3):
        before = {*entries(board)}
        parts = Parts.of(packed(runs[0], manager, "My model")).about(description=f"try {number}")
        file = tmp_path / f"{number}.zip"
        file.write_bytes(parts.zipped())
        words = ("leaderboard", "verify", file, "--board", board, "--add", *supersedes)
        assert imhi_here(*words).code == 0
        (new,) = {*entries(board)} - before
        supersedes = ["--supersedes", new]


def test_a_file_can_be_verified_again_when_it_is_an_entry(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    file = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    for _ in range(2):
        assert imhi_here("leaderboard", "verify", file, "--board", board, "--add").code == 0
    assert len(entries(board)) == 1


def test_copied_answers_are_found_though_labels_and_punctuation_were_changed(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    first = a_file(tmp_path / "first.zip", runs[0], manager, "The first")
    assert imhi_here("leaderboard", "verify", first, "--board", board, "--add").code == 0

    def disguise(folder: RunFolder) -> None:
        def words(text: str) -> str:
            return "No. Reasoning: " + text.partition("Reasoning:")[2].replace(",", " ;").upper()

        said = {answer.id: answer.text for answer in folder.responses("DR")}
        answer_with(folder, lambda example: words(said[example.id]), ("DR",))

    forged = Forger(manager, runs[0], tmp_path).scored(disguise)
    copy = a_file(tmp_path / "copy.zip", forged, manager, "My own invention")
    said = imhi_here("leaderboard", "verify", copy, "--board", board)
    assert said.complaint == "imhi: copy.zip: refused (copied answers)"


def test_two_baselines_with_forms_for_answers_stand_beside_each_other(
    runs, manager, imhi_here, board: Path, tmp_path: Path
) -> None:
    """The same form under many posts is no sign of copying."""
    for number in (1, 2):
        file = a_file(tmp_path / f"{number}.zip", runs[1], manager, f"Constant {number}")
        assert imhi_here("leaderboard", "verify", file, "--board", board, "--add").code == 0
    assert len(entries(board)) == 2
