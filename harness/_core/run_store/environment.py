"""What a run ran on: versions, commit, hardware. No host name, no user name, no keys."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from imhi._core.records import JsonObject

_PACKAGES = (
    *("imhi-harness", "pluggy", "datasets", "scikit-learn", "scipy", "numpy", "openai", "lm-eval"),
    *("torch", "transformers", "tokenizers", "peft", "accelerate", "bert-score", "sacrebleu"),
    *("trl", "bitsandbytes", "rouge-score", "ray", "ftfy"),
)
# The folders of a checkout that the package is made of (setup.py).
_PACKAGE_FOLDERS = ("harness", "plugins", "tasks", "imhi_build", "finetune")


def package_versions(packages: Iterable[str] = _PACKAGES) -> dict[str, str]:
    """Return the versions of packages (those that can change a score), as far as installed."""
    found = {name: _version(name) for name in packages}
    return {name: version for name, version in found.items() if version is not None}


@cache  # reading a package's metadata takes milliseconds, and a process keeps what it has loaded
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


@cache  # likewise: the code that runs is that of the time when it was loaded
def git_commit() -> str | None:
    """Return the commit of the harness's own checkout, with ``+changes`` where it was edited: a tracked
    file, or a new one of the package. What else lies in the checkout (runs, data) is no change of it."""
    here = Path(__file__).resolve().parents[3]
    if not (here / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(here), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=10).stdout.strip()

    try:
        commit = git("rev-parse", "HEAD")
        edited = git("status", "--porcelain", "--untracked-files=no")
        added = git("status", "--porcelain", "--", *_PACKAGE_FOLDERS)
        return f"{commit}+changes" if commit and (edited or added) else commit or None
    except (OSError, subprocess.SubprocessError):
        return None


def hardware() -> JsonObject:
    """Return processor, cores and (where torch is loaded already) accelerators."""
    import sys

    described: dict[str, object] = {
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
    }
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        described["accelerators"] = [
            torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())
        ]
    return described


def environment() -> JsonObject:
    """Return versions, commit and hardware, as a manifest holds them."""
    return {
        "python": platform.python_version(),
        "packages": package_versions(),
        "git_commit": git_commit(),
        "hardware": hardware(),
    }
