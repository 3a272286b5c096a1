"""A verdict read out of what a judge answered; what is not exactly one of the options is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from imhi.plugins.labelers.judge.prompting import LABEL, QUOTE, Options
from imhi.runs import judging

Outcome = Literal["stated", "none", "unquoted", "unreadable", "refused"]

_OMITTED = re.compile(r"\.\.\.|…")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Verdict:
    """What a judge says of an answer: a ``label`` where the outcome is ``stated``, and only there.

    ``none``: the answer states no label. ``unquoted``: the judge named a label, but the words it
    quotes do not stand in the answer. ``unreadable``: no verdict, several that differ, or one that
    is not an option. ``refused``: the judge would not say.
    """

    outcome: Outcome
    label: str | None = None


def read_verdict(text: str, finish_reason: str | None, options: Options, answer: str) -> Verdict:
    """Read the verdict on ``answer`` out of a JSON object that stands in ``text``.

    Prose and fences around the object do not matter, nor does letter case; an option in other words
    does.
    """
    if judging.is_refusal("", finish_reason):
        return Verdict("refused")
    by_name = {option.casefold(): option for option in options.all}
    verdicts: set[tuple[str | None, str]] = set()
    for fields in judging.json_objects(text, (LABEL,)):
        said, quote = fields[LABEL], fields.get(QUOTE)
        option = by_name.get(said.strip().casefold()) if isinstance(said, str) else None
        verdicts.add((option, quote if isinstance(quote, str) else ""))
    if not verdicts and judging.is_refusal(text, finish_reason):
        return Verdict("refused")
    named = {option for option, _ in verdicts}
    if len(named) != 1 or None in named:
        return Verdict("unreadable")
    (option,) = named
    if option == options.none:
        return Verdict("none")
    if not any(stands_in(quote, answer) for _, quote in verdicts):
        return Verdict("unquoted")
    return Verdict("stated", option)


def stands_in(quote: str, answer: str) -> bool:
    """Say whether the words of a quote stand in an answer, in its order; case, punctuation and what
    is left out with ``...`` do not matter. A quote without a word stands nowhere."""
    parts = [_words(part) for part in _OMITTED.split(quote)]
    said = [part for part in parts if part.strip()]
    rest = _words(answer)
    for part in said:
        at = rest.find(part)
        if at < 0:
            return False
        rest = rest[at + len(part) - 1 :]
    return bool(said)


def _words(text: str) -> str:
    """Return the words of a text between single spaces, one before and one behind."""
    return " ".join(["", *_WORD.findall(text.casefold()), ""])
