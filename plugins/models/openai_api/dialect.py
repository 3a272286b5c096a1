"""Which parameters a server takes: known of its address, or learnt from what it refuses by name."""

from __future__ import annotations

import copy
import fnmatch
import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from imhi.plugins.models.openai_api.failures import Failure

TABLE = Path(__file__).with_name("dialects.yaml")
TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
DROPPABLE = ("seed", "temperature", "top_p", "stop", "response_format", "stream_options")
# What says that a name is unknown, not that its value is wrong: only then another name may do.
_UNKNOWN = frozenset(
    {"unsupported_parameter", "unknown_parameter", "unknown_argument", "unrecognized_argument",
     "unexpected_parameter", "extra_forbidden", "unknown_name"}
)  # fmt: skip


@dataclass
class Dialect:
    """How a server is asked.

    Attributes:
        token_limit: what it calls the limit on new tokens.
        dropped: parameters that are left out.
        folded: whether the system prompt goes at the head of the user's message.
        renamed: what it calls other parameters.
        implied: values that it takes anyway and that need not, or must not, be sent.
        neutral: values that leave decoding as it is, for servers known to have others of their own.
        changes: counts what was learnt, so that a request refused for what is known by now is told
            from one that teaches something new.
    """

    token_limit: str = "max_tokens"
    dropped: set[str] = field(default_factory=set)
    folded: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, object] = field(default_factory=dict)
    neutral: dict[str, object] = field(default_factory=dict)
    changes: int = 0
    limit_switched: bool = False

    def learn(self, failure: Failure, sent: Collection[str]) -> str:
        """Adapt to a server that refuses what it names in a field made for that; sentences teach
        nothing, since they may repeat what was sent.

        Args:
            sent: the parameters of the refused request; ``system`` among them where it had a system
                prompt of its own.

        Returns:
            What was changed, or an empty text where there is nothing to change.
        """
        for named in failure.parameters:
            name = named.removeprefix("body.")
            # A field within one of ours: without the outer one there is no inner one.
            head = name.partition(".")[0]
            name = head if head in DROPPABLE else name
            if name in TOKEN_LIMITS and name in sent and failure.codes & _UNKNOWN:
                return self._rename_limit(name)
            if name in sent and (name in DROPPABLE or name in self.neutral):
                return self._changed_by(name)
            if _is_system_role(name) and "system" in sent and not self.folded:
                self.folded = True
                self.changes += 1
                return "no system role is taken and the system prompt went with the user's message"
        return ""

    def leave_out(self, name: str) -> str:
        """Leave a parameter out, which the server answers without; return what was changed."""
        return self._changed_by(name)

    def _changed_by(self, name: str) -> str:
        if name in self.dropped:
            return ""  # It was sent all the same: there is nothing left to learn.
        self.dropped.add(name)
        self.changes += 1
        return f"{name} is not taken and was left out"

    def _rename_limit(self, name: str) -> str:
        if self.limit_switched:
            return ""  # Both names were refused: an answer must stay bounded.
        self.limit_switched = True
        self.token_limit = TOKEN_LIMITS[1 - TOKEN_LIMITS.index(name)]
        self.changes += 1
        return f"{name} is called {self.token_limit}"

    def copy(self) -> Dialect:
        """Return one that learns by itself."""
        return copy.deepcopy(self)


def _is_system_role(name: str) -> bool:
    """Return whether a path leads to the role of the first message: ``messages[0].role``,
    ``messages.0.role``, ``messages.0.system.role`` (pydantic's unions)."""
    parts = name.replace("[", ".").replace("]", "").split(".")
    return parts[:2] == ["messages", "0"] and parts[-1] == "role"


@functools.cache
def _table() -> list[dict[str, Any]]:
    import yaml

    table: list[dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["servers"]
    return table


def dialect_of(url: str) -> Dialect:
    """Return what is known of a server by its address; that of OpenAI for any other."""
    row = _row_of(url) or {}
    return Dialect(
        row.get("token_limit", "max_tokens"),
        set(row.get("refuses", ())),
        renamed=row.get("renames", {}),
        implied=row.get("implies", {}),
    )


def is_provider(url: str) -> bool:
    """Return whether an address is that of a provider that is known."""
    return _row_of(url) is not None


def _row_of(url: str) -> dict[str, Any] | None:
    host = (urlsplit(url).hostname or "").lower()
    rows = (row for row in _table() if _fits(host, row["hosts"]))
    return next(rows, None)


def _fits(host: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(host, pattern) for pattern in patterns)
