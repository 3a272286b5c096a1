"""The check ``language``: an explanation in another language than wanted.

The library ``py3langid`` (140 languages) tells the language of whole texts well and of words not
at all. So an explanation is cut into passages of at least ``min_letters`` letters at ends of
sentences, each passage is told, and the explanation is found when the passages in other languages
are ``share`` of what could be told. That also finds explanations that change language half-way.
Passages quoted from the post are left out first: a post in Spanish may be quoted in English.

Of the 19,275 published explanations none is found, of 30 planted ones in 15 languages all
(test_language_check.py).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from imhi import HarnessError, how_to_install
from imhi.build.checks.declarations import CheckSettings
from imhi.build.checks.quotes import without_quotes
from imhi.build.records import BuiltRow, Finding

# What py3langid says of texts that are in no language.
NO_LANGUAGE = {"zxx", "und", "mul"}
# Little words of English that are none of another language's.
LITTLE_WORDS = frozenset(
    re.findall(
        r"\w+",
        "the of and that which with their they this from have has are were been not by it its he she "
        "his her how who what when while these those there being",
    )
)
_ENDS = re.compile(r"(?<=[.!?…。！？])\s*|\n+")


class Settings(CheckSettings):
    """``language``: ISO 639 code of the language wanted; ``min_letters``: of a passage that can be
    told, and so of an explanation that is looked at (a letter of Chinese, Japanese or Korean counts
    for three); ``probability`` that a passage is not in the language wanted, from which it is taken
    to be in another; ``share`` of the explanation, by letters, from which it is found."""

    language: str = Field(default="en", min_length=2, max_length=8)
    min_letters: int = Field(default=30, ge=10, le=1000)
    probability: float = Field(default=0.95, gt=0, le=1)
    share: float = Field(default=0.3, gt=0, le=1)


def find(rows: Sequence[BuiltRow], settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each explanation that is for a good part in another language; ``score``
    is that part.

    Raises:
        HarnessError: py3langid is not installed, or does not know the language wanted.
    """
    told_by = identifier()
    if settings.language not in told_by.labels:
        raise HarnessError(
            f"check language: '{settings.language}' is no language that can be told; expected an "
            f"ISO 639 code, one of {', '.join(sorted(told_by.labels))}"
        )
    for row in rows:
        told: Counter[str] = Counter()
        for passage, letters in passages(
            without_quotes(row.explanation, of=row.post), settings.min_letters
        ):
            if settings.language == "en" and plainly_english(passage):
                told["en"] += letters
                continue
            language, _ = told_by.classify(passage)
            if language not in {settings.language, *NO_LANGUAGE}:
                # Close languages share the rest: what counts is how little the wanted one has.
                wanted = dict(told_by.rank(passage))[settings.language]
                language = language if 1 - wanted >= settings.probability else settings.language
            if language not in NO_LANGUAGE:
                told[language] += letters
        total = told.total()
        other = total - told.pop(settings.language, 0)
        if other and other >= settings.share * total:
            ((language, _),) = told.most_common(1)
            yield Finding(
                "language",
                row.dataset,
                row.id,
                reason=f"in another language: {language}",
                score=round(other / total, 3),
            )


def passages(text: str, min_letters: int) -> Iterator[tuple[str, int]]:
    """Yield passages with their number of letters: sentences, put together until they have
    ``min_letters``. What is left at the end goes with the passage before it, if there is one."""
    done: list[tuple[str, int]] = []
    part, letters = "", 0
    for sentence in _ENDS.split(text):
        part, letters = f"{part} {sentence}", letters + count_letters(sentence)
        if letters >= min_letters:
            done.append((part.strip(), letters))
            part, letters = "", 0
    if done and letters:
        last, before = done.pop()
        done.append((f"{last} {part}".strip(), before + letters))
    return iter(done)


def plainly_english(passage: str) -> bool:
    """Say whether a passage is English by its little words: a fast way to say so of nearly all.

    >>> plainly_english("The post speaks of nights without sleep, and of what they do to the poster.")
    True
    >>> plainly_english("Das Problem of not sleeping begleitet ihn durch den Tag, sagt er.")
    False
    """
    words = passage.casefold().split()
    little = [word for word in words if word in LITTLE_WORDS]
    return len(set(little)) >= 3 and 5 * len(little) >= len(words)


def count_letters(text: str) -> int:
    """Return how many letters a text has; those of Chinese, Japanese and Korean count for three."""
    if text.isascii():
        return sum(map(str.isalpha, text))
    return sum((3 if character >= "\u2e80" else 1) for character in text if character.isalpha())


@functools.cache
def identifier() -> Any:
    """Return what tells languages, with probabilities; it takes a second to load.

    Raises:
        HarnessError: py3langid is not installed.
    """
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ModuleNotFoundError:
        raise HarnessError(
            "check language needs the package 'py3langid', which is not installed: "
            f"{how_to_install('build')}"
        ) from None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
