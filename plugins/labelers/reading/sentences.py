"""The labeler ``strict``: label sentences and their plain variants, as whole words.

It reads the part of the answer before ``Reasoning:`` first and, failing that, the part after it.
A label counts where the answer *states* it: as the opening word (``Yes``), as a label sentence that
is not denied or doubted, or after words that announce an answer (``the stress cause is ...``,
``the appropriate label is ...``). Two labels stated alike are no label.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imhi import Context, Dataset, Prediction, ReadLabels, Response, answer_format

# What may stand before an answer without being part of it: "Answer:", "A)", "- ", "The answer is".
_OPENING = re.compile(
    r"^(?:[^\w]*(?:\b(?:answers?|label|response|the (?:final |correct )?answer"
    r"(?: to (?:this|the) question)? is)\b\s*[:.\-]*|\b[a-i][).:]|\d+[).:])?[^\w]*)*"
)
# What may follow an opening yes or no that is an answer: a stop, or a new clause ("No the post ...").
# "No one can tell", "no information is given", "yes or no" and "no, I cannot say" are no answers.
_AFTER_YES_NO = re.compile(
    r"(?!\W*i(?:'m| am)? (?:cannot|can't|can not|unable|not able|do not know|don't know)\b)"
    r"(?:\s*(?:[^\w\s/]|$)|\n|\s+(?:the|this|it|they|he|she|there|based|as|because|since|i|not|"
    r"definitely|reasoning|explanation|poster|post)\b)"
)
# Between such words and a label name: "the stress cause of this post is", "related to".
_ANNOUNCED = re.compile(
    r"(?:\blabel\b[^.;:\n]{0,60}?\b(?:is|would be|be|as)|\bcategory(?: of)?|\bcategori[sz]ed as"
    r"|\bclassified as|\bfalls? under|\bcauses?\b[^.;:\n]{0,40}?\b(?:is|are|be|related to|due to|of)"
    r"|\bsymptoms? (?:of|related to)|\bshows?|\bstress cause related to|\bcauses? related to"
    r"|\bmaking)\s*:?\s*(?:an? |the |issues? (?:of|related to) |related to |due to )*[\"'(\[]*$"
)
_ENDS = re.compile(
    r"^[\"')\]]*(?:\s*(?:[.,;:!\n)]|$)|\s+(?:as|because|since|in|for|the appropriate)\b)"
)
# Before a sentence-long variant: what takes its assertion away.
_DOUBT = re.compile(
    r"\b(?:not|n't|no|cannot|never|neither|nor|whether|if|that does|unclear|without|could|may|might|"
    r"possible|possibly|necessarily|determine|diagnose|unlikely|rather than|question)\b|n't\b"
)
_NEAR = 45  # characters: a doubt further off belongs to something else
_CLAUSE_END = re.compile(r"[.;!?\n]")


def normalise(text: str) -> str:
    """Return text in lower case with plain quotes and no Markdown marks; line ends are kept."""
    text = text.lower().translate(str.maketrans("\u2019\u2018\u201c\u201d\u00a0", "''\"\" "))
    text = re.sub(r"[*_#`]+", " ", text)
    return re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "\n", text)).strip()


@dataclass(frozen=True)
class _Phrases:
    """A dataset's label wordings as patterns: longest first, each with its label."""

    sentences: tuple[tuple[re.Pattern[str], str], ...]
    names: tuple[tuple[re.Pattern[str], str], ...]
    openings: tuple[tuple[re.Pattern[str], str], ...]


def _whole_words(phrase: str) -> re.Pattern[str]:
    words = r"\s+".join(map(re.escape, phrase.split()))
    return re.compile(rf"(?<![\w'-]){words}(?![\w'-])")


@functools.cache
def _phrases(dataset: Dataset) -> _Phrases:
    sentences: dict[str, str] = {}
    names: dict[str, str] = {}
    openings: dict[str, str] = {}
    for label in dataset.labels:
        sentence = normalise(label.sentence).rstrip(".")
        sentences[sentence] = label.name
        for text in (label.name, label.completion, *label.variants):
            phrase = normalise(text).rstrip(".")
            # Variants with a verb of their own are statements; the others are names of the label.
            kind = sentences if len(phrase.split()) > 3 and " or " not in phrase else names
            kind.setdefault(phrase, label.name)
        if re.match(r"(yes|no)\b", sentence) or label.name.lower() in {"yes", "no"}:
            word = label.name.lower()
            openings[word if word in {"yes", "no"} else sentence[:3]] = label.name
            names.pop(word, None)

    def compiled(phrases: dict[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
        ordered = sorted(phrases, key=len, reverse=True)
        return tuple((_whole_words(phrase), phrases[phrase]) for phrase in ordered)

    return _Phrases(compiled(sentences), compiled(names), compiled(openings))


@functools.cache
def _echoes(dataset: Dataset) -> re.Pattern[str]:
    """Match the question where an answer begins by repeating it."""
    questions = "|".join(re.escape(normalise(question.text)) for question in dataset.questions)
    return re.compile(rf"^\W*(?:question\W+)?(?:{questions})\s*")


def _occurrences(
    text: str, patterns: Sequence[tuple[re.Pattern[str], str]]
) -> Iterator[tuple[re.Match[str], str, str]]:
    """Yield (match, label, the clause before it) of phrases that do not overlap, longest first."""
    taken: list[tuple[int, int]] = []
    for pattern, label in patterns:
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in taken):
                taken.append(match.span())
                yield match, label, _CLAUSE_END.split(text[: match.start()])[-1]


def _stated_sentences(text: str, phrases: _Phrases) -> list[tuple[int, str]]:
    """Return (position, label) of label sentences that are stated, not denied or doubted."""
    return sorted(
        (match.start(), label)
        for match, label, clause in _occurrences(text, phrases.sentences)
        if not _DOUBT.search(clause) and not text[match.end() :].lstrip(" \"'").startswith("?")
    )


def _announced_names(text: str, phrases: _Phrases) -> list[tuple[int, str]]:
    """Return (position, label) of label names that stand where an answer is announced."""
    return sorted(
        (match.start(), label)
        for match, label, clause in _occurrences(text, phrases.names)
        if _ANNOUNCED.search(text[: match.start()])
        and _ENDS.match(text[match.end() :])
        and not _DOUBT.search(clause[-_NEAR:])
    )


def _opening(text: str, phrases: _Phrases) -> str | None:
    """Return the label an answer opens with: ``Yes``/``No``, or a bare label name."""
    start = _OPENING.match(text)
    rest = text[start.end() :] if start else text
    for pattern, label in phrases.openings:
        match = pattern.match(rest)
        if match and _AFTER_YES_NO.match(rest[match.end() :]):
            return label
    for pattern, label in phrases.names:
        match = pattern.match(rest)
        if match and re.match(r"\s*(?:[.,;:!\n)\]]|$)", rest[match.end() :]):
            return label
    return None


def _one(labels: Sequence[str]) -> str | None:
    return labels[0] if len(set(labels)) == 1 else None


def read_part(text: str, dataset: Dataset, last: bool = False) -> str | None:
    """Return the label a part of an answer states, or None.

    Where several are stated: in the head of an answer they must agree; in an explanation (``last``)
    the last one, its conclusion, counts.
    """
    phrases = _phrases(dataset)
    text = _echoes(dataset).sub("", normalise(text))
    if not text:
        return None
    options = len(re.findall(r"(?m)^\W*(?:[a-i]|\d)[).:]", text))
    opened = _opening(text, phrases) if options < 2 else None
    if opened is not None:
        return opened
    for stated in (_stated_sentences(text, phrases), _announced_names(text, phrases)):
        if stated:
            labels = [label for _, label in stated]
            return labels[-1] if last else _one(labels)
    return None


def read(text: str, dataset: Dataset) -> str | None:
    """Return the label an answer states, before ``Reasoning:`` or else after it."""
    head, explanation = answer_format.split_answer(text)
    return read_part(head, dataset) or read_part(explanation, dataset, last=True)


def create(context: Context) -> ReadLabels:
    """Make the labeler."""

    def label(
        dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> list[Prediction]:
        return [_prediction(response, read(response.text, dataset)) for response in responses]

    return label


def _prediction(response: Response, name: str | None) -> Prediction:
    if name is None:
        return Prediction(response.id, response.dataset, status="unparsed")
    return Prediction(response.id, response.dataset, name, decided_by="strict")
