"""Tiny GGUF files, built once per session, and the registry they are asked through."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.plugins.models import hf, llama_cpp
from imhi.tasks import depression_detection
from tests import tiny_gguf, tiny_models
from tests.plugins.models.hf.asking import Asker


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("torch", "transformers", "gguf"):
        pytest.importorskip(package, reason="tiny GGUF files: need the extras [hf] and [gguf]")
    return tmp_path_factory.mktemp("gguf")


@pytest.fixture(scope="session")
def checkpoint(folder: Path) -> Path:
    return tiny_models.save_causal(folder / "checkpoint", window=1024)


@pytest.fixture(scope="session")
def bare(folder: Path, checkpoint: Path) -> Path:
    return tiny_gguf.save_gguf(checkpoint, folder / "bare.gguf")


@pytest.fixture(scope="session")
def chat(folder: Path, checkpoint: Path) -> Path:
    """With a chat template, in a folder of its own."""
    (folder / "chat").mkdir()
    template = tiny_models.CHAT_TEMPLATE
    return tiny_gguf.save_gguf(checkpoint, folder / "chat" / "m.gguf", chat_template=template)


@pytest.fixture(scope="session")
def known() -> Registry:
    registry = Registry()
    for module in (hf, llama_cpp):
        for thing in module.imhi_models():
            registry.add(thing, "models")
    for task in depression_detection.imhi_tasks():
        registry.add(task, "tasks.depression")
    return registry


@pytest.fixture
def ask(known: Registry) -> Asker:
    return Asker(known)
