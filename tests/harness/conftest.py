"""Fixtures for tests of the core: the command line within this process, and the asked model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.cli.app import run
from harness.plugin_manager import PluginManager, load_plugins

ASKED_MODEL = Path(__file__).with_name("asked_model.py")


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


@pytest.fixture(scope="session")
def asked_plugin() -> Path:
    return ASKED_MODEL


@pytest.fixture
def with_asked() -> PluginManager:
    """All built-in plugins and the asked model, fresh."""
    return load_plugins([ASKED_MODEL])
