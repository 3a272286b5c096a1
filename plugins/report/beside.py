"""Published results that belong beside a comparison."""

from __future__ import annotations

from harness.comparing import Comparison
from harness.published import PublishedResult, published_results
from harness.registry import Registry


def beside(comparison: Comparison, registry: Registry) -> list[PublishedResult]:
    """Return the published results of what was compared; none beside fictional posts."""
    if comparison.synthetic:
        return []
    return [
        row
        for row in published_results(registry)
        if row.metric in comparison.metrics and row.dataset in comparison.datasets
    ]
