"""Requests that stay on disk look like any sequence of requests."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from imhi._core.records import Request, as_row
from imhi._core.run_store.jsonl import rows_with_offsets, write_rows
from imhi._core.run_store.stored_requests import StoredRequests, joined


def a_request(dataset: str, number: int) -> Request:
    return Request(
        id=f"test-{number}", dataset=dataset, prompt=f"Ünïcode 🥞\n{number}", prompt_hash=f"h{number}",
        post="p", question="q",
    )  # fmt: skip


def stored(folder: Path, dataset: str, count: int) -> tuple[StoredRequests, list[Request]]:
    path = folder / f"{dataset}.jsonl"
    requests = [a_request(dataset, number) for number in range(count)]
    write_rows(path, map(as_row, requests))
    return StoredRequests([path], ((0, at) for at, _ in rows_with_offsets(path))), requests


def test_they_are_read_by_position_slice_and_in_order(tmp_path: Path) -> None:
    found, requests = stored(tmp_path, "DR", 7)
    assert list(found) == requests and len(found) == 7 and bool(found)
    assert found[0] == requests[0] and found[-1] == requests[-1]
    assert list(found[2:5]) == requests[2:5] and list(found[1::3]) == requests[1::3]
    with pytest.raises(IndexError):
        found[7]


def test_those_of_several_datasets_are_joined(tmp_path: Path) -> None:
    first, of_first = stored(tmp_path, "DR", 3)
    second, of_second = stored(tmp_path, "SAD", 2)
    both = joined([first[1:], second])
    assert list(both) == [*of_first[1:], *of_second]
    assert list(both[::2]) == [of_first[1], of_second[0]] and both[3] == of_second[1]


def test_sent_elsewhere_they_are_the_requests_themselves(tmp_path: Path) -> None:
    found, requests = stored(tmp_path, "DR", 4)
    data = pickle.dumps(found[1:])
    (tmp_path / "DR.jsonl").unlink()
    assert pickle.loads(data) == requests[1:]
