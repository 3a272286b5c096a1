"""Completion files: the marker, answers of another form or label, splits in one style only."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from imhi._core.answer_format import compose
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.build.audit.auditing import Auditing
from imhi.build.audit.raw_files import open_raw_files
from tests.imhi_build.audit.audit_moods import Audited
from tests.imhi_build.raw_demo import demo_rows, write_dr

OTHER = {"yes": "no", "no": "yes"}


@pytest.fixture
def tested(registry: Registry) -> list[Example]:
    return [row for row in demo_rows(registry, "DR") if row.split == "test"]


def write_table(path: Path, rows: list[tuple[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("query", "gpt-3.5-turbo"), *rows])


def write_completions(
    root: Path, registry: Registry, rows: list[Example], answers: Mapping[int, str]
) -> None:
    """Write a completion file; ``answers`` are those that are not as they should be."""
    dataset = registry.datasets.get("DR")
    stem = dataset.questions[0].stem
    given = (compose(dataset, r.label, r.explanation, completion=True) for r in rows)
    table = [
        (f"Post: {row.post} Question: {stem}", answers.get(n, answer))
        for n, (row, answer) in enumerate(zip(rows, given, strict=True))
    ]
    write_table(root / "test_data" / "test_complete" / "DR.csv", table)


def write_instructions(root: Path, registry: Registry, rows: list[Example]) -> None:
    dataset = registry.datasets.get("DR")
    table = [
        (
            f'Consider this post: "{row.post}" Question: {row.question}',
            compose(dataset, row.label, row.explanation),
        )
        for row in rows
    ]
    write_table(root / "test_data" / "test_instruction" / "DR.csv", table)


def audited(registry: Registry, root: Path, *raw: str) -> Audited:
    name, source = open_source(f"official:{root}", registry)
    files = open_raw_files(raw, registry)
    return Audited(Auditing(name, source, registry, files).run(root / "audit"), root / "audit")


def test_the_marker_is_measured_against_people_s_labels(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    marked = {n: f" {tested[n].label}. Reasoning: So it is." for n in (0, 1, 2, 3)}
    write_instructions(tmp_path, registry, tested)
    write_completions(tmp_path, registry, tested, marked)
    # People gave five rows another label; three of them are marked.
    raw = [
        dataclasses.replace(row, label=OTHER[row.label]) if n in (1, 2, 3, 8, 9) else row
        for n, row in enumerate(tested)
    ]
    found = audited(registry, tmp_path, f"dr={write_dr(tmp_path / 'raw', raw)}")
    split = found.audit.split("DR", "test")
    assert split is not None and split.marker is not None
    assert (split.marker.marked, split.marker.known, split.marker.differ) == (4, 4, 3)
    assert (split.marker.precision, split.marker.recall) == (75.0, 60.0)
    assert found.kinds("test")["marked"] == ("test-0", "test-1", "test-2", "test-3")


def test_both_styles_have_the_verdicts_of_the_same_rows(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    write_instructions(tmp_path, registry, tested)
    write_completions(tmp_path, registry, tested, {4: f"  {tested[4].label}. Reasoning: So it is."})
    found = audited(registry, tmp_path)
    assert [split.split for split in found.audit.splits] == ["test"]
    plain, twin = found.verdicts("DR", "test"), found.verdicts("DR", "complete")
    assert list(plain) == list(twin)
    assert plain["test-4"]["flags"] == twin["test-4"]["flags"] == ["marked"]
    assert plain["test-5"] == twin["test-5"]  # the same post, question and label


def test_answers_of_another_form_are_listed_and_another_label_is_a_fault(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    row, other = tested[6], OTHER[tested[7].label]
    answers = {
        6: f"{row.label}, the poster says so. Reasoning: So it is.",
        7: f"{other}. Reasoning: It is not so.",
    }
    write_instructions(tmp_path, registry, tested)
    write_completions(tmp_path, registry, tested, answers)
    found = audited(registry, tmp_path)
    assert found.kinds("test")["answer-form"] == ("test-6",)
    assert found.kinds("test")["styles-differ"] == ("test-7",)
    assert found.verdicts("DR", "test")["test-6"]["flags"] == []
    assert found.verdicts("DR", "test")["test-7"]["flags"] == ["irregular"]


def test_a_completion_split_alone_is_audited_like_any_other(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    write_completions(tmp_path, registry, tested, {2: f" {tested[2].label}. Reasoning: So it is."})
    found = audited(registry, tmp_path)
    (split,) = found.audit.splits
    assert (split.split, split.rows, split.flagged) == ("complete", 16, {"marked": 1})
    assert found.verdicts("DR", "complete")["test-2"]["flags"] == ["marked"]


def test_a_label_that_white_space_tells_is_told_of(
    registry: Registry, tmp_path: Path, tested: list[Example]
) -> None:
    many = [dataclasses.replace(row, post=f"{row.post} {n}") for n in range(4) for row in tested]
    nos = {n: " no. Reasoning: So it is." for n, row in enumerate(many) if row.label == "no"}
    assert len(nos) >= 20
    write_completions(tmp_path, registry, many, nos)
    (text,) = [
        f.text for f in audited(registry, tmp_path).audit.findings if f.kind == "marker-is-a-label"
    ]
    assert text.startswith(f"{len(nos)} of {len(nos)} completion answers 'no' begin with white")
