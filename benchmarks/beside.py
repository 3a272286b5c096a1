"""Commands measured in processes of their own, and an earlier commit's ``imhi`` beside this one's."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAIN = (
    "import sys; from importlib.metadata import distribution as d; sys.argv[0] = 'imhi'; "
    "sys.exit(next(e for e in d('imhi-harness').entry_points if e.name == 'imhi').load()())"
)


@dataclass(frozen=True)
class Measured:
    """What a process took: wall and processor seconds, the most memory (MiB)."""

    wall: float
    cpu: float
    memory: float

    @classmethod
    def middle(cls, several: Sequence[Measured]) -> Measured:
        """Return the median of each."""
        fields = ("wall", "cpu", "memory")
        return cls(*(statistics.median(getattr(one, name) for one in several) for name in fields))

    def rounded(self) -> dict[str, float]:
        """Return it as results have it."""
        return {name: round(value, 2) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Installed:
    """A version of the harness: what begins its command line, and the environment it needs."""

    words: tuple[str, ...]
    env: Mapping[str, str]

    @classmethod
    def ours(cls) -> Installed:
        """Return the one this interpreter has installed."""
        return cls((sys.executable, "-P", "-c", _MAIN), {})

    @classmethod
    def checkout(cls, base: Path, place: Path) -> Installed:
        """Install a checkout below ``place`` and return it. What it needs is this interpreter's, without
        the harness that is installed there."""
        package, others = place / "package", place / "others"
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(package)]
        copy = place / "checkout"
        words = ["git", "-C", str(base), "archive", "--format=tar", f"--output={copy}.tar", "HEAD"]
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(words, check=True)
        copy.mkdir()
        subprocess.run(["tar", "-xf", f"{copy}.tar", "-C", str(copy)], check=True)
        subprocess.run([*pip, str(copy)], check=True, capture_output=True)
        others.mkdir()
        for folder in map(Path, sys.path):
            for path in folder.iterdir() if folder.name == "site-packages" else ():
                link = others / path.name
                if "imhi" not in path.name and path.suffix != ".pth" and not link.exists():
                    link.symlink_to(path)
        env = {"PYTHONPATH": f"{package}{os.pathsep}{others}"}
        return cls((sys.executable, "-S", "-s", "-P", "-c", _MAIN), env)

    def measure(self, words: Sequence[str], env: Mapping[str, str] | None = None) -> Measured:
        """Run a command of it; see :func:`measured`."""
        return measured([*self.words, *words], {**self.env, **(env or {})})


def measured(
    words: Sequence[str], env: Mapping[str, str] | None = None, codes: Sequence[int] = (0, 1)
) -> Measured:
    """Run a process and return what it took.

    Raises:
        RuntimeError: it ends with another code than one of ``codes``; what it said.
    """
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **(env or {})}
    started = time.monotonic()
    process = subprocess.Popen(
        words, env=surroundings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise RuntimeError(f"{words}: {process.returncode}: {said.decode()[-2000:]}")
    return Measured(
        time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    )
