"""How much a submission may hold. Whoever reads one stops at the first limit that is passed."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Bytes, unless it says otherwise.

    The published data are 19 thousand test rows. Answers of 512 tokens (2 kB) and their labels make
    about 45 MB of them, 15 MB packed: everything is allowed several times that. Packed runs of five
    models have ratios (``member_ratio``) of at most 24, that of a baseline; deflate reaches 1,032.
    """

    archive: int = 200 * MB
    directory: int = 256 * 1024
    members: int = 200
    member: int = 128 * MB
    total: int = 256 * MB
    member_ratio: int = 100
    document: int = 2 * MB  # submission.json and scores.json, which are read as a whole
    line: int = 1 * MB
    rows: int = 50_000  # of one file; the largest published test set has 10,882
    answer: int = 20_000  # characters; what reads answers can take long over longer ones
    depth: int = 16  # of JSON: objects and lists in one another
    digits: int = 18  # of a whole number
    magnitude: float = 1e15  # of any number


LIMITS = Limits()
