"""What an audit says about each row: here of a task that has a YAML file and no code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.fingerprints import digest
from imhi.build.audit.flags import FLAGS as DECLARED
from imhi.build.audit.kinds import kinds
from tests.imhi_build.audit.audit_moods import POSTS, Audited, a_row, audit_rows, mood_rows

FLAGS = {
    "test-fine": ["expert-differs"],
    "test-equal": ["leaked"],
    "test-near": ["leaked"],
    "test-first": [],
    "test-again": ["duplicate"],
    "test-mute": ["irregular"],
    "test-wordless": ["irregular"],
    "test-garbled": ["mojibake"],
    "test-told": ["gives-away"],
}


@pytest.mark.parametrize("id", FLAGS)
def test_a_row_has_the_flags_of_its_faults_and_no_others(mood: Audited, id: str) -> None:
    assert mood.verdicts("mood", "test")[id]["flags"] == FLAGS[id]


def test_verdicts_are_in_the_order_of_the_source_and_know_their_rows(mood: Audited) -> None:
    found = mood.verdicts("mood", "test")
    assert list(found) == list(POSTS)
    question = "What mood does this post show?"
    for id, row in found.items():
        assert list(row) == ["id", "row", "released", "human", "flags"]
        assert row["row"] == digest([POSTS[id], question, row["released"]])[:16]
        assert row["human"] is None


def test_flags_are_those_that_are_declared_each_with_one_line_of_meaning(mood: Audited) -> None:
    flags = json.loads((mood.folder / "flags.json").read_text(encoding="utf-8"))
    assert flags == {flag.name: flag.summary for flag in DECLARED}
    assert list(flags) == [
        *("leaked", "duplicate", "irregular", "mojibake", "gives-away", "marked"),
        *("expert-differs", "not-english"),
    ]
    used = {flag for split in mood.audit.splits for flag in split.flagged}
    assert used <= set(flags)
    assert all(meaning and "\n" not in meaning for meaning in flags.values())


def test_every_split_has_a_file_of_verdicts_and_nothing_of_an_earlier_audit_stays(
    tmp_path: Path,
) -> None:
    stale = tmp_path / "audit" / "verdicts" / "other.test.jsonl"
    stale.parent.mkdir(parents=True)
    stale.write_text("{}\n", encoding="utf-8")
    audited = audit_rows(tmp_path, mood_rows())
    names = sorted(path.name for path in (audited.folder / "verdicts").iterdir())
    assert names == [f"mood.{split}.jsonl" for split in ("expert", "test", "train", "val")]


def test_training_rows_do_not_leak_and_val_is_held_against_train_alone(tmp_path: Path) -> None:
    post = "The lighthouse keeper painted all of the stairs green on a Thursday in May."
    rows = [
        *mood_rows(),
        a_row("train-x", post),
        a_row("val-x", post),
        a_row("val-y", POSTS["test-fine"]),
    ]
    audited = audit_rows(tmp_path, rows)
    assert audited.verdicts("mood", "train")["train-x"]["flags"] == []
    assert audited.verdicts("mood", "val")["val-x"]["flags"] == ["leaked"]
    assert "leaked" not in audited.verdicts("mood", "val")["val-y"]["flags"]
    assert "leaked" in audited.verdicts("mood", "test")["test-fine"]["flags"]


def test_ids_that_come_again_in_another_split_are_told_apart(tmp_path: Path) -> None:
    rows = mood_rows()
    for row in rows:
        row["id"] = row["id"].partition("-")[2]
    rows += [
        {**a_row("train-again", "A page about nothing at all, written on a slow train north.")}
    ]
    rows[-1]["id"] = "again"  # as a test row that repeats another
    audited = audit_rows(tmp_path, rows)
    assert audited.verdicts("mood", "test")["again"]["flags"] == ["duplicate"]
    assert audited.verdicts("mood", "train")["again"]["flags"] == []


def test_findings_name_their_rows_what_they_count_and_what_to_do(mood: Audited) -> None:
    rows = mood.kinds("test")
    assert rows["leak"] in {("test-equal",), ("test-near",)}
    assert rows["opposite-labels"] == rows["duplicate"] == ("test-again",)
    assert rows["no-explanation"] == ("test-mute",)
    assert rows["no-word"] == ("test-wordless",)
    assert rows["expert-differs"] == ("test-fine",)
    for found in mood.audit.findings:
        assert found.kind in kinds() and found.do == kinds()[found.kind].do
        assert found.figure is not None
        assert not found.rows or len(found.rows) == found.count


def test_the_report_has_no_text_of_a_row(mood: Audited) -> None:
    written = (mood.folder / "audit.json").read_text(encoding="utf-8")
    assert json.loads(written) == json.loads(json.dumps(mood.audit.to_json()))
    for row in mood_rows():
        for text in (row["post"], row["explanation"]):
            assert (
                not text.strip() or json.dumps(text, ensure_ascii=False)[1:-1][:20] not in written
            )


def test_an_audit_made_again_is_the_same(mood: Audited, tmp_path: Path) -> None:
    again = audit_rows(tmp_path, mood_rows())
    for path in sorted(mood.folder.rglob("*.json*")):
        other = again.folder / path.relative_to(mood.folder)
        assert other.read_bytes() == path.read_bytes()


def test_rows_that_cannot_be_read_are_counted_and_the_others_judged(tmp_path: Path) -> None:
    rows = mood_rows()
    rows[-2]["label"] = "puzzled"
    audited = audit_rows(tmp_path, rows)
    assert audited.kinds("test")["unreadable"] == ()
    (sentence,) = audited.audit.incomplete
    assert sentence.startswith("mood test: 1 rows cannot be read; the first: ")
    assert "found an unknown label of 7 characters" in sentence
    assert len(audited.verdicts("mood", "test")) == len(POSTS) - 1


def test_a_split_of_which_no_row_can_be_read_is_told_of(tmp_path: Path) -> None:
    rows = mood_rows()
    rows[-1]["label"] = "puzzled"  # the only row of its split
    audited = audit_rows(tmp_path, rows)
    assert audited.audit.split("mood", "expert") is None
    (sentence,) = audited.audit.incomplete
    assert sentence.startswith("mood expert: 1 rows cannot be read")
