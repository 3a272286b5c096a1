"""Fixtures of the tests of ``openai:``."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.plugins.models import openai_api
from tests.openai_asking import Asker
from tests.plugins.models.openai_api.batch_asking import BatchAsker


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


@pytest.fixture
def batches(asker: Asker, tmp_path: Path) -> BatchAsker:
    return BatchAsker(asker, tmp_path / "asked")
