"""Runs beside each other on the same examples: differences, tests, ranks."""

from harness.comparing.result import (
    ComparedMetric,
    Comparison,
    Disagreement,
    ModelValue,
    Pair,
)

__all__ = ["ComparedMetric", "Comparison", "Disagreement", "ModelValue", "Pair"]
