"""Posts as sets of words that several posts share."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imhi import Array, Example
from imhi.io import has_mojibake, repair

# A word of fewer posts than this could tell whose post it is.
FEWEST_POSTS = 5
_WORD = re.compile(r"[^\W\d_]{2,}(?:'[^\W\d_]+)?")


@dataclass(frozen=True)
class Vocabulary:
    """Which post has which word.

    ``presence`` is a sparse matrix of zeros and ones, shape (posts, words); equal texts are one
    post. ``post_of[i]`` is the post of example ``i``, shape (examples,).
    """

    words: Sequence[str]
    presence: Any
    post_of: Array


def read_words(examples: Sequence[Example]) -> Vocabulary:
    """Return the words that at least :data:`FEWEST_POSTS` of the examples' posts have.

    Presence counts, not frequency: a word that one poster repeats says little about others.
    """
    from scipy.sparse import csr_matrix

    places = {text: place for place, text in enumerate(dict.fromkeys(e.post for e in examples))}
    words_of = [set(_words(text)) for text in places]
    posts = Counter(itertools.chain.from_iterable(words_of))
    chosen = sorted(word for word, count in posts.items() if count >= FEWEST_POSTS)
    column = {word: index for index, word in enumerate(chosen)}
    columns = [sorted(column[word] for word in words if word in column) for words in words_of]
    ends = np.cumsum([0, *(len(one) for one in columns)])
    flat = np.fromiter(itertools.chain.from_iterable(columns), dtype=np.int32)
    presence = csr_matrix((np.ones(len(flat)), flat, ends), shape=(len(places), len(chosen)))
    return Vocabulary(chosen, presence, np.array([places[e.post] for e in examples], dtype=int))


def _words(text: str) -> list[str]:
    if not text.isascii():
        # "don‚Äôt" and "don’t" are the word "don't".
        text = (repair(text) if has_mojibake(text) else text).replace("’", "'")
    return _WORD.findall(text.lower())
