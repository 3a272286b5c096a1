"""Fixtures: the real data where they lie beside the project, the built-in plugins, a way to run
the command line as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.plugin_manager import PluginManager, load_plugins
from harness.registry import Registry

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def _beside(name: str) -> Path:
    path = SHARED / name
    if not path.is_dir():
        pytest.skip(f"the real data are not here: no folder ../shared/{name} beside the project")
    return path


@pytest.fixture(scope="session")
def imhi() -> Path:
    """The official checkout (or part of it)."""
    return _beside("imhi")


@pytest.fixture(scope="session")
def model_outputs() -> Path:
    """Real answers of three language models to the official test files."""
    return _beside("model_outputs")


@pytest.fixture(scope="session")
def trained_bart(imhi: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BART that has learnt, in about a minute, which explanation belongs to a post."""
    from filelock import FileLock

    from tests.trained_bart import train_bart

    # Trained once, also where several workers run the tests: they share what lies one above.
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "trained-bart"
    with FileLock(f"{folder}.lock"):
        return folder if folder.exists() else train_bart(imhi, folder)


@pytest.fixture(scope="session")
def manager() -> PluginManager:
    """All built-in plugins."""
    return load_plugins()


@pytest.fixture(scope="session")
def registry(manager: PluginManager) -> Registry:
    return manager.registry


ImhiCommand = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_imhi(tmp_path: Path) -> ImhiCommand:
    """Run ``imhi`` as a process of its own, in a folder of its own, 160 columns wide."""

    def run(*arguments: str, env: dict[str, str] | None = None, timeout: float = 300):
        return subprocess.run(
            [sys.executable, "-m", "harness.cli", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "160", "PYTHONPATH": str(ROOT), **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
