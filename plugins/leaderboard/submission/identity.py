"""What rows and data are known by: hashes that only those can make who have the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imhi import Example, digest

KEY_DIGITS = 32


def row_key(salt: str, example: Example, split: str) -> str:
    """Return the key of an example's rows. The salt keeps keys of two submissions apart, so that
    nobody can look up posts in a table of hashes made once."""
    parts = [salt, example.dataset, split, example.id, example.post, example.question]
    return digest(parts)[:KEY_DIGITS]


def row_keys(salt: str, examples: Sequence[Example], split: str) -> list[str]:
    """Return the keys of examples in their order."""
    return [row_key(salt, example, split) for example in examples]


def data_checksum(examples: Iterable[Example]) -> str:
    """Return what a dataset's rows are known by, in whichever prompt style: ids, posts, questions,
    gold labels and reference explanations, in order."""
    return digest([[e.id, e.post, e.question, e.label, e.explanation] for e in examples])
