"""The command line starts fast: heavy libraries are loaded where they are used, not before."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HEAVY = (
    "torch transformers peft openai lm_eval sklearn scipy pandas numpy datasets httpx ray nltk "
    "ftfy sacrebleu rouge_score"
)
COMMANDS = [
    "--help",
    "tasks",
    "models",
    "labelers",
    "metrics",
    "prompts",
    "sources",
    "plugins",
    "runs",
    "run --help",
    "data --help",
    "export --help",
]
_LOADED = """
import contextlib, io, sys
from imhi._core.cli.app import run
for words in sys.argv[2:]:
    with contextlib.redirect_stdout(io.StringIO()):
        code = run(words.split())
    loaded = {name.partition(".")[0] for name in sys.modules} & set(sys.argv[1].split())
    print(words, code, *sorted(loaded), sep=",")
"""


def test_lists_and_help_load_nothing_heavy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, HEAVY, *COMMANDS],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{words},0" for words in COMMANDS]


def seconds(words: str, cache: Path) -> float:
    """The processor time of one command: on a machine that does nothing else, its wall time."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(cache)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "imhi", *words.split()]
    subprocess.run(command, cwd=cache, env=env, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.slow
@pytest.mark.parametrize(("words", "limit"), [("--help", 0.4), ("tasks", 0.8)])
def test_start_up_takes_no_longer_than_promised(words: str, limit: float, tmp_path: Path) -> None:
    seconds(words, tmp_path)  # compiles what an installation has compiled
    assert min(seconds(words, tmp_path) for _ in range(5)) < limit
