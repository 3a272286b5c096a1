"""Fixtures for tests of the core: the asked model."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.plugin_manager import PluginManager, load_plugins

ASKED_MODEL = Path(__file__).with_name("asked_model.py")


@pytest.fixture(scope="session")
def asked_plugin() -> Path:
    return ASKED_MODEL


@pytest.fixture
def with_asked() -> PluginManager:
    """All built-in plugins and the asked model, fresh."""
    return load_plugins([ASKED_MODEL])
