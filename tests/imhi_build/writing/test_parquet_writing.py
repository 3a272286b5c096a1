"""Parquet files: every field of a row and its words, in a schema that does not depend on the rows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from imhi._core.declarations import Dataset, Label, Question  # noqa: E402
from imhi._core.registry import Registry  # noqa: E402
from imhi.build.records import BuiltRow  # noqa: E402
from imhi.build.writing.parquet import ParquetFiles, ShardedFile, columns, schema  # noqa: E402
from imhi.build.writing.wording import Wording  # noqa: E402
from tests.imhi_build.writing.built import NASTY_POSTS, NOTHING, a_row, some_rows  # noqa: E402


def write_all(root: Path, registry: Registry, rows: list[BuiltRow], **given: int) -> ParquetFiles:
    files = ParquetFiles(root, **given)
    for name in dict.fromkeys(row.dataset for row in rows):
        wording = Wording(registry.datasets.get(name))
        files.begin(wording.dataset)
        for row in rows:
            if row.dataset == name:
                files.add(wording.worded(row))
        files.end()
    files.finish(NOTHING)
    return files


def test_there_is_a_file_per_split_with_the_rows_of_all_datasets_in_order(
    registry: Registry, tmp_path: Path
) -> None:
    rows = some_rows()
    files = write_all(tmp_path, registry, rows)
    assert files.files == {"train.parquet": 9, "val.parquet": 2, "test.parquet": 5}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files.files)
    read = pq.read_table(tmp_path / "test.parquet").to_pylist()
    assert [(row["dataset"], row["id"]) for row in read] == [
        ("DR", "test-0"), ("IRF", "test-0"), ("IRF", "test-1"), ("IRF", "test-2"), ("IRF", "test-3"),
    ]  # fmt: skip


def test_every_field_of_a_row_comes_back_with_its_words_beside_it(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [*some_rows(), *(a_row(n + 20, post=post) for n, post in enumerate(NASTY_POSTS))]
    write_all(tmp_path, registry, rows)
    read = [
        row
        for split in ("train", "val", "test")
        for row in pq.read_table(tmp_path / f"{split}.parquet").to_pylist()
    ]
    fields = [field.name for field in dataclasses.fields(BuiltRow)]
    back = {BuiltRow(**{name: row[name] for name in fields}) for row in read}
    assert back == set(rows)
    for row in read:
        wording = Wording(registry.datasets.get(row["dataset"]))
        worded = wording.worded(BuiltRow(**{name: row[name] for name in fields}))
        assert (row["query"], row["answer"]) == (worded.query, worded.answer)
        assert (row["prompt"], row["response"]) == (worded.prompt, worded.response)
        assert row["prompt"].startswith(f"Post: {row['post']} Question: The answer to the question")


def test_the_schema_is_the_same_whatever_stands_in_the_rows(
    registry: Registry, tmp_path: Path
) -> None:
    nothing = a_row(model_label=None, aspect="", evidence="", source_id="", file="", row=-1)
    for name, rows in {"full": some_rows(), "empty": [nothing]}.items():
        write_all(tmp_path / name, registry, rows)
        found = pq.read_schema(tmp_path / name / "train.parquet")
        assert found.equals(schema(columns()))
    assert {field.name for field in found if field.nullable} == {
        "model_label", "prompt", "response",
    }  # fmt: skip
    assert {field.name for field in found if field.type == pa.int32()} == {"round", "row"}


def test_what_a_model_did_not_say_and_what_has_no_completion_style_is_null(tmp_path: Path) -> None:
    dataset = Dataset("own-set", (Label("calm", "It is calm."),), (Question("How is it?"),))
    files = ParquetFiles(tmp_path)
    row = a_row(dataset="own-set", question="How is it?", label="calm", model_label=None)
    files.add(Wording(dataset).worded(row))
    files.finish(NOTHING)
    (read,) = pq.read_table(tmp_path / "train.parquet").to_pylist()
    assert (read["model_label"], read["prompt"], read["response"]) == (None, None, None)
    assert read["answer"] == f"It is calm. Reasoning: {row.explanation}"


def test_a_big_split_is_written_in_several_files_that_together_are_the_split(
    registry: Registry, tmp_path: Path
) -> None:
    rows = [a_row(n, post=f"{n} " + "word " * 100) for n in range(4_500)]
    files = write_all(tmp_path, registry, rows, shard_bytes=1 << 20)
    assert list(files.files) == [f"train-0000{n}-of-00003.parquet" for n in range(3)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files.files)
    read = [pq.read_table(tmp_path / name) for name in files.files]
    assert [table.num_rows for table in read] == list(files.files.values())
    together = pa.concat_tables(read)
    assert together["row"].to_pylist() == list(range(4_500))


def test_rows_are_let_go_in_groups_of_a_few_thousand(registry: Registry, tmp_path: Path) -> None:
    write_all(tmp_path, registry, [a_row(n) for n in range(4_500)])
    metadata = pq.read_metadata(tmp_path / "train.parquet")
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [
        2_000, 2_000, 500,
    ]  # fmt: skip


def test_a_file_that_is_given_up_has_no_name_that_looks_finished(
    registry: Registry, tmp_path: Path
) -> None:
    table = ShardedFile(tmp_path, "train", columns())
    wording = Wording(registry.datasets.get("DR"))
    for n in range(2_100):
        table.add(wording.worded(a_row(n)))
    table.abort()
    assert [path.name for path in tmp_path.iterdir()] == [".train-00000.part"]
