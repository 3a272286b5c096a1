"""A cache is kept small while others read and write it, and survives what kills them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imhi._core.answer_cache import entries
from imhi._core.answer_cache.cache_folder import CacheFolder, ModelFolder
from imhi._core.answer_cache.entries import Search, Segment
from imhi._core.answer_cache.pruning import contents, prune
from imhi._core.cli.cache import bytes_of, seconds_of
from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest
from imhi._core.records import Response
from tests.conftest import Imhi

ROOT = Path(__file__).resolve().parents[3]
GROUP = "0" * 32

WRITER = """
import sys, time
from pathlib import Path
from imhi._core.answer_cache.entries import Segment
from imhi._core.fingerprints import digest
from imhi._core.records import Response
folder, first, count, wait = Path(sys.argv[1]), *map(int, sys.argv[2:4]), float(sys.argv[4])
segment = Segment(folder, "0" * 32)
for n in range(first, first + count):
    segment.put(digest(n)[:32], Response("", "", "", f"answer {n} " * 50))
    time.sleep(wait)
segment.close()
"""


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder.open(tmp_path / "cache", make=True)


@pytest.fixture
def model(cache: CacheFolder) -> ModelFolder:
    folder = cache.model("m")
    folder.begin("hf:some", {})
    return folder


def put(model: ModelFolder, numbers: range, at: int = 1_000_000, group: str = GROUP) -> Path:
    """Write answers as a run at that time would have done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: at)
        segment = Segment(model.path, group)
        for n in numbers:
            segment.put(key(n), Response("", "", "", f"answer {n} at {at}"))
        segment.close()
    return segment.path


def key(n: int) -> str:
    return digest(n)[:32]


def found(model: ModelFolder, numbers: range) -> dict[int, str]:
    wanted = {key(n).encode(): n for n in numbers}
    hits = Search().find(model.path, GROUP, wanted)
    return {wanted[hit.key.encode()]: hit.answer["text"] for hit in hits}


def start_writer(
    model: ModelFolder, first: int, count: int, wait: float
) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", WRITER, str(model.path), str(first), str(count), str(wait)]
    return subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_old_answers_go_and_files_are_merged(cache: CacheFolder, model: ModelFolder) -> None:
    for day in range(4):
        put(model, range(10 * day, 10 * day + 10), at=86_400 * (day + 1))
    counted = prune(cache, since=86_400 * 3, dry=True)
    assert (counted.removed, counted.kept, len(model.segments())) == (20, 20, 4), "only counted"
    assert prune(cache, since=86_400 * 3) == counted
    assert len(model.segments()) == 1
    assert sorted(found(model, range(40))) == list(range(20, 40))
    assert prune(cache).removed == 0
    assert {path.stat().st_mode & 0o777 for path in model.segments()} == {0o600}


def test_the_oldest_go_until_so_much_is_left(cache: CacheFolder, model: ModelFolder) -> None:
    other = cache.model("other")
    other.begin("hf:other", {})
    for day in range(1, 5):
        put(model if day % 2 else other, range(day, day + 1), at=day)
    (one, _) = contents(cache)
    done = prune(cache, most_bytes=one.bytes)
    assert (done.kept, done.removed) == (2, 2) and done.kept_bytes <= one.bytes
    assert list(found(model, range(5))) == [3] and list(found(other, range(5))) == [4]
    prune(cache, most_bytes=0)
    assert not list(cache.models()), "and of a model without answers nothing stays"


def test_the_answers_of_one_model_go(cache: CacheFolder, model: ModelFolder) -> None:
    other = cache.model("other")
    other.begin("hf:other", {})
    put(model, range(3))
    put(other, range(3))
    assert prune(cache, without="oth").removed == 3
    assert [one.called() for one in cache.models()] == ["hf:some"] and len(
        found(model, range(3))
    ) == 3


def test_of_two_answers_to_one_request_the_first_stays(
    cache: CacheFolder, model: ModelFolder
) -> None:
    put(model, range(5), at=200)
    put(model, range(5), at=100)
    assert found(model, range(1)) == {0: "answer 0 at 100"}
    done = prune(cache)
    assert (done.kept, done.removed) == (5, 5)
    assert found(model, range(1)) == {0: "answer 0 at 100"}
    put(model, range(5), at=150)
    prune(cache)
    assert found(model, range(1)) == {0: "answer 0 at 100"}


def test_a_search_under_way_finds_all_although_the_files_are_merged(
    cache: CacheFolder, model: ModelFolder
) -> None:
    for n in range(5):
        put(model, range(100 * n, 100 * n + 100), at=1000 + n)
    wanted = {key(n).encode() for n in range(500)}
    search = Search().find(model.path, GROUP, wanted)
    some = [next(search) for _ in range(50)]
    assert prune(cache).kept == 500 and len(model.segments()) == 1
    assert len({entry.key for entry in [*some, *search]}) == 500


def test_a_line_without_an_end_is_bounded(
    cache: CacheFolder, model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(model, range(2))
    first, second = path.read_bytes().splitlines(keepends=True)
    monkeypatch.setattr(entries, "LONGEST_LINE", 1 << 12)
    path.write_bytes(first + b"x" * 50_000 + b"\n" + second)
    assert len(found(model, range(2))) == 2
    assert (prune(cache).damaged, len(found(model, range(2)))) == (1, 2)


def test_processes_write_and_are_killed_while_others_read_and_prune(
    cache: CacheFolder, model: ModelFolder
) -> None:
    whole = start_writer(model, 0, 300, 0.0)
    killed = start_writer(model, 1000, 100_000, 0.001)
    assert whole.wait(timeout=60) == 0
    deadline = time.monotonic() + 60
    while len(found(model, range(1000, 1050))) < 50:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    done = prune(cache)
    assert (done.in_use, done.kept, done.damaged) == (1, 300, 0), "a file at work is left alone"
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(timeout=60) == -signal.SIGKILL
    (path,) = [path for path in model.segments() if path.read_bytes().find(b"answer 1000 ") > 0]
    with path.open("ab") as stream:
        stream.write(b'{"key":"' + key(9).encode()[:20])  # as far as a write may have come
    before = found(model, range(2000))
    assert len(before) >= 350
    done = prune(cache)
    assert (done.in_use, done.damaged, done.kept) == (0, 0, len(before)), "a torn end is no damage"
    assert found(model, range(2000)) == before and len(model.segments()) == 1
    assert not list(model.path.glob("*.lock"))


def test_a_second_pruning_is_refused(cache: CacheFolder) -> None:
    from filelock import FileLock

    with FileLock(cache.path / "prune.lock"), pytest.raises(HarnessError, match="is pruning this"):
        prune(cache)


def test_commands_show_and_prune(imhi_here: Imhi, cache: CacheFolder, model: ModelFolder) -> None:
    put(model, range(3), at=int(time.time()) - 40 * 86_400)
    put(model, range(3, 5), at=int(time.time()))
    shown = imhi_here("cache", "show", cache.path)
    assert "hf:some" in shown.out and "5 answers" in shown.out
    dry = imhi_here("cache", "prune", cache.path, "--older-than", "30d", "--dry-run")
    assert "3 answers" in dry.err and "would be taken out; 2 answers" in dry.err
    assert (
        imhi_here("cache", "prune", cache.path, "--older-than", "30d", "--json").json["kept"] == 2
    )
    assert len(found(model, range(5))) == 2
    assert "no cache is named" in imhi_here("cache", "show").complaint
    assert (
        "found 3m, expected hours"
        in imhi_here(*("cache", "prune", cache.path, "--older-than", "3m")).complaint
    )


def test_times_and_sizes_as_people_write_them() -> None:
    assert [seconds_of(text) for text in ("12h", "30d", "4w")] == [43_200, 2_592_000, 2_419_200]
    assert [bytes_of(text) for text in ("7", "500MB", "1.5gb")] == [7, 500_000_000, 1_500_000_000]
    for text in ("", "5 apples", "-1GB"):
        with pytest.raises(HarnessError, match="--max-size: found"):
            bytes_of(text)
