"""What libraries would tell their makers of a training is switched off before they are imported."""

from __future__ import annotations

import os

import pytest

from imhi.finetune.recipe.reading import read_recipe
from imhi.finetune.training.arguments import training_arguments

pytest.importorskip("transformers", reason="finetune needs the extra [finetune]")


def test_mlflow_behind_report_to_tells_nobody_how_it_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "no")  # which it sets, too: given back after
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "false")
    recipe = read_recipe("tiny-causal", ["report_to=[mlflow]"])
    given = training_arguments(recipe, dict, rows=8, validated=False, more={})
    assert given["report_to"] == ["mlflow"]
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
