"""The stage ``read`` of a build: again and again, whole or not at all, one process at a time; for
datasets of one's own, too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from imhi.build.folder import BuildFolder
from tests.conftest import ROOT, Imhi
from tests.imhi_build.raw.raw_tables import POSTS, own_preset, write_csv, write_table


@pytest.fixture
def build(tmp_path: Path, imhi_here: Imhi) -> BuildFolder:
    """A build of small raw files of DR and dreaddit, not read yet."""
    rows = [{"text": post, "label": n % 2} for n, post in enumerate(POSTS)]
    write_table(tmp_path / "dr" / "train.csv", rows)
    for name in ("dreaddit-train.csv", "dreaddit-test.csv"):
        write_table(tmp_path / "dreaddit" / name, [{"id": 1, **row} for row in rows])
    said = imhi_here("build", "new", "mine", "--raw", "dr=dr", "--raw", "dreaddit=dreaddit")
    assert said.code == 0, said.err
    return BuildFolder(tmp_path / "mine")


def contents(folder: BuildFolder) -> dict[str, bytes]:
    return {
        path.relative_to(folder.path).as_posix(): path.read_bytes()
        for path in sorted(folder.path.rglob("*.jsonl"))
    }


def test_reading_twice_gives_the_same_files_and_record(build: BuildFolder, imhi_here: Imhi) -> None:
    assert imhi_here("build", "read", "mine").code == 0
    first, record = contents(build), build.require_read().datasets
    assert sorted(first) == [
        "posts/DR.jsonl", "posts/dreaddit.jsonl", "removed/DR.jsonl", "removed/dreaddit.jsonl",
    ]  # fmt: skip
    assert len(first["posts/DR.jsonl"].splitlines()) == 3
    assert imhi_here("build", "read", "mine").code == 0
    assert contents(build) == first
    assert build.require_read().datasets == record


def test_what_is_read_is_shown_with_what_comes_next(build: BuildFolder, imhi_here: Imhi) -> None:
    before = imhi_here("build", "status", "mine")
    assert "read: not done" in before.out and "next: imhi build read mine" in before.err
    said = imhi_here("build", "read", "mine")
    lines = [line.split() for line in said.out.splitlines()]
    assert lines == [
        ["dataset", "preset", "train", "val", "test", "left", "out", "masked"],
        ["DR", "dr", "3", "0", "0", "0", "0"],
        ["dreaddit", "dreaddit", "3", "3", "0", "0", "0"],
    ]
    assert "next: imhi build explain mine" in said.err
    after = imhi_here("build", "status", "mine")
    assert ["DR", "3", "-", "-"] in [line.split() for line in after.out.splitlines()]
    assert "explain: not done" in after.out and "next: imhi build explain mine" in after.err
    assert set(imhi_here("build", "status", "mine", "--json").json) == {"read"}


def test_a_dataset_that_is_taken_out_of_build_yaml_is_taken_out_of_the_build(
    build: BuildFolder, imhi_here: Imhi
) -> None:
    assert imhi_here("build", "read", "mine").code == 0
    text = build.config_file.read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "preset: dreaddit" not in line]
    build.config_file.write_text("\n".join(kept), encoding="utf-8")
    assert imhi_here("build", "read", "mine").code == 0
    assert sorted(contents(build)) == ["posts/DR.jsonl", "removed/DR.jsonl"]
    assert build.datasets() == ["DR"]


def test_what_was_made_of_earlier_rows_is_gone_when_others_are_read(
    build: BuildFolder, imhi_here: Imhi
) -> None:
    assert imhi_here("build", "read", "mine").code == 0
    said = imhi_here("build", "explain", "mine", "--given", "demo")
    assert "Traceback" not in said.err
    assert (build.path / "rows").is_dir() and build.record().explain
    assert imhi_here("build", "read", "mine").code == 0
    assert not (build.path / "rows").exists() and not build.record().explain


def test_where_one_dataset_cannot_be_read_what_was_read_before_stays(
    build: BuildFolder, imhi_here: Imhi, tmp_path: Path
) -> None:
    assert imhi_here("build", "read", "mine").code == 0
    before, record = contents(build), build.record()
    write_csv(tmp_path / "dr" / "train.csv", [{"text": "Another post", "label": 1}])
    for broken in ("text,label\nSoup,maybe\n", "", "body,label\nSoup,1\n"):
        (tmp_path / "dreaddit" / "dreaddit-test.csv").write_text(broken, encoding="utf-8")
        (tmp_path / "dreaddit" / "dreaddit-train.csv").write_text(broken, encoding="utf-8")
        said = imhi_here("build", "read", "mine")
        assert said.code == 2 and "dreaddit" in said.complaint
        assert contents(build) == before and build.record() == record
    assert not [path for path in build.path.rglob("*") if "tmp" in path.name]


def test_two_processes_do_not_read_into_one_build(
    build: BuildFolder, imhi_here: Imhi, tmp_path: Path
) -> None:
    holds = (
        "import sys; from pathlib import Path; from imhi.build.folder import BuildFolder\n"
        "with BuildFolder(Path('mine')).lock():\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holds],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        said = imhi_here("build", "read", "mine")
        assert said.code == 2 and said.out == ""
        assert "another process is working in this build; wait" in said.complaint
        assert imhi_here("build", "status", "mine").code == 0
        other.communicate()
    assert imhi_here("build", "read", "mine").code == 0


def test_what_is_no_build_is_refused_with_how_to_make_one(imhi_here: Imhi, tmp_path: Path) -> None:
    for command in ("read", "status"):
        said = imhi_here("build", command, "nowhere")
        assert said.code == 2
        assert "not a build folder (no build.yaml)" in said.complaint
        assert "imhi build new nowhere --raw PRESET=PATH" in said.complaint
    assert not (tmp_path / "nowhere").exists()


# --- datasets of one's own -----------------------------------------------------------------------

TASK = """\
task: mood detection
summary: Which mood does a post show?
dataset: mood
question: What mood does this post show?
labels:
  happy: This post shows happiness.
  sad: This post shows sadness.
"""
PRESET = """\
dataset: mood
summary: letters of a pen club
files: {all: {path: letters.tsv}}
split: {column: part, values: {learn: train, exam: test}}
post: [subject, body]
id: number
label: {column: feeling, values: {joy: happy, delight: happy, grief: sad, bored: }}
explanation: because
"""


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    write_table(
        tmp_path / "letters" / "letters.tsv",
        [
            {"number": n, "subject": f"Letter {n}", "body": body, "feeling": feeling,
             "part": part, "because": "The post names it."}
            for n, (body, feeling, part) in enumerate(
                [
                    ("Cake for breakfast, says @lena_k.", "Joy", "learn"),
                    ("Sun on the balcony.", "delight", "exam"),
                    ("Nobody came to the reading.", "grief", "learn"),
                    ("A form was filled in.", "bored", "learn"),
                    ("The kettle is broken.", "rage", "exam"),
                ]
            )
        ],
    )  # fmt: skip
    (tmp_path / "task.yaml").write_text(TASK, encoding="utf-8")
    (tmp_path / "letters.yaml").write_text(PRESET, encoding="utf-8")
    return tmp_path


def test_a_dataset_of_ones_own_needs_two_yaml_files_and_no_code(
    letters: Path, imhi_here: Imhi
) -> None:
    plugin = ("--plugin", "task.yaml")
    said = imhi_here("build", "new", "mine", "--raw", "letters.yaml=letters", *plugin)
    assert said.code == 0, said.err
    said = imhi_here("build", "read", "mine", *plugin)
    assert said.code == 1
    assert "column feeling: found 'rage', expected one of 'joy', 'delight'" in said.err
    rows = list(BuildFolder(letters / "mine").posts("mood"))
    assert [(row.id, row.label, row.source_id) for row in rows] == [
        ("train-0", "happy", "0"),
        ("test-0", "happy", "1"),
        ("train-1", "sad", "2"),
    ]
    assert rows[0].post == "Letter 0\nCake for breakfast, says @user."
    assert rows[0].question == "What mood does this post show?"
    assert rows[0].raw_label == "Joy" and rows[0].explained_by == "column because"
    removed = {one.row: one.reason for one in BuildFolder(letters / "mine").removed("mood")}
    assert removed == {3: "left out by the preset", 4: "unmapped label"}
    said = imhi_here("build", "explain", "mine", *plugin)
    assert said.code == 0, said.err


def test_without_its_task_a_dataset_of_ones_own_is_unknown(letters: Path, imhi_here: Imhi) -> None:
    said = imhi_here("build", "new", "mine", "--raw", "letters.yaml=letters")
    assert said.code == 2
    assert "unknown dataset 'mood'" in said.complaint and "--plugin" in said.complaint
    assert not (letters / "mine").exists()


def test_a_preset_for_a_dataset_of_several_questions_is_held_against_them(
    letters: Path, imhi_here: Imhi
) -> None:
    several = "questions:\n  day: Was the day good?\n  night: Was the night good?"
    task = TASK.replace("question: What mood does this post show?", several)
    assert task != TASK
    (letters / "task.yaml").write_text(task, encoding="utf-8")
    said = imhi_here(
        "build", "new", "mine", "--raw", "letters.yaml=letters", "--plugin", "task.yaml"
    )
    assert said.code == 2
    assert "label: found one column, expected labels" in said.complaint
    assert "'day', 'night' (mood)" in said.complaint


def test_the_record_holds_counts_labels_and_what_was_done_with_posts(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    rows = [{"text": t, "label": x} for t, x in [("Ask @lena_k", 1), ("Ask @omar", 0), ("Soup", 0)]]
    write_table(tmp_path / "raw" / "posts.csv", rows)
    own_preset(tmp_path / "own.yaml", clean="strict", note="of a pen club")
    assert imhi_here("build", "new", "mine", "--raw", "own.yaml=raw").code == 0
    assert imhi_here("build", "read", "mine").code == 0
    record = json.loads((tmp_path / "mine" / "build.json").read_text(encoding="utf-8"))
    found = record["stages"]["read"]["datasets"]["DR"]
    assert found["counts"] == {"train": 2}
    assert found["labels"] == {"train": {"yes": 1, "no": 1}}
    assert found["removed"] == {"duplicate": 1}
    assert found["masked"] == {"users": 2}
    assert found["clean"]["duplicates"] == "remove"
    assert (found["licence"], found["layout"], found["note"]) == (
        "not stated",
        "assumed",
        "of a pen club",
    )
