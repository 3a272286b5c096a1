"""What a free-worded answer to a *which* question names: found by the labels' cue words.

``The stress cause of this post is the upcoming tests`` names no label, yet a reader knows it is
*school*. The words of the naming sentence are looked up among the cues that the dataset declares
(:attr:`imhi.Label.cues`); a clearly named cause that fits no label is the dataset's
catch-all label, where it has one; several causes listed alike are none.
"""

from __future__ import annotations

import functools
import re
from collections import Counter

from imhi import Dataset, answer_format
from imhi.plugins.labelers.reading.sentences import normalise

SEVERAL = "(several)"

_REFUSED = re.compile(
    r"\b(?:cannot|can't|can not|unable to|not able to|impossible to|not possible to|difficult to|"
    r"hard to)\b[^.]{0,40}\b(?:answer|determine|determined|identify|say|tell|pinpoint|know|"
    r"provide|be assigned)\b|\b(?:does not|doesn't|do not|not) (?:explicitly |clearly |really )?"
    r"(?:describe|specify|specifying|specified|mention|mentioned|provide|include|included|contain|"
    r"state)\b[^.]{0,30}\b(?:any|stress|cause|causes|text|information|reason)\b|"
    r"\b(?:variety of|various|several|many|multiple|number of|different)\b[^.]{0,20}"
    r"\b(?:factors|causes|reasons|things|events|sources|issues)\b|\bnot a source of stress\b|"
    r"\bnot (?:included|provided|given) in the (?:text|post)\b|\bwhich one would you\b"
)
# Where the cause is named, the plainest announcement first.
_NAMING = (
    re.compile(
        r"\b(?:causes?|stressors?)\b[^.;\n]{0,60}?"
        r"\b(?:is|are|be|related to|due to|attributed to|from)\b"
    ),
    re.compile(r"\bsource of (?:their |the )?stress\b|\bstressed (?:about|by|out)\b"),
    re.compile(r"\banswer(?: to (?:this|the) question)?\s*(?:is|:)|\blabel for this post is\b"),
    re.compile(r"\bpost is about\b"),
)
_WORDS = re.compile(r"\w[\w-]*")
# Where three or more labels have equally many cues, several causes are listed alike.
_TOO_MANY = 3


@functools.cache
def _cues(dataset: Dataset, weak: bool) -> dict[str, str]:
    return {
        cue: label.name
        for label in dataset.labels
        for cue in (label.weak_cues if weak else label.cues)
    }


def refuses(text: str) -> bool:
    """Say whether an answer declines to name one cause, or lists many without a choice.

    Only its opening and its end are looked at: in between, an argument may weigh several causes.
    """
    parts = re.split(r"(?<=[.!?])\s+|\n+", normalise(answer_format.explanation_of(text)))
    sentences = [part for part in parts if part.strip()]
    return any(_REFUSED.search(sentence) for sentence in (*sentences[:2], *sentences[-1:]))


def named(text: str, dataset: Dataset) -> str | None:
    """Return the label of the cause an answer names, :data:`SEVERAL` for a list of causes, or
    None."""
    if not _cues(dataset, weak=False):
        return None
    text = normalise(answer_format.explanation_of(text))
    announced = next((m for m in (p.search(text) for p in _NAMING) if m is not None), None)
    naming = text[announced.end() :] if announced else text
    first = re.split(r"[.\n]", naming.lstrip(" :.\n"))[0]
    for weak in (False, True):
        for part in (first,) if announced else (first, text):
            label = _vote(part, _cues(dataset, weak))
            if label is not None:
                return label
    catch_all = [label.name for label in dataset.labels if label.catch_all]
    return catch_all[0] if announced is not None and catch_all else None


def _vote(text: str, cues: dict[str, str]) -> str | None:
    """Return the label with most cues; of two equals the one named first."""
    words = list(dict.fromkeys(_WORDS.findall(text.replace("'s", ""))))
    votes = Counter(cues[word] for word in words if word in cues)
    if not votes:
        return None
    best = max(votes.values())
    leaders = {name for name, count in votes.items() if count == best}
    if len(leaders) >= _TOO_MANY:
        return SEVERAL
    return next(cues[word] for word in words if cues.get(word) in leaders)
