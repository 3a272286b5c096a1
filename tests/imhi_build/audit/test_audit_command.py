"""The command: what it prints, where it leaves things, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from tests.conftest import Imhi
from tests.imhi_build.audit.audit_moods import mood_rows, write_task
from tests.imhi_build.raw_demo import demo_rows, write_dr

MOOD = ("audit", "own", "--plugin", "mood.yaml")


@pytest.fixture
def mood_here(imhi_here: Imhi, tmp_path: Path) -> Imhi:
    """The command line in a folder with a task of its own."""
    write_task(tmp_path, mood_rows())
    return imhi_here


@pytest.fixture
def raw_dr(registry: Registry, tmp_path: Path) -> Path:
    return write_dr(tmp_path / "raw", demo_rows(registry, "DR"))


def test_a_task_of_ones_own_is_audited_without_any_code(mood_here: Imhi) -> None:
    said = mood_here(*MOOD)
    assert said.code == 0, said.err
    for title in ("Rows, and how many", "Floors and power", "Posts that stand in", "Findings"):
        assert title in said.out
    assert "audit/report.html" in said.err
    found = json.loads(Path("audit/audit.json").read_text(encoding="utf-8"))
    (test,) = [split for split in found["splits"] if split["split"] == "test"]
    assert (test["rows"], test["flagged"]["leaked"]) == (9, 2)


@pytest.mark.parametrize("columns", ["80", "160"])
def test_tables_fit_the_terminal(
    mood_here: Imhi, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = mood_here(*MOOD, "--all").out.splitlines()
    assert max(map(len, lines)) <= int(columns)
    assert "…" not in "".join(lines)
    (header,) = [line.split() for line in lines if "gives away" in line]
    assert ("mojibake" in header) == (columns == "160")


def test_json_is_what_the_report_holds(mood_here: Imhi) -> None:
    said = mood_here(*MOOD, "--json", "--to", "there")
    assert said.json == json.loads(Path("there/audit.json").read_text(encoding="utf-8"))


def test_one_split_is_judged_and_all_are_compared_with(mood_here: Imhi) -> None:
    said = mood_here(*MOOD, "--split", "test", "--json")
    assert [(s["split"], s["flagged"]["leaked"]) for s in said.json["splits"]] == [("test", 2)]
    assert [path.name for path in Path("audit/verdicts").iterdir()] == ["mood.test.jsonl"]


def test_nothing_of_a_post_is_printed_or_written_unless_it_is_asked_for(mood_here: Imhi) -> None:
    said = mood_here(*MOOD, "--all")
    written = "".join(p.read_text(encoding="utf-8") for p in Path("audit").rglob("*.*"))
    for row in mood_rows():
        assert row["post"][:20] not in said.out + said.err + written or row["post"] == "?!"
    mood_here(*MOOD, "--with-posts")
    page = Path("audit/report.html")
    assert mood_rows()[14]["post"] in page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--dataset", "DR"), "unknown dataset of own 'DR'"),
        (("--split", "tset"), "unknown split of own 'tset': did you mean 'test'?"),
        (("--raw", "irf"), "expected PRESET=FOLDER"),
        (("--raw", "irff=x"), "unknown preset 'irff': did you mean 'irf'?"),
        (("--raw", "irf=nowhere"), "there is no nowhere; expected the folder of the raw files"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(
    mood_here: Imhi, words: tuple[str, ...], complaint: str
) -> None:
    said = mood_here(*MOOD, *words)
    assert said.code == 2
    assert complaint in said.complaint
    assert not Path("audit").exists()


def test_a_raw_folder_of_another_dataset_is_refused_with_what_was_expected(
    imhi_here: Imhi, raw_dr: Path
) -> None:
    (raw_dr / "train.csv").rename(raw_dr / "train_data.csv")
    said = imhi_here("audit", "demo", "--raw", f"irf={raw_dr}")
    assert said.code == 2
    assert "found the columns text, label, expected text, belong, burden" in said.complaint
    assert "imhi build inspect" in said.complaint


def test_one_dataset_given_twice_is_refused(imhi_here: Imhi, raw_dr: Path) -> None:
    said = imhi_here("audit", "demo", "--raw", f"dr={raw_dr}", "--raw", f"dr={raw_dr}")
    assert "DR was given before (preset dr), expected each dataset once" in said.complaint


def test_raw_rows_that_fit_nothing_are_said_and_the_command_leaves_with_1(
    imhi_here: Imhi, registry: Registry, tmp_path: Path
) -> None:
    raw = write_dr(tmp_path / "other", demo_rows(registry, "dreaddit"))
    said = imhi_here("audit", "demo", "-d", "DR", "--split", "test", "--raw", f"dr={raw}", "--json")
    assert said.code == 1
    assert "DR test: none of 16 raw rows has the post and question of a released row" in said.err
    (split,) = said.json["splits"]
    assert (split["join"]["matched"], split["join"]["unmatched"]) == (0, 16)


def test_fictional_rows_are_called_so(imhi_here: Imhi) -> None:
    said = imhi_here("audit", "demo", "-d", "DR", "--split", "test")
    assert "these rows are fictional; nothing here is about IMHI" in said.err
    assert "these rows are fictional" in Path("audit/report.html").read_text(encoding="utf-8")
