"""The record of a build: what is written is read again, and what nobody expected says nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi.build.folder import BuildFolder
from imhi.build.stage_records import CheckRecord, DatasetRecord, ReadRecord


@pytest.fixture
def folder(tmp_path: Path) -> BuildFolder:
    (tmp_path / "build.yaml").write_text("raw: []\n", encoding="utf-8")
    return BuildFolder(tmp_path)


def test_a_stage_is_read_as_it_was_recorded(folder: BuildFolder) -> None:
    read = ReadRecord(
        datasets={"DR": DatasetRecord(preset="dr", counts={"train": 3}, clean={"mask": ["users"]})},
        config={"seed": 1, "limit": None},
        seconds=0.5,
    )
    folder.record_stage("read", read.to_json())
    recorded = folder.require_read()
    assert recorded.at and recorded.model_copy(update={"at": ""}) == read
    assert list(folder.record().done()) == ["read"]


def test_what_later_stages_made_of_other_rows_is_recorded_no_more(folder: BuildFolder) -> None:
    folder.record_stage("read", {})
    folder.record_stage("check", CheckRecord(rows="abc").to_json())
    folder.record_stage("explain", {}, same_rows=True)
    assert folder.record().check is not None
    folder.record_stage("explain", {})
    assert folder.record().check is None


@pytest.mark.parametrize("value", [None, 3, "many", [1], {"a": []}])
def test_a_value_of_another_form_counts_as_not_recorded(folder: BuildFolder, value: object) -> None:
    folder.record_stage("read", {"datasets": {"DR": {"note": value, "counts": value}}})
    folder.record_stage("explain", {"models": value, "cost": [value], "gold": "human"})
    record = folder.record()
    assert record.read is not None and record.explain is not None
    assert record.read.datasets["DR"].counts == {}
    assert record.read.datasets["DR"].note == ("many" if value == "many" else "")
    assert (record.explain.cost, record.explain.gold) == (None, "human")


def test_fields_of_another_version_stay_in_the_file(folder: BuildFolder) -> None:
    folder.record_stage("read", {"datasets": {"DR": {"weather": "mild"}}})
    folder.record_stage("explain", {})
    stages = json.loads((folder.path / "build.json").read_text(encoding="utf-8"))["stages"]
    assert stages["read"]["datasets"]["DR"] == {"weather": "mild"}
    assert folder.require_read().datasets == {"DR": DatasetRecord()}
