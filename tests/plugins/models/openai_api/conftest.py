"""Fixtures of the tests of ``openai:``."""

from __future__ import annotations

import pytest

from harness.registry import Registry
from plugins.models import openai_api
from tests.openai_asking import Asker


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's key nor server is met by a test."""
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def families() -> Registry:
    registry = Registry()
    for thing in openai_api.imhi_models():
        registry.add(thing, "models.openai")
    return registry


@pytest.fixture
def asker(families: Registry) -> Asker:
    return Asker(families)
