"""When no further request is worth sending: what happens to one after the other happens to all."""

from __future__ import annotations

import re
from collections.abc import Mapping

from imhi.plugins.models.openai_api.failures import AT_ONCE, Failure, Kind

IN_A_ROW: Mapping[Kind, int] = {
    "denied": 3,
    "not_found": 3,
    "foreign": 3,
    "rate": 3,
    "passing": 10,
    "ill_formed": 10,
    "unreachable": 10,
    # Refusals of the requests themselves: only the first ones of a run, all in the same words.
    "request": 10,
    "parameter": 10,
}
"""How many requests in a row may come to the same end, none answered in between, before the run
stops. What is not here concerns one request alone."""
ANYHOW_IN_A_ROW = 20
"""The same where they end in different ways, none of which is an answer."""

_LATER = "run the same command again later"
_SETTINGS = (
    "what is asked is not what the server takes: leave settings out with body.NAME=null, "
    "see docs/servers.md"
)
_ADVICE: Mapping[Kind, str] = {
    "foreign": "is base_url= right (it usually ends in /v1), and api=?",
    "rate": _LATER,
    "passing": _LATER,
    "ill_formed": "is base_url= right, and api=?",
    "unreachable": _LATER,
    "request": _SETTINGS,
    "parameter": _SETTINGS,
}


class GivingUp:
    """Follows what becomes of the requests of one call, in the order in which they end.

    Args:
        pauses: rate limits that may follow each other without any answer, before the server is taken to
            answer with nothing else.
    """

    def __init__(self, pauses: int) -> None:
        self.pauses = pauses
        self._answered = False
        self._alike = ""
        self._in_a_row = 0
        self._unanswered = 0
        self._paused = 0

    def answered(self) -> None:
        """Take note that the server can answer."""
        self._answered = True
        self._in_a_row = self._paused = self._unanswered = 0

    def paused(self) -> str:
        """Take note that everyone was told to wait; return why to give up, or an empty text."""
        self._paused += 1
        if self._paused <= self.pauses:
            return ""
        return (
            f"the server answers nothing but HTTP 429, {self._paused} pauses in a row; run the same "
            "command again later, with a smaller concurrency= or max_requests_per_minute= if that is why"
        )

    def failed(self, failure: Failure, message: str) -> str:
        """Take note of a request that is not asked again; return why to give up, or an empty text.

        Args:
            message: what is told of the failure.
        """
        kind = failure.kind
        if kind in AT_ONCE or (kind in ("denied", "not_found") and not self._answered):
            return message
        refused = kind in ("request", "parameter")
        if kind not in IN_A_ROW or (refused and self._answered):
            self._in_a_row = 0
            return ""
        # Numbers of requests and the like stand in many a sentence.
        alike = re.sub(r"\S*\d\S*", "#", message) if refused else kind
        self._unanswered += not refused
        self._in_a_row = self._in_a_row + 1 if alike == self._alike else 1
        self._alike = alike
        if self._in_a_row >= IN_A_ROW[kind]:
            said = f"{self._in_a_row} requests in a row failed alike: {message}"
        elif self._unanswered >= ANYHOW_IN_A_ROW:
            said = f"{self._unanswered} requests in a row had no answer, the last: {message}"
        else:
            return ""
        return "; ".join(filter(None, (said, _ADVICE.get(kind, ""))))
