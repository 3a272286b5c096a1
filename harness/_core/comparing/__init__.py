"""Runs beside each other on the same examples: differences, tests, ranks.

* :mod:`~imhi._core.comparing.alignment`: whether runs can be compared, and on which examples.
* :mod:`~imhi._core.comparing.run_set`: runs opened, aligned, seen through a view, measured.
* :mod:`~imhi._core.comparing.measures`: the measures they are compared by.
* :mod:`~imhi._core.comparing.engine_facts`: in what else they differ that may change answers.
* :mod:`~imhi._core.comparing.comparison`: values, ranks and tested pairs.
* :mod:`~imhi._core.comparing.result`: what comes of it.
"""

from imhi._core.comparing.comparison import compare
from imhi._core.comparing.result import (
    ComparedMetric,
    Comparison,
    Disagreement,
    ModelValue,
    Pair,
)

__all__ = ["ComparedMetric", "Comparison", "Disagreement", "ModelValue", "Pair", "compare"]
