"""Runs beside each other on the same examples: differences, tests, ranks.

* :mod:`~harness.comparing.alignment`: whether runs can be compared, and on which examples.
* :mod:`~harness.comparing.measuring`: the measures they are compared by.
* :mod:`~harness.comparing.comparison`: values, ranks and tested pairs.
* :mod:`~harness.comparing.result`: what comes of it.
"""

from harness.comparing.comparison import compare
from harness.comparing.result import (
    ComparedMetric,
    Comparison,
    Disagreement,
    ModelValue,
    Pair,
)

__all__ = ["ComparedMetric", "Comparison", "Disagreement", "ModelValue", "Pair", "compare"]
