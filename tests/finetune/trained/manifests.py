"""Manifests of trainings that never were: fictional figures, real recipes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from imhi.finetune.recipe.reading import checked
from imhi.finetune.trained.manifest import TrainingManifest
from imhi.io import yaml_models

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HUB = "example-lab/small-llama"
SCRATCH = {"scratch": {"type": "llama"}}
LABELS = {"DR": ["yes", "no"], "SAD": ["school", "work", "other"]}


def a_recipe(**parts: Any) -> dict[str, Any]:
    """Return a checked recipe as a manifest holds it."""
    whole = {"name": "a-recipe", "summary": "A recipe for tests", "kind": "causal", **parts}
    if "base" not in whole:
        whole["base"] = SCRATCH if whole["kind"] == "causal" else {"model": HUB}
    whole["data"] = {"window": 256, **whole.get("data", {})}
    return checked(whole, "a test's recipe").model_dump(mode="json")


def a_member(
    datasets: Sequence[str] = ("DR",),
    *,
    aspect: str | None = None,
    labels: Sequence[str] | None = None,
    trainable: int = 651_904,
    updates: int = 60,
    best: int | None = None,
    losses: bool = True,
    validated: bool = True,
    metric: str | None = "weighted_f1",
) -> dict[str, Any]:
    """Return one model of a manifest: a loss every 10 updates, measured every 20."""
    history: list[dict[str, float]] = []
    for step in range(10, updates + 1, 10):
        if losses:
            history.append({"loss": 1 + math.exp(-step / 20), "grad_norm": 1.0, "step": step})
        if validated and step % 20 == 0:
            row = {"eval_loss": 1.2 + math.exp(-step / 20), "step": step}
            if metric:
                scores = {name: 40.0 + 5 * i + step / 4 for i, name in enumerate(datasets)}
                row[f"eval_{metric}"] = sum(scores.values()) / len(scores)
                if len(datasets) > 1:
                    row |= {f"eval_{metric}_{name}": score for name, score in scores.items()}
            history.append(row)
    history.append({"train_runtime": 12.0, "train_loss": 1.3, "step": updates})
    return {
        "datasets": list(datasets),
        "aspect": aspect,
        "architecture": "LlamaForCausalLM",
        "parameters": 651_904,
        "trainable_parameters": trainable,
        "labels": list(labels) if labels else None,
        "rows": 1_003,
        "validation_rows": 430 if yaml_models.validated else 0,
        "tokens": 160_486,
        "answer_tokens": 96_278,
        "truncated_rows": 21,
        "left_out_rows": 7,
        "longest_row": 256,
        "attention": "sdpa",
        "updates": updates,
        "epochs": 3.0,
        "resumed_from": None,
        "final_loss": 1.0498 if losses else None,
        "best": {"update": best, "value": 55.0} if best else None,
        "history": history,
        "seconds": 446.3,
    }


def a_score(dataset: str, metric: str, value: float | None, **other: Any) -> dict[str, Any]:
    bounds = {"low": value - 3.26, "high": value + 3.16} if value is not None else {}
    return {
        **{"dataset": dataset, "split": "test", "metric": metric, "value": value},
        **{"low": None, "high": None, **bounds},
        **{"n": 405, "unparsed": 12, "failed": 0, "labeler": "hybrid", "run": "a-run"},
        **{"source": "official:../imhi", **other},
    }


def a_manifest(
    recipe: Mapping[str, Any] | None = None,
    members: Mapping[str, Mapping[str, Any]] | None = None,
    **other: Any,
) -> TrainingManifest:
    """Return a finished training's manifest; by default a model made from nothing, on DR."""
    recipe = recipe or a_recipe()
    members = members or {"model": a_member()}
    datasets = dict.fromkeys(name for member in members.values() for name in member["datasets"])
    base = None
    if recipe["base"]["model"]:
        base = f"commit:{COMMIT}"
    values = {
        "status": "scored" if other.get("scores") else "trained",
        "created": "2026-01-02T03:04:05+00:00",
        "command": "imhi finetune /home/jane/mine.yaml",
        "identity": "fe" * 32,
        "depends_on": {
            "settings": {},
            "data": {name: {"train": "aa" * 32, "val": "bb" * 32} for name in datasets},
            "base": base,
        },
        "recipe": dict(recipe),
        "source": "official:../imhi",
        "source_details": {"git_commit": None},
        "members": dict(members),
        "notes": [],
        "scores": [],
        "environment": {
            "python": "3.11.7",
            "packages": {"torch": "2.13.0+cpu", "transformers": "5.23.0"},
            "git_commit": "c0ffee" * 6 + "c0ff",
            "hardware": {"machine": "x86_64", "system": "Linux", "cores": 2},
        },
        **other,
    }
    return yaml_models.validated(TrainingManifest, values, "a test's manifest")


def a_demo_manifest(**other: Any) -> TrainingManifest:
    """Return the manifest of a training on the fictional demo posts."""
    return a_manifest(source="demo", source_details={"synthetic": True}, **other)


def a_classifier(reads: str = "post", **method: Any) -> TrainingManifest:
    """Return the manifest of two classifiers, of DR and of SAD."""
    recipe = a_recipe(
        kind="classifier",
        data={"per": "dataset", "datasets": ["DR", "SAD"], "reads": reads},
        method=method or {"name": "full"},
    )
    return a_manifest(recipe, {n: a_member((n,), labels=labels) for n, labels in LABELS.items()})
