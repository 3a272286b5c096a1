"""Fixtures of the tests of ``openai:``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.plugins.models import openai_api
from tests.openai_asking import Asker
from tests.plugins.models.openai_api.batch_asking import BatchAsker
from tests.plugins.models.openai_api.provider_asking import SERVERS, ProviderAsker


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's key nor server is met by a test."""
    for variable in list(os.environ):
        if variable.startswith(("OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_")):
            monkeypatch.delenv(variable)


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


@pytest.fixture(params=SERVERS)
def provider(request: pytest.FixtureRequest, asker: Asker, tmp_path: Path) -> ProviderAsker:
    return ProviderAsker(request.param, asker, tmp_path / "asked")
