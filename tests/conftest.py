"""Fixtures: the real data where they lie beside the project, the built-in plugins, a way to run
the command line as a user does."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imhi._core.cli.app import run
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.registry import Registry
from tests.browser import OpenPage, chromium

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
def manager() -> PluginManager:
    """All built-in plugins."""
    return load_plugins()


@pytest.fixture(scope="session")
def registry(manager: PluginManager) -> Registry:
    return manager.registry


@pytest.fixture(scope="module")
def open_page() -> Iterator[OpenPage]:
    """Open a page in a real browser."""
    with chromium() as opened:
        yield opened


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start: a shell's background job ignores it, and so would they."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    gc.disable()  # until all tests are there


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays: models are closed with a full collection, which
    would look at every test and at all that torch has loaded, a second each time."""
    gc.collect()
    gc.freeze()
    gc.enable()


ImhiCommand = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run_imhi(tmp_path: Path) -> ImhiCommand:
    """Run ``imhi`` as a process of its own, in a folder of its own, 160 columns wide."""

    def run_process(*arguments: str, env: dict[str, str] | None = None, timeout: float = 300):
        return subprocess.run(
            [sys.executable, "-m", "imhi", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "160", "PYTHONPATH": str(ROOT), **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run_process


@dataclass(frozen=True)
class Said:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one line that begins with ``imhi:``."""
        assert "Traceback" not in self.err, self.err
        (line,) = [line for line in self.err.splitlines() if line.startswith("imhi:")]
        return line


Imhi = Callable[..., Said]


@pytest.fixture
def imhi_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Imhi]:
    """Run a command line in this process, in a folder of its own, with nobody at a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("IMHI_PLUGINS", raising=False)

    def imhi_here(*words: str | Path) -> Said:
        capfd.readouterr()
        code = run([str(word) for word in words])
        out, err = capfd.readouterr()
        return Said(code, out, err)

    yield imhi_here
