"""What the scheduling of batches asks of a provider, whatever its interface looks like."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from imhi import HarnessError, Request
from imhi.plugins.models.openai_api.batch.ledger import Batch
from imhi.plugins.models.openai_api.failures import Failure
from imhi.plugins.models.openai_api.reply import Reply

DONE = frozenset({"completed", "failed", "expired", "cancelled"})
"""The words for how batches end, by every provider. Any other means that it is still at work."""

Result = tuple[str, Reply | Failure] | None
"""A custom id of ours and what came of that request; None for what cannot be read."""


class Refused(HarnessError):
    """The server has refused for good: what was asked for was not done."""


@dataclass(frozen=True)
class BatchState:
    """How a batch stands. ``status`` is one of :data:`DONE`, or a word of the provider's own while it
    is at work. ``files`` hold its answers, where they are in files. ``readable``: if it is done, its
    answers can be had now; they may come a little later. ``silence_may_cost``: a request of which
    nothing is said may have been charged all the same, however the batch ended.

    A state without an ``id`` says that batches are at work of which one may be the one looked for:
    which it is shows when they are done.
    """

    id: str
    status: str
    files: tuple[str, ...] = ()
    readable: bool = True
    silence_may_cost: bool = False


UNDECIDED = BatchState("", "undecided")


@dataclass(frozen=True)
class Refusal:
    """Why a batch was refused as a whole; nothing of it was charged.

    ``full``: too much is waiting at the server. ``passing``: try again. ``fatal``: every other batch
    would fare alike. ``lines``: those that are to blame, from 1, where the server names them all.
    """

    message: str
    full: bool = False
    passing: bool = False
    fatal: bool = False
    lines: frozenset[int] = frozenset()


class BatchServer(Protocol):
    """A provider's batch interface. Every call is repeated until it is answered or pointless, and
    raises :class:`Refused` or another HarnessError then."""

    takes_files: bool
    """Requests are sent ahead as a file, from which the batch is made; otherwise they travel with the
    order for the batch."""

    def line(self, id: str, request: Request) -> bytes:
        """Return a request as a line of what is sent. May raise UnicodeEncodeError."""
        ...

    def upload(self, stream: BinaryIO, key: str) -> str:
        """Send a file of requests; return what the server calls it."""
        ...

    def create(
        self, batch: Batch, stream: BinaryIO | None, announce: Callable[[], None]
    ) -> BatchState:
        """Have a batch made, once: where it is not known what came of a try, the batch is looked for
        before the next one. ``announce`` is called before each try; ``stream`` holds the lines,
        where they travel with the order."""
        ...

    def find(self, batch: Batch, others: Collection[str]) -> BatchState | None:
        """Return the batch that was made of an order whose answer was lost; None where none was.
        ``others`` are the ids of batches that it cannot be."""
        ...

    def retrieve(self, id: str) -> BatchState:
        """Return how a batch stands."""
        ...

    def refusal(self, state: BatchState, size: int) -> Refusal:
        """Return why a batch of ``size`` requests has failed as a whole."""
        ...

    def results(self, batch: Batch, state: BatchState, folder: Path) -> Iterator[Result]:
        """Yield what a batch that is done has come to. Files lie in ``folder`` meanwhile."""
        ...
