"""Fixtures: small models to start from, a small recipe, and a job over the demo posts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imhi._core.plugin_manager import PluginManager
from imhi.finetune.recipe.reading import checked
from imhi.finetune.recipe.schema import Recipe
from imhi.finetune.rows.training_jobs import training_jobs
from imhi.finetune.trained.folder import TrainedFolder
from imhi.finetune.training.job import TrainingJob
from imhi.finetune.training.pipeline import open_data
from tests import tiny_models

SCRATCH = {
    "causal": {"type": "llama"},
    "seq2seq": {"type": "t5"},
    "classifier": {"type": "bert"},
}
SMALL = {"hidden_size": 32, "intermediate_size": 64, "layers": 1, "heads": 2, "vocabulary": 600}

MakeRecipe = Callable[..., Recipe]
MakeJob = Callable[..., TrainingJob]


@pytest.fixture
def recipe_of() -> MakeRecipe:
    """Return a recipe of a kind, over DR and dreaddit of the demo, with fields changed by name:
    ``recipe_of("causal", data={"window": 200})``."""

    def make(kind: str, **parts: Any) -> Recipe:
        values: dict[str, Any] = {
            "name": "small",
            "summary": "a small one",
            "kind": kind,
            "base": {"scratch": {**SMALL, **SCRATCH[kind], "window": 512}},
            "data": {"datasets": ["DR", "dreaddit"], "window": 300},
            "training": {"epochs": 1, "learning_rate": 1e-3, "batch_size": 8, "log_every": 1},
            "validation": {"examples": 6, "max_new_tokens": 24},
            "evaluation": {"max_new_tokens": 24, "labeler": "strict"},
        }
        if kind == "classifier":
            values["data"]["per"] = "question"
        for name, fields in parts.items():
            merge = isinstance(fields, dict) and name != "base" and name in values
            values[name] = {**values[name], **fields} if merge else fields
        return checked(values, "recipe small")

    return make


@pytest.fixture
def job_of(manager: PluginManager, tmp_path: Path) -> MakeJob:
    """Return the first job of a recipe."""

    def make(recipe: Recipe) -> TrainingJob:
        context = open_data(recipe, manager)
        return training_jobs(recipe, context, TrainedFolder(tmp_path / "trained"))[0]

    return make


@pytest.fixture(scope="session")
def causal_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="finetune needs the extra [finetune]")
    return tiny_models.save_causal(tmp_path_factory.mktemp("bases") / "causal", window=1024)
