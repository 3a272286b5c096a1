"""Fixtures of the judge's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.registry import Registry
from tests.plugins.metrics.judge.judging import Panel


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's key nor server is met by a test."""
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def panel(registry: Registry, tmp_path: Path) -> Panel:
    return Panel(registry, tmp_path / "measured")
