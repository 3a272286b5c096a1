"""Rows are appended one line each; what a killed process left half-written is dropped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.errors import DataError, HarnessError
from imhi._core.run_store.jsonl import AppendLog, read_rows, recover, write_json, write_rows

ROWS = [{"id": "1", "text": "plain"}, {"id": "2", "text": "line\nbreak, “quotes”, \u2028"}]


def written(path: Path) -> bytes:
    log = AppendLog(path)
    for row in ROWS:
        log.append(row)
    log.close()
    return path.read_bytes()


def test_rows_come_back_as_they_were_one_line_each(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    assert written(path).count(b"\n") == len(ROWS)
    assert list(read_rows(path)) == [(1, ROWS[0]), (2, ROWS[1])]


def test_a_lone_surrogate_does_not_stop_a_run(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    log = AppendLog(path)
    log.append({"text": "half a \ud83d"})
    log.close()
    assert [row for _, row in read_rows(path)] == [{"text": "half a \ud83d"}]


def test_a_torn_last_line_is_passed_over_and_cut_when_writing_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    whole = written(path)
    path.write_bytes(whole + b'{"id": "3", "te')
    assert [row["id"] for _, row in read_rows(path)] == ["1", "2"]
    log = AppendLog(path)
    assert log.cut == 15
    log.append({"id": "4"})
    log.close()
    assert [row["id"] for _, row in read_rows(path)] == ["1", "2", "4"]


def test_zeros_left_by_a_power_failure_are_a_torn_tail(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    whole = written(path)
    path.write_bytes(whole + b"\0" * 9000)
    assert recover(path) == 9000
    assert path.read_bytes() == whole


def test_a_last_line_longer_than_a_block_is_found_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    long = json.dumps({"id": "1", "text": "x" * 50_000}).encode() + b"\n"
    path.write_bytes(long)
    assert recover(path) == 0
    path.write_bytes(long + long[:-30])
    assert recover(path) == len(long) - 30
    assert path.read_bytes() == long


def test_a_bad_line_in_the_middle_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    first, second = written(path).splitlines(keepends=True)
    path.write_bytes(first + b'{"id": "x", \n' + second)
    with pytest.raises(DataError, match=r"rows\.jsonl: line 2: not a JSON object .*expected"):
        list(read_rows(path))


def test_a_file_written_at_once_is_never_seen_half_done(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, iter(ROWS))
    before = path.read_bytes()

    def rows_that_stop():
        yield ROWS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_rows(path, rows_that_stop())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "no temporary file is left"


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    write_json(path, {"format": 1})
    with pytest.raises(ValueError):
        write_json(path, {"format": 1, "value": float("nan")})
    assert json.loads(path.read_text()) == {"format": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_may_not_be_written_to_is_one_clear_line(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(HarnessError, match=r"rows\.jsonl: cannot write: .*expected a folder"):
        write_rows(in_the_way / "rows.jsonl", iter(ROWS))
    with pytest.raises(HarnessError, match="cannot write"):
        AppendLog(in_the_way / "rows.jsonl")
