"""The check ``near_duplicates``: a post that stands twice in a split of a dataset.

A row is held against the rows before it that have the same dataset, split and question, and are
not found to be repeats themselves: the rows without a finding are all different, and no row is
left out for being like a row that is left out. Rows about one post under several questions
(MultiWD has six) are not repeats of each other.

Equal posts differ in case, punctuation and spaces only. Nearly equal ones have ``similarity``
(Jaccard over words and pairs of words): with the default, one word of ten changed or two left out,
or one word of six in long posts. Below ``min_words`` words, posts are found only when equal: people do
write the same short sentence (``work is stressing me out``).
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from imhi.build.checks.declarations import CheckSettings, Corpus
from imhi.build.checks.near_pairs import NearPairs, near_pairs
from imhi.build.checks.signatures import PostTable, post_table
from imhi.build.records import BuiltRow, Finding


class Settings(CheckSettings):
    """``similarity``: from which Jaccard similarity on posts are nearly equal (1.0: only those
    with the same words and pairs of words); ``min_words``: of the shorter post."""

    similarity: float = Field(default=0.6, ge=0.5, le=1)
    min_words: int = Field(default=8, ge=1, le=10_000)


class Neighbours:
    """The posts that are equal or nearly equal to a post."""

    def __init__(self, table: PostTable, settings: Settings) -> None:
        self._pairs: NearPairs = near_pairs(table, settings.similarity)
        self._words = table.words
        self._min_words = settings.min_words

    def of(self, slot: int) -> list[tuple[int, float]]:
        """Return slots and similarities, most similar first: the post itself with 1.0, then those
        nearly equal."""
        if self._words[slot] < self._min_words:
            return [(slot, 1.0)]
        near = [pair for pair in self._pairs.of(slot) if self._words[pair[0]] >= self._min_words]
        return [(slot, 1.0), *sorted(near, key=lambda pair: (-pair[1], pair[0]))]


class Repeats:
    """Finds rows of one dataset that repeat an earlier one; rows have to come in their order."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        # By split and question: the first row of each post that is no repeat.
        self._kept: dict[tuple[str, str], dict[int, tuple[str, str]]] = {}

    def of(self, slot: int, row: BuiltRow) -> Finding | None:
        """Return what a row repeats, which is ``related``; None where it is the first."""
        rows = self._kept.setdefault((row.split, row.aspect), {})
        for other, score in self._neighbours.of(slot):
            if other in rows:
                return _finding(row, *rows[other], None if other == slot else score)
        rows[slot] = (row.id, row.label)
        return None


def find(corpus: Corpus, settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each row that repeats an earlier one, which is ``related``."""
    table = post_table(corpus)
    neighbours = Neighbours(table, settings)
    for dataset in corpus.datasets:
        repeats = Repeats(neighbours)
        for slot, row in table.rows(corpus, dataset):
            if found := repeats.of(slot, row):
                yield found


def _finding(row: BuiltRow, first: str, label: str, score: float | None) -> Finding:
    how = "repeats an earlier post" if score is None else "nearly repeats an earlier post"
    return Finding(
        check="near_duplicates",
        dataset=row.dataset,
        id=row.id,
        reason=how if row.label == label else f"{how}, with opposite labels",
        score=1.0 if score is None else round(score, 3),
        related=f"{row.dataset}/{first}",
        about="post",
    )
