"""Words of posts and explanations, and which of them carry content."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from imhi import Dataset
from imhi.io import repair

_WORD = re.compile(r"\w+(?:'\w+)*")
_CLITIC = re.compile(r"(?:n't|'\w+)$")
_QUOTES = str.maketrans("\u2019\u2018\u201c\u201d\u00ab\u00bb\u00a0_", '\'\'""""  ')

# scikit-learn's stop words hold some that say much about a poster (its own documentation warns of
# the list: https://scikit-learn.org/stable/modules/feature_extraction.html#stop-words).
_NOT_STOPPED = {"alone", "bill", "cry", "empty", "fire", "interest", "mill", "serious", "sincere"}
# Contractions as posts spell them.
_CONTRACTED = (
    "aint arent cant couldnt didnt doesnt dont hadnt hasnt havent hes im isnt its ive lets shes "
    "shouldnt thats theres theyre wasnt weve whats wont wouldnt youre youve"
)
# What explanations say about any post. The weights of `grounding` find the rest of the boilerplate
# of a dataset by themselves; this list serves where there are few explanations.
_GENERIC = (
    "answer appear author convey demonstrate describe evidence evident exhibit explanation express "
    "expression imply indicate indication individual information mention overall person post "
    "poster provide question reasoning reflect reveal seem speaker state statement suggest text "
    "user writer"
)


def plain(text: str) -> str:
    """Return a text in lower case with straight quotes, and what was decoded wrongly repaired."""
    return repair(text).translate(_QUOTES).lower()


def words(text: str) -> list[str]:
    """Return the words of a text in order: lower case, without punctuation."""
    return _WORD.findall(plain(text))


@functools.cache
def _stemmer() -> Callable[[str], str]:
    # rouge-score brings nltk. The stemmer needs none of nltk's downloads.
    from nltk.stem.snowball import SnowballStemmer

    return functools.cache(SnowballStemmer("english").stem)


def stem(word: str) -> str:
    """Return the Snowball stem (*depressed, depression* -> *depress*)."""
    return _stemmer()(_CLITIC.sub("", word))


@functools.cache
def empty_stems() -> frozenset[str]:
    """Return the stems of words that carry no content: function words and generic ones."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    listed = {*_CONTRACTED.split(), *_GENERIC.split()}
    return frozenset(map(stem, (ENGLISH_STOP_WORDS - _NOT_STOPPED) | listed))


@functools.lru_cache(maxsize=8192)
def content(text: str) -> frozenset[str]:
    """Return the stems of a text's content words: three letters or more, or a number of
    two digits (single ones count the points of an answer)."""
    stems = {stem(word) for word in words(text)}
    return frozenset(s for s in stems - empty_stems() if len(s) > 2 or (s.isdigit() and len(s) > 1))


@functools.cache
def task_stems(dataset: Dataset) -> frozenset[str]:
    """Return the stems of the words a dataset asks and answers with (questions and their terms,
    label names and sentences): an explanation names them whatever the post says."""
    texts = [label.sentence for label in dataset.labels]
    texts += [name for label in dataset.labels for name in (label.name, *label.variants)]
    texts += [q.text for q in dataset.questions] + [q.aspect for q in dataset.questions]
    texts += [term for question in dataset.questions for term in question.terms]
    return frozenset(s for text in texts for s in content(text))
