"""Hashes of answers: equal ones are found, and none can be read from them."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from imhi import HarnessError, answer_format
from imhi.plugins.leaderboard.site.entries import Entry, parsed
from imhi.runs import Columns

SHORTEST = 40  # characters: shorter answers are equal by chance
_BYTES = 4
_NONE = bytes(_BYTES)
_WORD = re.compile(r"\w+")


def stored_hashes(entry: Entry) -> Mapping[str, bytes]:
    """Return the hashes of a board's entry by dataset, as :func:`answer_hashes` makes them.

    Raises:
        HarnessError: its ``answers.json`` holds none.
    """
    path = entry.path.with_name("answers.json")
    values: Any = parsed(path)
    try:
        datasets = values["datasets"]
        return {name: base64.b64decode(datasets[name]["answers"]) for name in entry.datasets}
    except (ValueError, KeyError, TypeError) as error:
        raise HarnessError(
            f"{path.parent}: not an entry ({type(error).__name__}: {error}); verify its submission "
            "again with --add, or remove the folder"
        ) from None


def answer_hashes(column: Columns) -> bytes:
    """Return 4 bytes for each example: a hash of its answer, zeros where it is short or missing.

    Equal answers to one example give equal hashes in every submission; four bytes are too few to
    tell which text it was. The label's sentence and punctuation do not count: they are the first
    that somebody would change."""
    return b"".join(
        _hash(example.id, _words(response.text))
        for example, response in zip(column.examples, column.responses, strict=True)
    )


def _words(answer: str) -> str:
    return " ".join(_WORD.findall(answer_format.explanation_of(answer).casefold()))


def _hash(example_id: str, answer: str) -> bytes:
    if len(answer) < SHORTEST:
        return _NONE
    data = f"{example_id}\n{answer}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).digest()[:_BYTES]


def repeated(column: Columns, most: int = 2) -> Sequence[bool]:
    """Say of each answer whether it stands in more than ``most`` rows: a form that a baseline fills
    in, or a refusal. Others may well give the same."""
    answers = [_words(response.text) for response in column.responses]
    seen = Counter(answers)
    return [seen[answer] > most for answer in answers]


def equal_answers(one: bytes, other: bytes, passed_over: Sequence[bool]) -> tuple[int, int]:
    """Return how many long answers of two entries are equal, and how many were compared: as many
    examples as both have (a run with ``--limit`` has the first ones)."""
    equal = compared = 0
    for index, skip in enumerate(passed_over):
        place = slice(index * _BYTES, (index + 1) * _BYTES)
        if skip or not other[place] or _NONE in (one[place], other[place]):
            continue
        compared += 1
        equal += one[place] == other[place]
    return equal, compared
