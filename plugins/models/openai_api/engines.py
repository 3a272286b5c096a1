"""Which engine answers behind an address, and what it must be sent so that answers are decoded as the
run says: checkpoints and engines have habits of their own. What is known stands in ``engines.yaml``."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imhi import Generation
from imhi.plugins.models.openai_api.credentials import is_loopback
from imhi.plugins.models.openai_api.failures import NoAnswer
from imhi.plugins.models.openai_api.transport import Answer, Connection

TABLE = Path(__file__).with_name("engines.yaml")
PATIENCE = 5.0
"""Seconds that a server may take to say what it is."""
_VERSION = re.compile(r"[A-Za-z0-9_.+:() -]{1,80}")


@dataclass(frozen=True)
class Engine:
    """An engine as it was recognised; ``facts`` are its entry in the table, ``version`` what the server
    says it is, empty where it does not."""

    name: str
    version: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def neutral(self, api: str, generation: Generation) -> dict[str, object]:
        """Return the values that take its habits away, for one of the interfaces."""
        values = dict(self.facts.get("neutral", {}))
        if generation.temperature > 0:
            values |= self.facts.get("sampling", {})
        apart = {name: values.pop(name, {}) for name in ("chat", "completions")}
        return values | apart[api]

    def describe(self) -> dict[str, object]:
        """Return what the manifest holds of it."""
        told = {"name": self.name, "version": self.version, "bos": self.facts.get("bos", "")}
        return {name: value for name, value in told.items() if value or name == "version"}

    def notes(self, concurrency: int, generation: Generation) -> list[str]:
        """Return what a reader of the scores should know of it."""
        facts, notes = self.facts, []
        together = facts.get("in_flight")
        if generation.temperature == 0 and together is not None and concurrency > together:
            notes.append(
                f"{self.name} gives other greedy answers when several requests are in flight "
                f"(concurrency={concurrency}); concurrency={together} makes them repeatable, "
                "--repeat-check N tells how far they are"
            )
        if beyond := facts.get("beyond_reach"):
            notes.append(
                f"{self.name} may apply {', '.join(beyond)} of its own, which no request takes away"
            )
        if facts.get("prompt_too_long") in ("cut", "answered"):
            notes.append(f"{self.name} does not say when a prompt is longer than its window")
        return notes


@functools.cache
def _table() -> list[dict[str, Any]]:
    import yaml

    table: list[dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["engines"]
    return table


async def recognise(connection: Connection, url: str, patience: float) -> Engine | None:
    """Ask a server what it is; None where it does not say, or is none that is known.

    No post is sent. A server on this machine is asked for more than its list of models.

    Args:
        url: the address, with or without ``/v1`` at its end.
        patience: seconds that all of it may take.
    """
    try:
        return await asyncio.wait_for(_recognised(connection, url, patience), patience)
    except TimeoutError:
        return None


async def _recognised(connection: Connection, url: str, patience: float) -> Engine | None:
    root = url.removesuffix("/v1")
    try:
        listed = await connection.get("/models", patience)
        facts = next((row for row in _table() if _lists_as(listed, row["recognised"])), None)
        if facts is None and is_loopback(url):
            facts = await _by_address(connection, root, patience)
        if facts is None:
            return None
        return Engine(facts["name"], await _version(connection, root, facts, patience), facts)
    except NoAnswer:
        return None  # What is wrong with the server is said when it is asked.


def _lists_as(listed: Answer, sign: Mapping[str, Any]) -> bool:
    if any(listed.headers.get(name) == value for name, value in sign.get("header", {}).items()):
        return True
    data = listed.body.get("data") if isinstance(listed.body, Mapping) else None
    entries = [one for one in data if isinstance(one, Mapping)] if isinstance(data, list) else []
    if "owned_by" in sign and any(one.get("owned_by") == sign["owned_by"] for one in entries):
        return True
    first, second = sign.get("entry_equal", ("", ""))
    return any(
        isinstance(one.get(first), str) and one.get(first) == one.get(second) for one in entries
    )


async def _by_address(connection: Connection, root: str, patience: float) -> dict[str, Any] | None:
    for row in _table():
        sign = row["recognised"].get("get")
        if sign is None:
            continue
        answer = await connection.get(root + sign["path"], patience)
        if answer.status == 200 and _holds(answer.body, sign):
            return row
    return None


def _holds(body: object, sign: Mapping[str, str]) -> bool:
    if "field" in sign:
        return isinstance(body, Mapping) and sign["field"] in body
    return sign["text"] in str(body)


async def _version(
    connection: Connection, root: str, facts: Mapping[str, Any], patience: float
) -> str:
    where = facts.get("version")
    if where is None:
        return ""
    answer = await connection.get(root + where["path"], patience)
    told = answer.body.get(where["field"]) if isinstance(answer.body, Mapping) else None
    return told if isinstance(told, str) and _VERSION.fullmatch(told) else ""
