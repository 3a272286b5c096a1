"""The command line starts fast: heavy libraries are loaded where they are used, not before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
