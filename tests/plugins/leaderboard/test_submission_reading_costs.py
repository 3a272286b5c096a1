"""The worst archives are refused in seconds and little memory, measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imhi._core.plugin_manager import PluginManager
from tests.conftest import ROOT
from tests.plugins.leaderboard.archives import Parts, directory_of, zeros_in_gigabytes
from tests.plugins.leaderboard.submitted_runs import demo_run, packed

SECONDS, MEGABYTES = 5, 300

_READ = """
import json, sys, time
from pathlib import Path
import pydantic
from imhi.plugins.leaderboard.submission.reading import read_submission
from imhi.plugins.leaderboard.submission.refusal import Unacceptable

def peak():
    # Not getrusage: on Linux its peak is that of the process that started this one.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

before, started = peak(), time.process_time()
try:
    read_submission(Path(sys.argv[1]))
    said = ""
except Unacceptable as refusal:
    said = str(refusal)
print(json.dumps([said, time.process_time() - started, peak() - before]))
"""


@pytest.fixture(scope="module")
def good(manager: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("runs")
    return packed(demo_run(manager, folder, dataset=("DR",), metric=("labels",)), manager)


def _document(name: str, data: Callable[[], bytes]) -> Callable[[bytes], bytes]:
    def make(good: bytes) -> bytes:
        parts = Parts.of(good)
        parts.members[name] = data()
        return parts.zipped(compression=0)  # stored: no ratio gives it away

    return make


def _mixed_list() -> bytes:
    return b'{"metrics": [' + b'1, "a", {}, ' * 150_000 + b"1]}"


def _many_wrong_claims(good: bytes) -> bytes:
    parts = Parts.of(good)
    return parts.document(
        "scores.json", lambda claims: claims.update(scores=[{}] * 300_000)
    ).zipped(0)


def _answers(count: int, text: str) -> Callable[[], bytes]:
    """Sound rows, as many as there may be, and a bad one at the end."""

    def rows() -> bytes:
        row = b'{"key":"%s","text":"' + text.encode() + b'"}\n'
        return b"".join(row % (b"%032x" % number) for number in range(count)) + b"{}\n"

    return rows


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda good: zeros_in_gigabytes(10 << 30), "10,737,418,240 bytes unpacked"),
        (lambda good: zeros_in_gigabytes(1_000), "submission.json: damaged"),
        (lambda good: zeros_in_gigabytes(200_000_000), "200,000,000 bytes unpacked"),
        (lambda good: directory_of(1_000_000), "a directory of"),
        (_document("submission.json", lambda: b"[" * 2_000_000), "nested deeper than"),
        (_document("submission.json", lambda: b"[" * 20 + b'"\\"' * 500_000), "nested deeper than"),
        (_document("submission.json", lambda: b'{"a":' * 99 + b'"' + b"\\" * 1_900_000), "nested"),
        (_document("submission.json", lambda: b"[]," * 600_000), "expected plain JSON"),
        (_document("submission.json", lambda: b" " * 3_000_000), "more than 2,000,000 bytes"),
        (_document("submission.json", lambda: b'{"a": ' + b"9" * 1_900_000 + b"}"), "digits"),
        (_document("submission.json", _mixed_list), "submission.json: "),
        (_document("responses/DR.jsonl", lambda: b"x" * 100_000_000), "is longer than 1,000,000"),
        (_document("responses/DR.jsonl", lambda: b"{}\n" * 30_000_000), "line 1: the object"),
        (_many_wrong_claims, "scores.json: "),
        pytest.param(
            _document("responses/DR.jsonl", _answers(6_000, "word " * 4_000)),
            "line 6001: ",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            _document("responses/DR.jsonl", _answers(49_999, "a")),
            "line 50000: ",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            _document("responses/DR.jsonl", _answers(50_000, "a")),
            "more than 50,000 rows",
            marks=pytest.mark.slow,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_worst_are_refused_quickly_and_in_little_memory(
    make: Callable[[bytes], bytes], words: str, good: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(make(good))
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said, seconds, megabytes = json.loads(done.stdout)
    assert words in said
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
    print(f"{words}: {seconds:.2f} s, {megabytes:.0f} MB")  # shown with -s
