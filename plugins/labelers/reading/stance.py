"""What an answer comes down to when it states no label: affirmed, denied or refused.

Models that were not trained on IMHI rarely write label sentences. They write ``the poster's
writing suggests depression``, ``the post does not mention the social dimension`` or ``I cannot
answer this question``. For yes/no questions each clause about the condition asked about
(:attr:`imhi.Question.terms`) is read as an affirmation, a denial or a refusal, and the
answer as a whole by what it ends on: a refusal that closes the answer outweighs a hint before it,
a hint after a disclaimer (``I cannot diagnose. However, ... symptoms of depression``) stands.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Literal

from imhi import Dataset
from imhi.plugins.labelers.reading.sentences import normalise

Stance = Literal["yes", "no", "refused"]

_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_CLAUSES = re.compile(
    r",?\s*\b(?:but|however|although|though|nevertheless|therefore|thus|so)\b,?\s*|;\s*"
)
_CLOSED = re.compile(
    r"(?:(?:cannot|can't|can not|unable to|not able to) (?:be )?(?:answer|"
    r"provide an answer|determined?)"
    r"|answer (?:to this question |to the question )?is not (?:included|provided|in the text)"
    r"|(?:cannot|not possible to|impossible to) (?:answer|determine))"
)
_REFUSED = re.compile(
    r"\b(?:cannot|can't|can not|could not|not clear|unable|not able|impossible|"
    r"not possible|not appropriate|"
    r"inappropriate|difficult|hard|challenging|not enough|insufficient|not sufficient|unclear|"
    r"uncertain|not qualified|no way)\b|\bwhether\b|"
    r"\bn[o']t (?:explicitly |directly )?(?:provide|contain|specify|include|give|offer|state)\b|"
    r"\b(?:does not|doesn't) (?:explicitly |directly )?(?:provide|specify|include|give|"
    r"offer|state)\b|"
    r"\bwithout (?:more|further|additional|knowing|a proper|proper|conducting|an? )|\bas an ai\b|"
    r"\bwould (?:be necessary|need|be needed|be important)\b|\bif (?:you|the poster|"
    r"they)\b|\bto assess\b"
)
# Words and what stands between them share no character, so matching takes linear time.
_DENIED_BEFORE = re.compile(
    r"(?:\b(?:no|not|never|neither|nor|without|lacks?|lacking|absence of|lack of|"
    r"rather than|unlikely|"
    r"instead of|little|rule out|far from|fails? to)\b|n't\b)[\w'-]*(?:[^\w'-]+[\w'-]+){0,9}[^\w'-]*$"
)
_DENIED_AFTER = re.compile(
    r"^[\w'-]*(?:[^\w'-]+[\w'-]+){0,5}?[^\w'-]*(?:(?:is|are|was|does|do|did|may|seems?|appears?|has|"
    r"have)\W+(?:\w+\W+)?"
    r"(?:not|no)\b|(?:is|does|are|do)n't\b|is (?:absent|missing|lacking))"
)
# What is said of conditions in general, or of readers, is not said of the poster.
_GENERAL = re.compile(
    r"^\W*(?:it is (?:also )?important|if\b|everyone\b|many people\b|only a\b)|"
    r"\b(?:depression|stress|loneliness|anxiety)\b(?: itself)?,? (?:is an?|can|may|might|"
    r"are|could be caused)\b|"
    r"\bsymptoms of \w+ (?:can |may )?include\b|\b(?:conditions?|issues|concerns|"
    r"disorders?) (?:like|such as)\b|"
    r"\bif (?:someone|anyone|you|they|left|the person|the individual)\b|"
    r"\bseek(?:ing)? (?:professional|help)\b"
)
# Words by which a clause speaks of the poster or of what was posted.
_ANCHOR = re.compile(
    r"\b(?:post|posts|poster|poster's|author|author's|individual|individual's|writer|"
    r"writer's|person|"
    r"person's|user|user's|they|their|them|he|she|his|her|text|content|message|statement|"
    r"words|tone|"
    r"language|writing|this|these|answer|signs?|dimension)\b"
)
_HEDGED = re.compile(
    r"\b(?:could|might|potentially|potential|possible|possibly|necessarily|can be|may be seen)\b"
)
_LEADING_WHILE = re.compile(
    r"^(?:\s*answer:)?\s*(?:while|although|though|even though)\b([^,]*),\s*"
)
_HARMLESS_NOT = re.compile(
    r"\bnot only\b|\bno longer\b|\bno doubt\b|\bnot alone\b|\bwhether or not\b"
)


@functools.cache
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str]:
    ordered = sorted(map(normalise, terms), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, ordered))})(?!\w)")


def _clauses(text: str) -> Iterator[str]:
    for sentence in _SENTENCES.split(normalise(text)):
        if sentence.rstrip().endswith("?"):
            continue
        leading = _LEADING_WHILE.match(sentence)
        if leading:
            yield leading[1]
            sentence = sentence[leading.end() :]
        yield from _CLAUSES.split(sentence)


def _clause_stance(clause: str, pattern: re.Pattern[str]) -> Stance | None:
    clause = _HARMLESS_NOT.sub(" ", clause)
    match = pattern.search(clause)
    if match is None:
        return "refused" if _CLOSED.search(clause) else None
    if _REFUSED.search(clause):
        return "refused"
    if _DENIED_BEFORE.search(clause[: match.start()]) or _DENIED_AFTER.match(clause[match.end() :]):
        return "no"
    return None if _GENERAL.search(clause) or not _ANCHOR.search(clause) else "yes"


def stance(text: str, terms: tuple[str, ...]) -> Stance | None:
    """Return what an answer to a yes/no question comes down to; None where it says nothing of the
    condition."""
    if not terms:
        return "refused" if _CLOSED.search(normalise(text)) else None
    pattern = _pattern(terms)
    read = [(_clause_stance(clause, pattern), clause) for clause in _clauses(text)]
    telling = [(kind, clause) for kind, clause in read if kind is not None]
    if not telling:
        return None
    # Hedged words ("could potentially contribute to stress") weigh half.
    weights = {"yes": 0.0, "no": 0.0}
    for kind, clause in telling:
        if kind != "refused":
            weights[kind] += 0.5 if _HEDGED.search(clause) else 1.0
    first, last = telling[0][0], telling[-1][0]
    if max(weights.values()) == 0 or (last == "refused" and _CLOSED.search(telling[-1][1])):
        return "refused"
    if first == last == "refused" and max(weights.values()) < 1:
        return "refused"
    if first == "refused" and max(weights.values()) <= 0.5:
        return "refused"
    if weights["yes"] == weights["no"]:
        return [kind for kind, _ in telling if kind != "refused"][-1]
    return "yes" if weights["yes"] > weights["no"] else "no"


def yes_and_no(dataset: Dataset) -> tuple[str, str] | None:
    """Return the names of a yes/no dataset's two labels, or None where it is not one."""
    names = {name.lower(): name for name in dataset.label_names}
    return (names["yes"], names["no"]) if set(names) == {"yes", "no"} else None
