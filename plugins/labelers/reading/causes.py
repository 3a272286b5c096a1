"""A cause that an answer names in other words than a label's: ``the upcoming exams`` for school.

Only the words that are given as the cause are looked at, for the words that labels declare
(:attr:`imhi.Label.cues`): those of exactly one label mean it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from imhi.plugins.labelers.reading.wordings import Wordings

SEVERAL = re.compile(
    r"\b(?:variety of|various|several|many|multiple|number of|different|combination of|range of)\b"
    r"[^.]{0,25}\b(?:factors?|causes|reasons|things|events|sources|issues|stressors|aspects)\b"
    r"|\bpossible (?:stress )?(?:factors|causes|reasons|sources|stressors)\b"
)
_CAUSE = re.compile(
    r"\b(?:causes?|stressors?|stresses|source)\b(?:[^.;\n]{0,50}?\b(?:is|are|as|be)\b|:)"
    r"(?: (?:likely|probably|related to|due to|caused by|attributed to|the fact that))*"
)
_DUE = re.compile(
    r"(?:ed)?(?: (?:is|are|was|comes?|came|stems?|arises?))?(?: (?:mainly|mostly|likely|probably|simply))?"
    r" (?:about|by|over|caused by|related to|due to|from|because of)\b"
)
_CAUSE_END = re.compile(
    r",? (?:as|because|since|which|who|that|leading|causing|due to|caused by)\b|[;.(]|"
    r", (?:and )?(?:this|they|their|he|she|it|but)\b"
)
# "X is causing stress": the cause stands before.
_CAUSING = re.compile(r"\b(?:is|are) (?:causing|the (?:main )?(?:cause|source) of)\b")
_CAUSE_START = re.compile(r"[.;:,\n]")
_NEAR = 80  # characters
_WORD = re.compile(r"[a-z](?:[\w-]*\w)?")


def cause_meant(parts: Sequence[str], words: Wordings) -> str | None:
    """Return the label that the first cause an answer names means in other words, or None."""
    if words.condition is None or not words.cues:
        return None
    for sentence in parts:
        if sentence.rstrip(" \"')").endswith("?") or SEVERAL.search(sentence):
            continue
        causing = _CAUSING.search(sentence)
        if causing and words.condition.search(sentence, causing.end(), causing.end() + _NEAR):
            before = sentence[max(0, causing.start() - _NEAR) : causing.start()]
            label = cued(_CAUSE_START.split(before)[-1], words)
            if label is not None:
                return label
        match = _CAUSE.search(sentence)
        if match is None:
            due = (_DUE.match(sentence, term.end()) for term in words.condition.finditer(sentence))
            match = next((found for found in due if found), None)
        if match is not None:
            end = _CAUSE_END.search(sentence, match.end())
            label = cued(sentence[match.end() : end.start() if end else None], words)
            if label is not None:
                return label
    return None


def cued(value: str, words: Wordings) -> str | None:
    """Return the one label that a value means by its cues; None for none or several. Weak cues count
    where there is no other."""
    found = _WORD.findall(value.replace("'s", ""))
    for cues in (words.cues, words.weak_cues):
        meant = {cues[word] for word in found if word in cues}
        if meant:
            return meant.pop() if len(meant) == 1 else None
    return None
