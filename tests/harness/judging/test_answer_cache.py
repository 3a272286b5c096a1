"""Answers of judges are kept as rows that earlier versions wrote and can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.errors import DataError
from imhi._core.judging import AnswerCache, Failures, JudgeAnswer, key_of
from imhi._core.records import Response
from imhi._core.run_store.cache import CacheFolder


def opened(folder: Path) -> AnswerCache:
    return AnswerCache(CacheFolder(folder).open("judge", {"judge": "m"}))


def rows(folder: Path) -> list[dict[str, object]]:
    (file,) = folder.glob("judge-*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_row_holds_what_is_known_and_nothing_else(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    cache.put("p", Response("r", "DR", "h", text="{}", finish_reason="stop"), "DR", "7", 0)
    cache.put("p", Response("r", "DR", "h", text="{}", cost=0.0, truncated=True), "DR", "7", 1)
    about = {"dataset": "DR", "id": "7"}
    assert [row["value"] for row in rows(tmp_path)] == [
        {**about, "repeat": 0, "text": "{}", "finish_reason": "stop"},
        {**about, "repeat": 1, "text": "{}", "cost": 0.0, "truncated": True},
    ]


def test_rows_of_an_earlier_version_are_read(tmp_path: Path) -> None:
    store = CacheFolder(tmp_path).open("judge", {"judge": "m"})
    row = {"dataset": "DR", "id": "7", "repeat": 0, "text": "{}", "prompt_tokens": 9, "cost": 0.5}
    store.put(key_of("p", 0), row)
    store.put("failures of DR", {"failed": 2, "cost": 0.25})
    store.put("described", {"served_models": ["m-1"]})
    store.close()
    cache = opened(tmp_path)
    assert cache.answer("p", 0) == JudgeAnswer("DR", "7", 0, "{}", None, 9, None, 0.5)
    assert ("p", 0) in cache and ("p", 1) not in cache and cache.answer("p", 1) is None
    assert cache.failures("DR") == Failures(2, 0.25)
    assert cache.described == {"served_models": ["m-1"]}


def test_failures_add_up_by_dataset(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    for cost in (0.5, 0.25):
        cache.add_failure("DR", cost)
    assert opened(tmp_path).failures("DR") == Failures(2, 0.75)
    assert cache.failures("SAD") is None


def test_a_row_that_is_no_answer_is_refused_with_the_file(tmp_path: Path) -> None:
    store = CacheFolder(tmp_path).open("judge", {"judge": "m"})
    store.put(key_of("p", 0), {"words": "none"})
    with pytest.raises(DataError, match=r"judge-.*not a JudgeAnswer row"):
        AnswerCache(store).answer("p", 0)
