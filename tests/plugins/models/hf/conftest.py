"""Tiny checkpoints, built once per session, and the registry they are asked through."""

from __future__ import annotations

from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.plugins.models import hf
from imhi.tasks import depression_detection, interpersonal_risk_factors_detection, stress_detection
from tests import tiny_models
from tests.plugins.models.hf.asking import Asker


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in ("torch", "transformers", "peft"):
        pytest.importorskip(package, reason="hf: needs the extra [hf]")
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="session")
def causal(folder: Path) -> Path:
    return tiny_models.save_causal(folder / "causal")


@pytest.fixture(scope="session")
def chat(folder: Path) -> Path:
    return tiny_models.save_causal(folder / "chat", chat_template=tiny_models.CHAT_TEMPLATE)


@pytest.fixture(scope="session")
def t5(folder: Path) -> Path:
    return tiny_models.save_seq2seq(folder / "t5")


@pytest.fixture(scope="session")
def bart(folder: Path) -> Path:
    return tiny_models.save_seq2seq(folder / "bart", architecture="bart", window=512)


@pytest.fixture(scope="session")
def adapter(folder: Path, causal: Path) -> Path:
    return tiny_models.save_adapter(causal, folder / "lora")


@pytest.fixture(scope="session")
def classifier(folder: Path) -> Path:
    return tiny_models.save_classifier(folder / "classifier", ["No", "YES"], window=128)


@pytest.fixture(scope="session")
def known() -> Registry:
    registry = Registry()
    for thing in hf.imhi_models():
        registry.add(thing, "models.hf")
    for module in (depression_detection, stress_detection, interpersonal_risk_factors_detection):
        for task in module.imhi_tasks():
            registry.add(task, module.__name__)
    return registry


@pytest.fixture
def ask(known: Registry) -> Asker:
    return Asker(known)


@pytest.fixture(scope="session")
def sliding(folder: Path) -> Path:
    return tiny_models.save_sliding(folder / "sliding")


@pytest.fixture(scope="session")
def states(folder: Path) -> Path:
    return tiny_models.save_with_states(folder / "states")
