"""The check ``overlap_across``: a post that is trained on and also stands in an evaluation split of
another dataset.

As :mod:`imhi.build.checks.overlap`, across datasets. By default it only reports: in the published
set, most posts of loneliness, IRF, MultiWD and CAMS stand in more than one dataset, and leaving them
out would leave little of the set.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi.build.checks import near_duplicates
from imhi.build.checks.declarations import Action, Corpus
from imhi.build.checks.overlap import find_overlap
from imhi.build.records import Finding


class Settings(near_duplicates.Settings):
    """As ``near_duplicates``; only reports unless told otherwise."""

    action: Action = "report"


def find(corpus: Corpus, settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each row of train or val that is, or is like, one of another dataset in
    a later split; ``related`` is the first such row."""
    return find_overlap(corpus, settings, "overlap_across", across=True)
