"""What metrics have computed is there again, whoever asks, and only under the same identity."""

from __future__ import annotations

from pathlib import Path

from imhi._core.run_store.cache import CacheFolder


def test_values_are_there_after_the_process_that_made_them(tmp_path: Path) -> None:
    first = CacheFolder(tmp_path)
    kept = first.open("depth", {"model": "a"})
    kept.put("x", [1, None, "ü"])
    kept.put("y", 2.5)  # not closed: on disk all the same
    again = CacheFolder(tmp_path).open("depth", {"model": "a"})
    assert (again.get("x"), again.get("y"), again.get("z")) == ([1, None, "ü"], 2.5, None)
    assert "x" in again and "z" not in again and len(again) == 2


def test_another_identity_shares_nothing(tmp_path: Path) -> None:
    values = CacheFolder(tmp_path)
    values.open("depth", {"model": "a"}).put("x", 1)
    assert values.open("depth", {"model": "b"}).get("x") is None
    assert values.open("width", {"model": "a"}).get("x") is None


def test_a_torn_line_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    values = CacheFolder(tmp_path)
    kept = values.open("depth", {})
    kept.put("x", 1)
    kept.put("y", 2)
    values.close()
    assert kept.path is not None
    kept.path.write_bytes(kept.path.read_bytes()[:-4])
    again = CacheFolder(tmp_path).open("depth", {})
    assert (again.get("x"), again.get("y")) == (1, None)
    again.put("y", 3)
    assert CacheFolder(tmp_path).open("depth", {}).get("y") == 3


def test_without_a_folder_values_stay_in_memory() -> None:
    values = CacheFolder()
    values.open("depth", {}).put("x", 1)
    assert values.open("depth", {}).get("x") == 1
