"""Labelers at work on the demo posts and on the official files."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.registry import Registry
from imhi._core.sources import open_source


@pytest.fixture(scope="session")
def demo(registry: Registry) -> Context:
    return Context(registry, open_source("demo", registry)[1], "test")


@pytest.fixture(scope="session")
def official(registry: Registry, imhi: Path) -> Context:
    return Context(registry, open_source(f"official:{imhi}", registry)[1], "test")
