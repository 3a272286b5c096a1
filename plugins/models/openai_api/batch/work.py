"""The requests of one call that have no answer yet, and the money set aside for them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi import HarnessError, Request, Response
from imhi.plugins.models.openai_api.batch.ledger import Batch, Ledger, Tried
from imhi.plugins.models.openai_api.batch.lines import custom_id
from imhi.plugins.models.openai_api.client_config import Session


@dataclass(frozen=True, slots=True)
class Open:
    """A request without an answer: where it stands among those asked for, what its response must
    name, and the most one attempt can cost, in US dollars."""

    index: int
    id: str
    dataset: str
    prompt_hash: str
    most: float


class Work:
    """What is to be done, by custom id. ``owner`` is the batch at work on a request; a request
    without one is ``waiting``. Prompts stay where ``requests`` has them. ``folder`` is where files
    lie while they are at work.

    ``room`` is how many requests a batch may hold by what the server took so far; on a ``crowded``
    server one batch follows another; ``not_before`` (monotonic seconds) is when it may be asked for
    the next.
    """

    def __init__(
        self, requests: Sequence[Request], session: Session, folder: Path, ledger: Ledger
    ) -> None:
        self.session = session
        self.options = session.config.options
        self.capabilities = session.capabilities
        self.budget = session.budget
        self.folder = folder
        self.ledger = ledger
        self.open: dict[str, Open] = {}
        self.tried: dict[str, Tried] = {}
        self.owner: dict[str, Batch] = {}
        self.waiting: list[str] = []
        self.room = self.options.batch_requests
        self.crowded = False
        self.not_before = 0.0
        self._requests = requests
        self._held: dict[str, float] = {}
        for index, request in enumerate(requests):
            id = custom_id(request)
            while id in self.open:  # the same request twice is two lines, not one
                id += "+"
            self.open[id] = Open(
                index,
                request.id,
                request.dataset,
                request.prompt_hash,
                session.most_cost(request),
            )

    def request(self, id: str) -> Request:
        """Return the request behind a custom id."""
        return self._requests[self.open[id].index]

    def ids_of(self, batch: Batch) -> list[str]:
        """Return the requests that wait for this batch."""
        return [id for id in batch.ids if self.owner.get(id) is batch]

    # --- money -----------------------------------------------------------------------------------

    def fits(self, ids: Iterable[str]) -> bool:
        """Return whether the budget has room for an attempt at each of these."""
        return self.session.fits(sum(self.open[id].most for id in ids))

    def reserve(self, ids: Iterable[str]) -> None:
        """Set money aside that is, or is about to be, the server's, whether it fits or not: a batch
        that is there is paid for, and leaves that much less for others."""
        for id in ids:
            self._held[id] = self.open[id].most
            self.budget.reserved += self._held[id]

    def settle(self, id: str, spent: float) -> float | None:
        """Turn what was set aside for an attempt into what it cost; return the cost of all attempts
        at this request, None where no price is known."""
        self.budget.settle(self._held.pop(id, 0.0), spent)
        if self.session.config.price is None:
            return None
        return (self.tried.get(id, Tried()).cost or 0.0) + spent

    def release(self) -> None:
        """Give back what is still set aside: the next call sets it aside anew."""
        for amount in self._held.values():
            self.budget.settle(amount, 0.0)
        self._held = {}

    # --- answers ---------------------------------------------------------------------------------

    def response(self, id: str, cost: float | None, attempts: int, **fields: Any) -> Response:
        """Return the response to a request, which is done with that."""
        one = self.open.pop(id)
        self.owner.pop(id, None)
        return Response(
            one.id, one.dataset, one.prompt_hash, attempts=attempts, cost=cost, **fields
        )

    def put_back(self, ids: Iterable[str]) -> None:
        """Let requests wait for another batch, in the order in which they were asked for."""
        for id in ids:
            self.owner.pop(id, None)
            self.waiting.append(id)
        self.waiting.sort(key=lambda id: self.open[id].index)

    def give_back(self, ids: Sequence[str]) -> None:
        """Let requests wait that were in a batch which was never made."""
        for id in ids:
            self.budget.settle(self._held.pop(id, 0.0), 0.0)
        self.put_back(ids)

    def lost(self, why: str) -> HarnessError:
        """Return the error where answers that were paid for cannot be had."""
        return HarnessError(
            f"{why}; to give the batch up, and ask (and pay) again, remove {self.ledger.path}"
        )

    def rest(self) -> None:
        """Wait until the server may be asked for another batch."""
        time.sleep(max(0.0, self.not_before - time.monotonic()))
