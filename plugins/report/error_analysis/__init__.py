"""What runs get wrong: what all miss, what flips, what contradicts itself, which words mark it.

* :mod:`~imhi.plugins.report.error_analysis.aligning`: the examples that all runs have.
* :mod:`~imhi.plugins.report.error_analysis.analysis`: counts and lists of examples.
* :mod:`~imhi.plugins.report.error_analysis.clustering`: posts with words in common that are missed more.
* :mod:`~imhi.plugins.report.error_analysis.result`: what comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi.plugins.report.error_analysis.result import ErrorAnalysis
    from imhi.runs import Columns

__all__ = ["analyse"]


def analyse(
    columns: Mapping[str, Mapping[str, Columns]],
    labels: Mapping[str, Sequence[str]],
    *,
    with_posts: bool = False,
    with_clusters: bool = True,
) -> ErrorAnalysis:
    """Return what runs get wrong, on the examples that all of them have.

    ``columns``: run's display name -> dataset -> its rows. ``labels``: dataset -> its label names.
    ``with_posts`` puts the texts of posts in. Clusters (and marking words) need scikit-learn and
    some seconds; the rest needs neither.

    Raises:
        HarnessError: runs have nothing in common, or different gold labels for one example.
    """
    from imhi.plugins.report.error_analysis.analysis import analyse_columns

    return analyse_columns(columns, labels, with_posts, with_clusters)
