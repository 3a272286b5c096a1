"""Words and pairs of words of texts, counted once for each distinct text.

A post stands in a row for each of its questions, and what is cross-fitted is fitted once a fold: taken
apart anew each time, the same texts would take most of an audit's time. Counts of some rows, without
what too few of them have, are those of scikit-learn's ``CountVectorizer(ngram_range=(1, 2))`` fitted
on these rows, in its order: a phrase is a number that sorts as its letters do (a space sorts before
any letter), so that no phrase is ever spelt out.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WORD = re.compile(r"(?u)\b\w\w+\b")  # CountVectorizer's own


@dataclass(frozen=True)
class Phrases:
    """``counts`` of phrases: sparse, shape (distinct texts, phrases). ``codes`` are the phrases, in
    their order, shape (phrases,); ``word_of`` is the place of each word among all words in
    alphabetical order, from which codes are made; ``row_of`` is the row of each text."""

    counts: Any
    row_of: Mapping[str, int]
    codes: NDArray[np.int64]
    word_of: Mapping[str, int]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Phrases:
        """Count the phrases of some texts; there are none in texts of signs and of single letters."""
        import numpy as np

        row_of = _numbered(texts)
        met: dict[str, int] = {}  # in the order in which they are met
        words, lengths = array("i"), array("i")
        for text in row_of:
            found = _WORD.findall(text.lower())
            words.extend([met.setdefault(word, len(met)) for word in found])
            lengths.append(len(found))
        order = sorted(met)
        ranks = np.empty(len(met), np.int64)
        ranks[[met[word] for word in order]] = np.arange(len(met))
        rows, codes = _phrases(ranks[np.array(words, np.int32)], lengths, len(met))
        distinct, columns = np.unique(codes, return_inverse=True)
        del codes
        counts = _counted(rows, columns.astype(np.int32), (len(row_of), len(distinct)))
        return cls(counts, row_of, distinct, {word: rank for rank, word in enumerate(order)})

    def in_others(self, texts: Iterable[str]) -> Phrases:
        """Return the counts of the same phrases in other texts."""
        import numpy as np

        row_of = _numbered(texts)
        words, lengths = array("i"), array("i")
        for text in row_of:
            found = [self.word_of.get(word, -1) for word in _WORD.findall(text.lower())]
            words.extend(found)
            lengths.append(len(found))
        rows, codes = _phrases(np.array(words, np.int64), lengths, len(self.word_of))
        columns = np.searchsorted(self.codes, codes)
        known = np.append(self.codes, -1)[columns] == codes
        counts = _counted(rows[known], columns[known], (len(row_of), len(self.codes)))
        return Phrases(counts, row_of, self.codes, self.word_of)

    def rows(self, texts: Sequence[str]) -> Any:
        """Return the counts of texts that were counted, a row for each."""
        return self.counts[[self.row_of[text] for text in texts]]

    def only(self, places: NDArray[np.intp]) -> Phrases:
        """Return the counts of the phrases at some places."""
        return Phrases(self.counts[:, places], self.row_of, self.codes[places], self.word_of)


def frequent(counts: Any, fewest: int) -> NDArray[np.intp]:
    """Return the places of the phrases that at least ``fewest`` rows of ``counts`` have."""
    import numpy as np

    return np.flatnonzero(np.bincount(counts.indices, minlength=counts.shape[1]) >= fewest)


def _numbered(texts: Iterable[str]) -> dict[str, int]:
    return {text: row for row, text in enumerate(dict.fromkeys(texts))}


def _phrases(
    words: NDArray[np.int64], lengths: Sequence[int], vocabulary: int
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the row and the code of each word and pair of neighbouring words. ``words`` are the
    words' ranks, -1 for one that is in no phrase, those of one text after those of another."""
    import numpy as np

    row = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    single = words * (vocabulary + 1)
    neighbours = row[1:] == row[:-1]
    known = words >= 0
    pairs = neighbours & known[1:] & known[:-1]
    double = single[:-1][pairs] + words[1:][pairs] + 1
    return np.append(row[known], row[:-1][pairs]), np.append(single[known], double)


def _counted(rows: NDArray[np.int32], columns: NDArray[np.integer], shape: tuple[int, int]) -> Any:
    """Return how often each phrase stands in each text, sparse."""
    import numpy as np
    from scipy.sparse import coo_matrix

    ones = np.ones(len(rows), np.int32)
    counts = coo_matrix((ones, (rows, columns)), shape).tocsr()
    counts.sort_indices()
    return counts
