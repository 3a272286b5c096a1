"""A preset is data: the ten datasets are read by what their YAML says, and a mistake in one is
named with the field, what was found and what is allowed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from imhi.build.raw.preset import preset_names, read_preset
from tests.imhi_build.raw.raw_layouts import LAYOUTS
from tests.imhi_build.raw.raw_tables import own_preset, read_raw, write_table


def test_there_is_a_preset_for_each_of_the_ten_datasets(registry: Registry) -> None:
    read = {read_preset(name, registry).dataset for name in preset_names()}
    assert read == {d.name for task in registry.tasks for d in task.datasets}
    assert len(read) == 10
    assert sorted(LAYOUTS) == preset_names()


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_each_preset_reads_files_in_its_layout(
    name: str, tmp_path: Path, registry: Registry
) -> None:
    layout = LAYOUTS[name]
    for file, rows in layout.files.items():
        write_table(tmp_path / file, rows)
    read = read_raw(name, tmp_path, registry)
    assert read.removals == []
    # The only question of a dataset may have an aspect of its own, which layouts do not name.
    several = len(read.raw.dataset.questions) > 1
    labels: dict[str, dict[str, str]] = {}
    for row in read.rows:
        labels.setdefault(row.post, {})[row.aspect if several else ""] = row.label
    assert labels == layout.labels
    assert {row.label for row in read.rows} <= set(read.raw.dataset.label_names)
    if layout.splits:
        assert read.splits() == layout.splits
    else:
        splits = Counter(read.splits().values())
        assert set(splits) == {"train", "val", "test"}
        assert read.raw.preset.split is not None
        for split, share in read.raw.preset.split.shares.items():
            assert abs(splits[split] - share * len(read.rows)) < len(read.raw.dataset.labels)
    assert all(row.file in layout.files and row.row >= 0 for row in read.rows)


@pytest.mark.parametrize("name", ["cams", "dr", "loneliness", "sad", "sad-top-label"])
def test_where_somebody_has_split_the_data_the_split_files_count(
    name: str, tmp_path: Path, registry: Registry
) -> None:
    ((file, rows),) = LAYOUTS[name].files.items()
    write_table(tmp_path / file, rows)
    suffix = Path(file).suffix
    for split, part in (("train", rows[:4]), ("val", rows[4:6]), ("test", rows[6:7])):
        write_table(tmp_path / f"{split}{suffix}", part)
    read = read_raw(name, tmp_path, registry)
    assert read.raw.counts == {"train": 4, "val": 2, "test": 1}


def test_evidence_and_the_name_of_a_row_at_its_source_are_kept(
    tmp_path: Path, registry: Registry
) -> None:
    for file, rows in LAYOUTS["irf"].files.items():
        write_table(tmp_path / file, rows)
    read = read_raw("irf", tmp_path, registry)
    by_place = {(row.file, row.row, row.aspect): row for row in read.rows}
    marked = by_place["val_data.csv", 3, "thwarted belongingness"]
    assert (marked.evidence, marked.source_id, marked.raw_label) == ("nobody came", "10", "1")
    assert by_place["val_data.csv", 3, "perceived burdensomeness"].evidence == "in their way"
    assert by_place["val_data.csv", 0, "thwarted belongingness"].evidence == ""


# What is changed in a preset that works -> what is said of it.
WRONG: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"colour": "red"}, ("unknown field 'colour'", "known there: dataset")),
    ({"post": None}, ("post: nothing found",)),
    ({"post": 3}, ("post", "found 3", "a text")),
    ({"post": []}, ("post: found no column",)),
    ({"dataset": "DRR"}, ("unknown dataset 'DRR'", "did you mean 'DR'?", "--plugin TASK.yaml")),
    ({"dataset": "IRF"}, ("label: found one column", "'perceived burdensomeness'", "(IRF)")),
    ({"files": {}}, ("files: found none", "train, val, test or all")),
    ({"files": {"dev": {"path": "a"}}}, ("files.dev", "'train', 'val', 'test' or 'all'")),
    ({"files": {"train": "a.csv"}}, ("files.train: found 'a.csv'", "a mapping")),
    ({"files": {"train": {"path": []}}}, ("files.train: path: found none",)),
    ({"files": {"train": {"path": "a", "rows": [9, 3]}}}, ("rows: found [9, 3]", "[FROM, TO]")),
    ({"files": {"train": {"path": "a", "rows": [-1, 3]}}}, ("rows: found [-1, 3]",)),
    ({"files": {"all": {"path": "a"}}}, ("all and split go together",)),
    ({"split": {"shares": {"train": 1.0}}}, ("all and split go together",)),
    ({"label": None}, ("expected one of label and labels",)),
    ({"label": {"column": "y", "values": {}}}, ("label: values: found none",)),
    (
        {"label": {"column": "y", "values": {"1": "ja"}}},
        ("label.values: found 'ja'", "labels of DR: yes, no"),
    ),
    (
        {"label": {"column": "y", "values": {"Sad": "yes", " sad": "no"}}},
        ("label: values: found 'Sad' and ' sad' for different things",),
    ),
    (
        {"label": {"column": "y", "values": {"1": "yes", "1.0": "no"}}},
        ("found '1' and '1.0' for different things",),
    ),
    (
        {"label": None, "labels": {"mood": {"column": "y", "values": {"1": "yes"}}}},
        ("labels: found 'mood'", "the only question (DR)"),
    ),
    ({"format": "xls"}, ("format: found 'xls'", "'excel'")),
    ({"clean": "strickt"}, ("clean: found 'strickt'", "'strict'")),
]


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=[str(c)[:60] for c, _ in WRONG])
def test_a_mistake_in_a_preset_is_named_with_what_is_allowed(
    changes: dict[str, Any], said: tuple[str, ...], tmp_path: Path, registry: Registry
) -> None:
    path = own_preset(tmp_path / "own.yaml", **changes)
    with pytest.raises(HarnessError) as caught:
        read_preset(str(path), registry)
    message = str(caught.value)
    assert "own.yaml" in message and "\n" not in message
    for part in said:
        assert part in message


SPLITTING: list[tuple[dict[str, Any], str]] = [
    ({}, "expected one of column (with values) and shares"),
    ({"column": "s"}, "values: found none"),
    ({"shares": {"train": 0.5, "test": 0.4}}, "shares add up to 0.9, expected 1"),
    ({"shares": {"train": 0.5, "dev": 0.5}}, "expected 'train', 'val' or 'test'"),
    ({"shares": {"train": 1.5}}, "at most 1"),
    ({"column": "s", "values": {"tr": "training"}}, "expected 'train', 'val' or 'test'"),
    ({"column": "s", "values": {"A": "train", "a": "test"}}, "for different things"),
]


@pytest.mark.parametrize(("split", "said"), SPLITTING, ids=[str(s) for s, _ in SPLITTING])
def test_a_split_that_cannot_be_made_is_refused(
    split: dict[str, Any], said: str, tmp_path: Path, registry: Registry
) -> None:
    path = own_preset(tmp_path / "own.yaml", files={"all": {"path": "a.csv"}}, split=split)
    with pytest.raises(HarnessError, match=r"own\.yaml: split") as caught:
        read_preset(str(path), registry)
    assert said in str(caught.value)


def test_a_preset_is_named_in_any_case_and_a_misspelt_one_is_guessed(registry: Registry) -> None:
    assert read_preset("IRF", registry) == read_preset("irf", registry)
    with pytest.raises(HarnessError, match="unknown preset 'multiwdd': did you mean 'multiwd'"):
        read_preset("multiwdd", registry)
    with pytest.raises(HarnessError, match=r"nowhere\.yaml: there is no such file"):
        read_preset("nowhere.yaml", registry)


def test_yes_and_no_need_no_quotes_in_yaml(tmp_path: Path, registry: Registry) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "dataset: DR\nfiles: {all: {path: a.csv}}\npost: text\n"
        "split: {column: tested, values: {yes: test, no: train}}\n"
        "label: {column: y, values: {1: yes, 0: no, 2: }}\n",
        encoding="utf-8",
    )
    write_table(
        tmp_path / "a.csv",
        [
            {"text": "One", "y": 1, "tested": "yes"},
            {"text": "Two", "y": 0, "tested": "No"},
            {"text": "Three", "y": 2, "tested": "no"},
        ],
    )
    read = read_raw(path, tmp_path, registry)
    assert read.labels() == {"One": "yes", "Two": "no"}
    assert read.splits() == {"One": "test", "Two": "train"}
    assert read.reasons() == {"left out by the preset": 1}


def test_what_is_not_yaml_or_no_mapping_is_refused_in_one_line(
    tmp_path: Path, registry: Registry
) -> None:
    path = tmp_path / "own.yaml"
    for content, said in {
        b"": "expected a mapping that begins with 'dataset: NAME'",
        b"- DR\n": "expected a mapping",
        b"dataset: [DR\n": "not YAML",
        b"dataset: DR\ndataset: SAD\n": "found the key 'dataset' a second time",
        b"dataset: caf\xe9\n": "expected UTF-8",
    }.items():
        path.write_bytes(content)
        with pytest.raises(HarnessError) as caught:
            read_preset(str(path), registry)
        assert said in str(caught.value) and "\n" not in str(caught.value)
