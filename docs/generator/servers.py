"""What servers do, and what happens then: the tables of servers.md, out of the situations that the
tests run. Each figure is one that a test holds a real run to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

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


ENGINES = Path(__file__).resolve().parents[2] / "plugins" / "models" / "openai_api" / "engines.yaml"


def engines() -> str:
    """Return what each engine is sent, and what is known of it."""
    known = yaml.safe_load(ENGINES.read_text(encoding="utf-8"))["engines"]
    header = ("engine", "known by", "sent with every request", "and above temperature 0",
              "stop texts", "a longer prompt", "in flight, for answers that repeat")  # fmt: skip
    return table(header, [_engine(one) for one in known])


def _engine(row: Mapping[str, Any]) -> tuple[str, ...]:
    measured = row.get("measured")
    known_by = f"measured, {measured}" if measured else "its sources"
    together = row.get("in_flight")
    repeat = str(together or ("any number, as measured" if measured else "-"))
    return (
        f"`{row['name']}`",
        known_by,
        _values(row.get("neutral", {})),
        _values(row.get("sampling", {})),
        row.get("stop", "-"),
        row.get("prompt_too_long", "-"),
        repeat,
    )


def _values(values: Mapping[str, Any]) -> str:
    parts = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            parts += [f"`{inner}={one}` ({name})" for inner, one in value.items()]
        elif isinstance(value, str):
            parts.append(f"`{name}`: all of its habits")
        else:
            parts.append(f"`{name}={str(value).lower() if isinstance(value, bool) else value}`")
    return ", ".join(parts) or "nothing"


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
