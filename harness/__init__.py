"""The core of the IMHI harness: hooks, records, stages, run store, statistics, command line.

It knows no task, no model and no metric; those are plugins. The names below are the public API::

    from harness import evaluate
    results = evaluate(models=["baseline:tfidf"], datasets=["DR"])
    results.to_pandas()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.answers import compose, explanation_of, split_answer
    from harness.comparing import Comparison, compare
    from harness.context import Context
    from harness.declarations import (
        Argument,
        Dataset,
        Executor,
        Label,
        Labeler,
        Metric,
        ModelFamily,
        ModelPreset,
        PromptStyle,
        PublishedResults,
        Question,
        Reporter,
        Source,
        Task,
        View,
    )
    from harness.errors import DataError, HarnessError
    from harness.evaluation import evaluate
    from harness.hookspecs import hookimpl
    from harness.models import ModelSpec
    from harness.records import Example, Prediction, Request, Response
    from harness.results import Results, RunScores
    from harness.statistics import Measure, mean_measure

# Names are looked up when they are first used: ``import harness`` stays cheap.
_HOMES = {
    "harness.answers": ("compose", "explanation_of", "split_answer"),
    "harness.comparing": ("Comparison", "compare"),
    "harness.context": ("Context",),
    "harness.declarations": (
        "Argument",
        "Dataset",
        "Executor",
        "Label",
        "Labeler",
        "Metric",
        "ModelFamily",
        "ModelPreset",
        "PromptStyle",
        "PublishedResults",
        "Question",
        "Reporter",
        "Source",
        "Task",
        "View",
    ),
    "harness.errors": ("DataError", "HarnessError"),
    "harness.evaluation": ("evaluate",),
    "harness.hookspecs": ("hookimpl",),
    "harness.models": ("ModelSpec",),
    "harness.records": ("Example", "Prediction", "Request", "Response"),
    "harness.results": ("Results", "RunScores"),
    "harness.statistics": ("Measure", "mean_measure"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Argument",
    "Comparison",
    "Context",
    "DataError",
    "Dataset",
    "Example",
    "Executor",
    "HarnessError",
    "Label",
    "Labeler",
    "Measure",
    "Metric",
    "ModelFamily",
    "ModelPreset",
    "ModelSpec",
    "Prediction",
    "PromptStyle",
    "PublishedResults",
    "Question",
    "Reporter",
    "Request",
    "Response",
    "Results",
    "RunScores",
    "Source",
    "Task",
    "View",
    "compare",
    "compose",
    "evaluate",
    "explanation_of",
    "hookimpl",
    "mean_measure",
    "split_answer",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(importlib.import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'harness' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
