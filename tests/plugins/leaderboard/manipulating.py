"""What manipulations are made of: each makes a bad archive of a good one.

A manipulation gets the good archive and a forger, who can make runs with scores that fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imhi._core.run_store import RunFolder
from tests.plugins.leaderboard.archives import Parts
from tests.plugins.leaderboard.submitted_runs import Forger, packed

Make = Callable[[bytes, Forger], bytes]


@dataclass(frozen=True)
class Manipulation:
    """``check`` is the one that must fail, ``words`` what its detail must say."""

    name: str
    check: str
    words: str
    make: Make


def changed(name: str, change: Callable[[dict], None], mend: bool = True) -> Make:
    def make(good: bytes, forger: Forger) -> bytes:
        parts = Parts.of(good).document(name, change)
        return (parts.mended() if mend and name != "submission.json" else parts).zipped()

    return make


def changed_rows(name: str, change: Callable[[list[dict]], object], mend: bool = True) -> Make:
    def make(good: bytes, forger: Forger) -> bytes:
        parts = Parts.of(good).rows(name, change)
        return (parts.mended() if mend else parts).zipped()

    return make


def saying(**values: object) -> Make:
    return lambda good, forger: Parts.of(good).about(**values).zipped()


def changed_bytes(name: str, change: Callable[[bytes], bytes]) -> Make:
    """Change a member byte by byte, checksums mended where that is still possible."""

    def make(good: bytes, forger: Forger) -> bytes:
        parts = Parts.of(good)
        parts.members[name] = change(parts.members[name])
        return (parts if name == "submission.json" else parts.mended()).zipped()

    return make


def scored(change: Callable[[Forger, RunFolder], None]) -> Make:
    """Answers or data changed before labels and scores were made: everything fits together."""

    def make(good: bytes, forger: Forger) -> bytes:
        return packed(forger.scored(lambda folder: change(forger, folder)), forger.manager)

    return make


def of_bytes(make: Callable[[bytes], bytes]) -> Make:
    return lambda good, forger: make(good)
