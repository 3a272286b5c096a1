"""What an answer in prose comes down to: each clause about the condition affirms, denies or refuses.

Models that were not trained on IMHI rarely write label sentences. They write ``the poster's writing
suggests depression``, ``the post does not mention the social dimension`` or ``I cannot answer this
question``. A denial reaches as far as its clause and no further: it ends at the next verb that says
something (``no friends, which emphasizes their loneliness`` denies friends). The answer as a whole is
what its clauses come to: a refusal that closes it outweighs a hint before it, a plain statement after a
disclaimer (``I cannot diagnose. However, the post shows symptoms of depression``) stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from imhi.plugins.labelers.reading.text import clauses, search, turns

Kind = Literal["affirmed", "hedged", "possible", "denied", "refused"]
# Nothing, to say anything definite, to say so of what was asked, to answer at all.
Refusal = Literal["", "vague", "asked", "answer"]
Stance = Literal["affirmed", "denied", "refused"]

_DENIAL = re.compile(
    r"(?<![\w'])(?:no|none|not|never|nothing|nobody|neither|nor|without|cannot|cant|lacks?|lacking|"
    r"absence|rather than|unlikely|instead|little|rule out|ruled out|far from|fails? to|[a-z]+n't)(?![\w'])"
)
_HARMLESS = re.compile(
    r"\b(?:not|n't) (?:constitute|a substitute|(?:\w+ )?a (?:definitive )?diagnosis)\b"
    r"|\bnot only\b|\bno longer (?!suffer|has\b|have\b|is\b|are\b|experienc|feel)"
    r"|\bno doubt\b|\bnot alone\b|\bwhether or not\b|\bnot just\b|\bif not\b"
)
# Verbs that say something of their own: what is denied before them is not what comes after.
_SAYS = re.compile(
    r"(?<!that )(?<!which )(?<!to )\b(?:suggests?|indicates?|emphasi[sz]es?|shows|implies|reflects?|"
    r"highlights?|demonstrates?|is|are|was|were|can|could|may|might|leads?|contributes?|causes|"
    r"reveals?|points?|aligns?|supports?|seems?|appears?|exacerbates?|makes?)\b"
)
_DETERMINERS = frozenset(
    (
        "no",
        "nothing",
        "neither",
        "nor",
        "without",
        "lack",
        "lacks",
        "lacking",
        "absence",
        "little",
        "instead",
    )
)
_DENIED_VERB = re.compile(
    r"^(?: (?:\w+ly|seem to|appear to|to|be|have|any|it|does|do))* \w+(?:,? (?:or|nor|and) \w+)*"
)
_SUBJECTS = frozenset(("nothing", "nobody", "none"))
_SUBJECT_VERB = re.compile(r"(?: (?:in|of|about) \w+(?: \w+)?)?(?: \w+ly)? \w+")
# Denied, these say something of what follows: "I don't think the poster is depressed".
_ATTITUDE = re.compile(
    r"\b(?:think|believe|say|look|looks|sound|seem|appear|suggest|indicate|mean|imply|expect|find|consider)\b"
)
# Denied, these say nothing of it: "does not know how to cope with their depression".
_OTHER_VERB = re.compile(
    r"\b(?:know|cope|shake|help\w*|tell|told|able|want|wish|handle|manage|hide|stop|escape|overcome|"
    r"get|admit|reali[sz]e|treat\w*|understand|talk\w*|care|let)\b"
)
# Words that a denial reaches over.
_REACH = 24
_FAR = 300  # characters that are looked at before what may be denied
# "a lack of connection and loneliness" denies the first of the two.
_NEXT_OF_TWO = re.compile(r"^ of\b.*\b(?:and|or) |^.*, ")
_DENIED_AFTER = re.compile(
    r"(?:(?!\band\b)[^.,;:]){0,45}?(?:\b(?:is|are|was|does|do|did|may|seems?|appears?|has|have)\W+(?:\w+\W+)?(?:not|no)\b"
    r"|\b(?:is|does|are|do)n't\b|\bis (?:absent|missing|lacking)\b)"
)
# A refusal to answer at all.
CLOSED = re.compile(
    r"\b(?:cannot|can't|can not|unable to|not able to) (?:(?:be|\w+ly) )*(?:answer|answered|provide|"
    r"determined?|diagnosed?|identify|tell|say|make|concluded?)\b"
    r"|\b(?:not possible|impossible|difficult|hard|not appropriate|inappropriate)(?: for \w+)? to "
    r"(?:(?:be|\w+ly) )*(?:answer|determined?|diagnosed?|identify|pinpoint|tell|say|make|draw|"
    r"concluded?|assess)\b"
    r"|\b(?:answer|question)\b[^.]{0,30}\bnot (?:included|provided|in the text|appropriate|relevant)\b"
    r"|\b(?:no|not enough|insufficient) information\b"
    r"|\bmore (?:context|information|details?)\b[^.]{0,50}\b(?:needed|necessary|required)\b"
)
_CLOSED_HINTS = (
    "can't",
    "cannot",
    "can not",
    "able to",
    "possible",
    "difficult",
    "hard",
    "appropriate",
    "answer",
    "question",
    "information",
    "more ",
)
REFUSAL = re.compile(
    CLOSED.pattern
    + r"|\b(?:not clear|not enough|insufficient|not sufficient|unclear|uncertain|not qualified|no way|"
    r"as an ai|just an ai|whether|may or may not)\b"
    r"|(?:\bnot|n't) (?:\w+ly )?(?:specify|state)\b"
    r"|(?:\bnot|n't) (?:\w+ly )?(?:provide|contain|include|give|offer)\b[^.]{0,25}"
    r"\b(?:information|details?|context|answer|enough|sufficient|specific|reasons?|causes?)\b"
    r"|\bnot (?:\w+ly )?(?:specified|stated|provided|given|described|included)\b"
    r"|\bwithout (?:more|further|additional|knowing|a proper|proper|conducting|an?)\b"
    r"|\bwould (?:be necessary|need|be needed|be important)\b|\bto assess\b"
)
_REFUSAL_HINTS = (
    *_CLOSED_HINTS,
    "not",
    "n't",
    "sufficient",
    "unclear",
    "uncertain",
    "no way",
    "an ai",
    "whether",
    "without",
    "would",
    "to assess",
)
# What is said of conditions in general, or of readers, is not said of the poster.
_REMARK = re.compile(
    r"^\W*(?:however,? )?(?:it is|it's) (?:also )?(?:important|crucial|worth|essential|always)\b"
)
_GENERAL = re.compile(
    r"^\W*(?:if\b|everyone\b|many people\b|only a\b|people (?:who|with)\b|please\b)"
    r"|\b(?:symptoms|signs) of \w+ (?:can |may )?include\b"
    r"|\b(?:conditions?|issues?|concerns?|disorders?) (?:like|such as)\b"
    r"|\bif (?:someone|anyone|you|they|left|the person|the individual|the poster)\b"
    r"|\bseek(?:ing)? (?:professional|help|medical|support)\b|\bprofessional help\b"
    r"|\bcommon causes? of\b"
)
_GENERAL_HINTS = (
    "if",
    "everyone",
    "people",
    "only a",
    "please",
    "include",
    "like",
    "such as",
    "seek",
    "professional",
    "common cause",
)
_OF_ITSELF = re.compile(r"(?: itself)?,? (?:is an?|can|may|might|are|could be caused)\b")
# Words by which a clause speaks of the poster or of what was posted.
ANCHOR = re.compile(
    r"\b(?:posts?|posters?|author|individual|writer|person|user|they|their|them|he|she|his|her|text|"
    r"content|message|statement|words|tone|language|writing|this|these|which|answer|signs?|dimension|tweet|"
    r"mention|mentions|use|feelings?)\b"
)
_HEDGE = re.compile(
    r"\b(?:could|might|may|potentially|potential|possible|possibly|possibility|necessarily|"
    r"can (?:\w+ly )?(?:be|sometimes be)|"
    r"common(?:ly)? (?:symptoms?|signs?|associated))\b"
)
_OR_OTHER = re.compile(r"(?: \w+)? or other\b")
WEIGHTS = {"affirmed": 1.0, "hedged": 0.5, "possible": 0.25}
_LEAST = 0.5
# "It is possible that" claims nothing; twice is a hedge.
_POSSIBLE = re.compile(r"\bpossib(?:le|ility)(?: \w+ \w+)? that\b")
_ASKED = re.compile(r"\b(?:answer|answered|whether|determined?|definitive)\b")
# Where an answer says what it comes to.
CONCLUDES = re.compile(
    r"^\W*(?:overall|therefore|thus|hence|so|in conclusion|in summary|to conclude)\b"
)
# Said of the one who answers, it takes nothing back.
_DISCLAIMER = re.compile(
    r"\b(?:medical advice|provide (?:a )?diagnos[ie]s|constitute a diagnosis|"
    r"(?:determine|assess) the (?:severity|extent|duration|degree|exact)|"
    r"mental health professional,? and|a diagnosis)\b|\bonly a\b"
)


@dataclass(frozen=True)
class Clause:
    """What one clause says of the condition."""

    kind: Kind
    sentence: int
    refusal: Refusal  # what it refuses, if anything
    concludes: bool  # its sentence says what the answer comes to
    concedes: bool  # it is granted before something else is said
    within: bool  # it is granted by the sentence itself


def _reaches(denial: re.Match[str], between: str) -> bool:
    """Say whether a denial reaches over the words between it and what may be denied."""
    if between.count(" ") > _REACH or ": " in between:
        return False
    word = denial[0]
    if word.startswith(("lack", "absence", "without")) and _NEXT_OF_TWO.match(between):
        return False
    # The verb that is denied, or whose subject is, is not a verb that comes after it.
    verb = None if word in _DETERMINERS else _DENIED_VERB.match(between)
    if word in _SUBJECTS:
        verb = _SUBJECT_VERB.match(between)
    elif verb is not None and _OTHER_VERB.search(verb[0]):
        return False
    elif verb is not None and _ATTITUDE.search(verb[0]):
        return True
    says = _SAYS.search(between, verb.end() if verb else 0)
    return says is None or " that " in between[: says.start()]


def clause_kind(clause: str, match: re.Match[str], anchored: bool = False) -> Kind | None:
    """Return what a clause does with the words that ``match`` found in it; None where it is not about
    the poster (``anchored``: it is known to be)."""
    if search(REFUSAL, _REFUSAL_HINTS, clause):
        return "refused"
    before = _HARMLESS.sub(" ", clause[max(0, match.start() - _FAR) : match.start()])
    if any(_reaches(denial, before[denial.end() :]) for denial in _DENIAL.finditer(before)):
        return "denied"
    if search(_GENERAL, _GENERAL_HINTS, clause) or _OF_ITSELF.match(clause, match.end()):
        return None
    if _DENIED_AFTER.match(clause, match.end()):
        return "denied"
    if not anchored and not ANCHOR.search(clause):
        return None
    if _POSSIBLE.search(clause) or _OR_OTHER.match(clause, match.end()):
        return "possible"
    return "hedged" if _HEDGE.search(clause) else "affirmed"


def read_clauses(parts: Sequence[str], condition: re.Pattern[str]) -> Iterator[Clause]:
    """Yield what the clauses of an answer (``parts``, its sentences) say of a condition."""
    for index, sentence in enumerate(parts):
        if not condition.search(sentence) and not search(CLOSED, _CLOSED_HINTS, sentence):
            continue
        if sentence.rstrip(" \"')").endswith("?"):
            continue
        about = not _REMARK.match(sentence)
        concludes = CONCLUDES.match(sentence) is not None
        turned = index + 1 < len(parts) and turns(parts[index + 1][:12])
        for clause, conceded in clauses(sentence):
            match = condition.search(clause) if about else None
            closed = search(CLOSED, _CLOSED_HINTS, clause) is not None
            kind = clause_kind(clause, match) if match else "refused" if closed else None
            disclaims = _DISCLAIMER.search(clause) is not None
            if kind is None or (kind == "refused" and disclaims and not closed):
                continue
            refusal: Refusal = "vague" if closed else ""
            if closed and not disclaims and (match is not None or _ASKED.search(clause)):
                refusal = "asked"
            if closed and "answer" in clause:
                refusal = "answer"
            denied = kind == "denied"
            yield Clause(
                kind,
                index,
                refusal,
                concludes,
                concedes=denied and (conceded or turned),
                within=denied and conceded,
            )


def stance(parts: Sequence[str], condition: re.Pattern[str]) -> Stance | None:
    """Return what an answer comes down to; None where it says nothing of the condition."""
    telling = list(read_clauses(parts, condition))
    if not telling:
        return None
    said = [clause for clause in telling if clause.kind != "refused"]
    concluded = [clause for clause in said if clause.concludes and not clause.concedes]
    yes = sum(WEIGHTS.get(clause.kind, 0.0) for clause in said)
    no = float(sum(0.4 if clause.concedes else 1.0 for clause in said if clause.kind == "denied"))
    first, last = telling[0], telling[-1]
    plain = any(clause.kind == "affirmed" for clause in said)
    if not said or last.refusal in {"asked", "answer"}:
        return "refused"
    if first.kind == "refused" and (not plain or first.refusal == "answer"):
        return "refused"
    if concluded:
        return "denied" if concluded[-1].kind == "denied" else "affirmed"
    if first.kind == "possible" and not plain:
        return None
    if all(clause.within for clause in said):
        return None
    if yes < _LEAST and no == 0:
        return None
    if yes == no:
        return "denied" if said[-1].kind == "denied" else "affirmed"
    return "affirmed" if yes > no else "denied"
