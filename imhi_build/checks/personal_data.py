"""The check ``personal_data``: what names a person, or how to reach one, in a post or explanation.

User names (``@name``, ``u/name``; not the masks ``@user``, ``<user>``, ``[removed]``), links,
e-mail addresses, telephone numbers (numbers that are valid somewhere; numbers of crisis lines are
nobody's own), self-introductions, street addresses, IBANs and IP addresses. A finding says the kind
and where it stands, never what it says. How each is told is in
:mod:`imhi.build.checks.personal_spans`.

This finds what has a form. Names of people, places and employers in running text have none, and are
not found: a set of posts that passes is not anonymous.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, get_args

from pydantic import Field

from imhi.build.checks.declarations import CheckSettings
from imhi.build.checks.personal_spans import Kind, check_region, personal_spans
from imhi.build.records import BuiltRow, Finding

MASKS: dict[Kind, str] = {
    "users": "@user",
    "links": "<url>",
    "emails": "<email>",
    "phones": "<phone>",
}
NAMES: dict[Kind, str] = {
    "users": "user name",
    "links": "link",
    "emails": "e-mail address",
    "phones": "telephone number",
    "names": "self-introduction",
    "streets": "street address",
    "ibans": "bank account",
    "ips": "IP address",
}


class Settings(CheckSettings):
    """``kinds``: what is looked for; ``region``: ISO 3166 code of the country whose telephone
    numbers are written without a country code; ``explanations``: whether they are searched, too."""

    kinds: tuple[Kind, ...] = get_args(Kind)
    region: str = Field(default="US", pattern="^[A-Z]{2}$")
    explanations: bool = True


def find(rows: Sequence[BuiltRow], settings: Settings) -> Iterator[Finding]:
    """Yield a finding per row, text and kind; places are characters, from 0, end excluded.

    Raises:
        HarnessError: phonenumbers is needed and not installed.
    """
    if "phones" in settings.kinds:
        check_region(settings.region)
    for row in rows:
        texts = {"post": row.post, "explanation": row.explanation}
        for name in texts if settings.explanations else ("post",):
            places: dict[Kind, list[str]] = {}
            for span in personal_spans(texts[name], settings.kinds, settings.region):
                places.setdefault(span.kind, []).append(f"{span.start}-{span.end}")
            for kind, where in places.items():
                reason = f"{NAMES[kind]} in the {name} at '{', '.join(where)}'"
                about: Literal["post", "explanation"] = "post" if name == "post" else "explanation"
                yield Finding("personal_data", row.dataset, row.id, reason, about=about)


def mask(
    text: str, kinds: Collection[Kind] = tuple(MASKS), region: str = "US"
) -> tuple[str, Counter[str]]:
    """Replace personal data by ``@user``, ``<url>``, ``<email>`` and ``<phone>``; return the text
    and how many of each kind were replaced. What was masked is not found again.

    Raises:
        KeyError: a kind that has no mask.
        HarnessError: phonenumbers is needed and not installed.
    """
    masks = {kind: MASKS[kind] for kind in kinds}
    done: Counter[str] = Counter()
    # More than once, rarely: what was glued to a passage may be one when the passage is masked.
    while spans := personal_spans(text, masks.keys(), region):
        for span in reversed(spans):
            text = text[: span.start] + masks[span.kind] + text[span.end :]
            done[span.kind] += 1
    return text, done
