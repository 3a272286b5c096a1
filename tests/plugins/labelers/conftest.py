"""Labelers at work on the demo posts and on the official files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.context import Context, open_source
from harness.registry import Registry


@pytest.fixture(scope="session")
def demo(registry: Registry) -> Context:
    return Context(registry, open_source("demo", registry)[1], "test")


@pytest.fixture(scope="session")
def official(registry: Registry, imhi: Path) -> Context:
    return Context(registry, open_source(f"official:{imhi}", registry)[1], "test")
