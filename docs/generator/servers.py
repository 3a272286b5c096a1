"""What servers do, and what happens then: the tables of servers.md, out of the situations that the
tests run. Each figure is one that a test holds a real run to."""

from __future__ import annotations

from docs.generator.markdown import table
from tests.plugins.models.openai_api.situations import THEMES
from tests.plugins.models.openai_api.situations.situation import (
    ARGUMENTS,
    WORK,
    Situation,
)

HEADER = ("situation", "known from", "what happens", "requests sent, at most", "seconds waited",
          "booked")  # fmt: skip


def situations() -> str:
    """Return a table for each theme."""
    return "\n\n".join(
        f"### {theme}\n\n{table(HEADER, [_row(one) for one in listed])}"
        for theme, listed in THEMES.items()
    )


def situation_arguments() -> str:
    """Return the arguments with which the figures come about."""
    given = ", ".join(
        f"`{name}={value}`" for name, value in ARGUMENTS.items() if not name.startswith("price")
    )
    return (
        f"The figures are those with {given}, and what a row of the table names besides. *Seconds "
        f"waited* are for what the server asks, and for time-outs; work takes at most {WORK:g} more in "
        "the tests."
    )


def _row(situation: Situation) -> tuple[str, ...]:
    expected = situation.expected
    known_from = situation.known_from
    if situation.source:
        known_from = f"[{known_from}]({situation.source})"
    named = f"**{situation.name}**: {situation.told}"
    if situation.arguments:
        named += f" Asked with {', '.join(f'`{one}`' for one in situation.arguments)}."
    return (
        named,
        known_from,
        expected.happens,
        f"{expected.sent} for {_counted(situation.rows, 'row')}",
        f"{expected.seconds:g}",
        _booked(situation),
    )


def _booked(situation: Situation) -> str:
    expected = situation.expected
    paid = expected.answered if expected.paid is None else expected.paid
    parts = [_counted(paid, "answer")] if paid else []
    if expected.assumed:
        parts.append(f"{_counted(expected.assumed, 'attempt')} as the most it can have cost")
    return ", ".join(parts) or "nothing"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
