"""An answer that is given as such: ``Yes, ...``, ``Answer: X``, ``the appropriate label is X``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imhi.plugins.labelers.reading.causes import cued
from imhi.plugins.labelers.reading.statements import doubted
from imhi.plugins.labelers.reading.text import holds
from imhi.plugins.labelers.reading.wordings import Wordings

# What may stand before an answer without being part of it: "Answer:", "A)", "- ", "The answer is".
_OPENING = re.compile(
    r"^(?:[^\w]*(?:\b(?:answers?|label|response|(?:the )?(?:final |correct )?answer"
    r"(?: to (?:this|the) question)? is)\b\s*[:.\-]*|\b[a-i][).:]|\d+[).:])?[^\w]*)*"
)
_YES_NO = re.compile(
    r"(?:(?:probably|most likely|likely|definitely|clearly|certainly|quite possibly),? )?(yes|no)\b"
)
# What may follow an opening yes or no that is an answer: a stop, or a new clause ("No the post ...").
# "No one can tell", "no information is given", "yes or no" and "no, I cannot say" are no answers.
_AFTER_YES_NO = re.compile(
    r"(?!\W*i(?:'m| am)? (?:cannot|can't|can not|unable|not able|do not know|don't know)\b)"
    r"(?!\W*(?:and|or)?\W*(?:yes|no)\b)"
    r"(?:\s*(?:[^\w\s/]|$)|\n|\s+(?:the|this|it|they|he|she|there|based|as|because|since|i|not|"
    r"definitely|reasoning|explanation|poster|post)\b)"
)
_ANNOUNCED = re.compile(
    r"\b(?:category|label) of\s*[\"']+"
    r"|\b(?:answer|label|category|choice|verdict|classification|final|best fit|diagnosis|prediction)\b"
    r"(?:[^.;:?!\n]{0,60}?\b(?:is|are|be)\b\s*:?|[\"'\s]*[:>=]|\s-\s)\s*[\"'(\[]*"
    r"|\b(?:category|label) of\s*[\"']*"
    r"|\b(?:categori[sz]ed as|classified as|labell?ed as|"
    r"falls? (?:under|into)(?: the category(?: of)?)?)\s*[\"']*"
    r"|\bi(?: would|'d) (?:say|answer|go with)\b:?\s*|\\boxed\{(?:\\text\{)?"
)
# One of these stands in whatever is announced: looked for first, since it is quick.
_ANNOUNCING = (
    "answer",
    "label",
    "categor",
    "choice",
    "verdict",
    "classifi",
    "fall",
    "say",
    "boxed",
    "go with",
    "final",
    "best fit",
    "diagnos",
    "prediction",
    "cause",
    "shows",
)
# "I'd say no, but ...": not what the answer comes to.
_TAKEN_BACK = re.compile(r"[\"' ]*(?:yes|no)[\"']*,? but\b")
# "Depression: yes" on a line of its own; "depression": true in JSON.
_FIELD = re.compile(
    r"(?:^|\n|[{,] ?(?=[\"']))\W*([^\n:,{]{1,60}?)[\"' ]*:[\"' ]*"
    r"(yes|no|true|false|present|absent|not present)\b"
    r"\W*(?=\n|$|,|})"
)
_ANY_FIELD = re.compile(
    r"(?:^|\n|[{,] ?(?=[\"']))\W*([^\n:,{]{1,60}?)[\"' ]*:[\"' ]*([^\n\"',}]{1,60})"
)
_NO = frozenset(("no", "false", "absent", "not present"))
# A later line that opens with the other one: both are offered, none is given.
_OTHER_LINE = {"yes": re.compile(r"\n\W*no\b[, ]"), "no": re.compile(r"\n\W*yes\b[, ]")}
# "The stress cause of this post is school": what follows counts where it is a label's name, no more.
_NAMED = re.compile(
    r"(?:\bcauses?\b[^.;:?!\n]{0,40}?\b(?:is|are|be|related to|due to)\b|\bshows? (?:the )?(?:\w+ ){0,3}of\b)"
    r"\s*:?\s*"
)
_NAME_ENDS = re.compile(
    r"[\"')\]]*\s*(?:[.,;:!\n()]|$|(?:as|because|since|in|for|the|issues?|problems?|stress)\b)"
    r"|[\"']+ (?:is|was)\b"
)
_LISTED = re.compile(r",(?: [\w-]+){1,4},? (?:and|or|and/or)\b|,(?: [\w-]+){1,4},")
_ARTICLES = re.compile(r"(?:(?:an?|the|that of|due to|related to|issues? (?:of|related to))\s+)+")
_VALUE_END = re.compile(r"[.;!?\n]|,? (?:as|because|since|in this|for this|which|based)\b|, ")
_NONE = re.compile(
    r"none\b(?! of (?:their|his|her|my|your))|(?:option )?none of the (?:above|these|options)\b|no$"
)
_SENTENCE_STARTS = re.compile(
    r"(?:all of|both|this|the|that|there|based|it|yes|no|i|they|he|she|in|"
    r"from|according|while|to|poster|post)\b"
)
# "The answer is not given in the text": that there is none is no answer of another kind.
_UNKNOWN = re.compile(
    r"\b(?:not|cannot|can't|unable|unclear|unknown|difficult|impossible|n/a|insufficient)\b|n't\b"
)
_LETTER = re.compile(r"^[a-i1-9][).:,]\s+")
# Words of a value that names one thing; what is longer is a sentence.
_SHORT = 6


@dataclass(frozen=True)
class Given:
    """An explicit answer: a label, or (``label`` None) something that is none of the labels."""

    label: str | None


def opening(text: str, words: Wordings) -> str | None:
    """Return the label a text opens with: ``Yes``/``No``, or a bare label name."""
    start = _OPENING.match(text)
    rest = text[start.end() :] if start else text
    found = _YES_NO.match(rest)
    if found and words.affirmed is not None and _AFTER_YES_NO.match(rest, found.end()):
        if _OTHER_LINE[found[1]].search(rest):
            return None
        return words.affirmed if found[1] == "yes" else words.denied
    named = words.names.match(rest)
    if named and re.match(r"\s*(?:[.,;:!\n)\]]|$)", rest[named.end() :]):
        return words.name_in(named)
    return None


def announced(text: str, words: Wordings) -> Given | None:
    """Return the answer that a text announces and then gives; None where it announces none, or goes
    on with a sentence."""
    if words.affirmed is not None and words.condition is not None and ":" in text:
        for field in _FIELD.finditer(text):
            if words.condition.search(field[1]):
                return Given(words.denied if field[2] in _NO else words.affirmed)
    if words.affirmed is None and ":" in text:
        for field in _ANY_FIELD.finditer(text):
            about = words.condition or words.absence
            if about is not None and about.search(field[1]):
                given = _exact(field[2], words)
                given = given or (words.denied if _NONE.match(field[2]) else None)
                if given is not None:
                    return Given(given)
    if not holds(text, _ANNOUNCING):
        return None
    first: Given | None = None
    for index, match in enumerate(_ANNOUNCED.finditer(text)):
        value = resolve(text[match.end() : match.end() + 120], words)
        if value is not None and _TAKEN_BACK.match(text, match.end()):
            continue
        if value is not None and value.label is not None:
            return value
        if index == 0:
            first = value
    named = {
        _alone(_ARTICLES.sub("", text[match.end() : match.end() + 120].lstrip(" \"'(["), 1), words)
        for match in _NAMED.finditer(text)
        if not doubted(text, match.end())
    } - {None}
    if len(named) == 1:
        return Given(named.pop())
    return first


def _exact(value: str, words: Wordings) -> str | None:
    """Return the label whose name a value is, or begins with and then goes on to something else."""
    named = words.names.match(value)
    return words.name_in(named) if named and _NAME_ENDS.match(value, named.end()) else None


def _alone(value: str, words: Wordings) -> str | None:
    """Return the label whose name a value begins with, unless it is the first of a list."""
    label = _exact(value, words)
    named = words.names.match(value)
    return None if named and _LISTED.match(value, named.end()) else label


def resolve(value: str, words: Wordings) -> Given | None:
    """Return what a value names: a label, none of them, or None for a sentence."""
    value = value.lstrip(" \"'([:-")
    value = value[_ARTICLES.match(value).end() :] if _ARTICLES.match(value) else value  # type: ignore[union-attr]
    value = _LETTER.sub("", value.lstrip(" \"'([:-"))
    if words.affirmed is not None:
        found = _YES_NO.match(value)
        if found and _AFTER_YES_NO.match(value, found.end()):
            return Given(words.affirmed if found[1] == "yes" else words.denied)
    label = _exact(value, words)
    if label is not None:
        return Given(label)
    end = _VALUE_END.search(value)
    short = value[: end.start()] if end else value
    if words.denied is not None and words.affirmed is None and _NONE.match(short):
        return Given(words.denied)
    if not short or len(short.split()) > _SHORT or _SENTENCE_STARTS.match(short):
        return None
    if _UNKNOWN.search(short):
        return None
    labels = {words.name_in(match) for match in words.names.finditer(short)}
    return Given(labels.pop() if len(labels) == 1 else cued(short, words))
