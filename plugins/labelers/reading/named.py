"""Which label an answer in prose names, where a question asks *which*.

A label's name counts in a clause that says something of the poster, and, where the question declares
what its labels are causes or kinds of (:attr:`imhi.Question.terms`), behind such a term: ``work`` is named
in ``the stress is caused by their work``, not in ``they work hard``. Where all that is said is that there
is nothing of the kind, that is the label which declares what it denies (:attr:`imhi.Label.denies`).
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from imhi.plugins.labelers.reading.causes import SEVERAL
from imhi.plugins.labelers.reading.stance import (
    ANCHOR,
    CONCLUDES,
    WEIGHTS,
    clause_kind,
    read_clauses,
)
from imhi.plugins.labelers.reading.text import clauses
from imhi.plugins.labelers.reading.wordings import Wordings

# Between a term and the name of a label that is given as its cause.
_LINK = re.compile(
    r"\b(?:specifically|namely|is|are|be|being|as|to|by|from|of|about|over|with|in|at|on|through|"
    r"including|likely)\b|:"
)
_GIVEN_AS_CAUSE = re.compile(
    r"[^.;]{0,60}?\b(?:as|is|are|be|being) (?:a|the|one) (?:\w+ )?(?:cause|source|factor)\b"
)
_ELSEWHERE = re.compile(r",(?! specifically| namely)|\band\b")
_FAR = 80  # characters
_MOST_NAMES = 20  # of a clause: one with more is a loop, not an answer
# Named as one of several that it might be.
_ALTERNATIVE_AFTER = re.compile(r"/|,(?: [\w-]+){1,3},? (?:and|or|and/or)\b|,(?: [\w-]+){1,3},")
_ALTERNATIVE_BEFORE = re.compile(r"(?:\bor|/|,)[ \"']*(?:[\w-]+ )?$")
_ALTERNATIVE = 0.25
# How much more often than any other a label is named that is the answer, and how often at least.
_CLEARLY = 1.5
_LEAST = 0.75


_THERE_IS = re.compile(
    r"\bthere(?: (?:is|are|does|do)\b|'s)|^\W*(?:(?:[a-i][).:]\W*)?no|it (?:does|is))\b"
)


def named(parts: Sequence[str], words: Wordings, concluding: bool) -> str | None:
    """Return the label that the sentences of an answer name, or None. What it says last counts most in
    an answer that argues first (``concluding``), else what it says first."""
    naming = [(concludes, weights) for concludes, weights in _naming(parts, words) if weights]
    if not naming:
        return _nothing(parts, words)
    concluded = [weights for concludes, weights in naming if concludes and len(weights) == 1]
    if concluded:
        return next(iter(concluded[-1]))
    decisive = naming[-1][1] if concluding else naming[0][1]
    if not concluding and not _leads(decisive):
        return None
    total: dict[str, float] = defaultdict(float)
    for weights in (*(weights for _, weights in naming), decisive):
        for label, weight in weights.items():
            total[label] += weight
    (best, weight), *rivals = Counter(total).most_common(2)
    if weight < _LEAST or (rivals and weight < _CLEARLY * rivals[0][1]):
        return None
    return best


def _leads(weights: Mapping[str, float]) -> bool:
    """Say whether one label is named clearly before all others of a clause."""
    ranked = sorted(weights.values(), reverse=True)
    return len(ranked) == 1 or ranked[0] >= 2 * ranked[1]


def _naming(parts: Sequence[str], words: Wordings) -> Iterator[tuple[bool, dict[str, float]]]:
    """Yield for each clause whether it concludes, and how much it says for each label it names."""
    for sentence in parts:
        if sentence.rstrip(" \"')").endswith("?") or not words.names.search(sentence):
            continue
        concludes = CONCLUDES.match(sentence) is not None
        at = 0
        for clause, _ in clauses(sentence):
            at = sentence.find(clause, at)
            weights: dict[str, float] = defaultdict(float)
            if SEVERAL.search(clause):
                continue
            for match in itertools.islice(words.names.finditer(clause), _MOST_NAMES):
                label = words.name_in(match)
                if label == words.catch_all or not _of_condition(sentence, at, match, words):
                    continue
                kind = clause_kind(clause, match, concludes or words.condition is not None)
                if kind in WEIGHTS:
                    alternative = _ALTERNATIVE_AFTER.match(
                        clause, match.end()
                    ) or _ALTERNATIVE_BEFORE.search(
                        clause[max(0, match.start() - _FAR) : match.start()]
                    )
                    weights[label] += WEIGHTS[kind] * (_ALTERNATIVE if alternative else 1)
            yield concludes, weights


def _of_condition(sentence: str, at: int, match: re.Match[str], words: Wordings) -> bool:
    """Say whether a label is named as that of which the question speaks; its clause begins at ``at``."""
    if words.condition is None:
        return True
    before = match.string[max(0, match.start() - 2 * _FAR) : match.start()]
    for term in words.condition.finditer(before):
        between = before[term.end() :]
        if len(between) <= _FAR and _LINK.search(between) and not _ELSEWHERE.search(between):
            return True
    return _GIVEN_AS_CAUSE.match(sentence, at + match.end()) is not None


def _nothing(parts: Sequence[str], words: Wordings) -> str | None:
    """Return the label of an answer that says there is nothing of the kind."""
    if words.absence is None or words.denied is None:
        return None
    told = [
        clause
        for clause in read_clauses(parts, words.absence)
        if _THERE_IS.search(parts[clause.sentence]) or ANCHOR.search(parts[clause.sentence])
    ]
    if not told or told[-1].refusal == "answer":
        return None
    said = {clause.kind for clause in told if clause.kind != "refused"}
    return words.denied if said == {"denied"} else None
