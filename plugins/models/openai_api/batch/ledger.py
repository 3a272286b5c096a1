"""What is kept of every batch, so that a process that died anywhere is gone on with.

Up to three rows a batch, by its number: ``N holds`` (its requests, written once), ``N`` (how far it
has come) and ``N left`` (what it did not answer). A request belongs to the latest batch that holds
it. Whether a request is still to be answered is not asked here: those that are come with the call.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from imhi import Context, HarnessError
from imhi.plugins.models.openai_api.client_config import ClientConfig
from imhi.plugins.models.openai_api.dialect import Dialect
from imhi.runs import Cache

Step = Literal["planned", "uploaded", "creating", "created", "collected", "dropped"]
"""``creating`` is written before the server is asked for the batch and ``created`` once its id is
known: in between it may be there or not. ``dropped`` was never asked for."""


class Tried(NamedTuple):
    """What was done for a request so far: times it was asked, times it was asked *again* for a
    passing reason, and what that cost in US dollars (None where no price is known)."""

    attempts: int = 0
    retries: int = 0
    cost: float | None = None


@dataclass
class Batch:
    """One batch. ``key`` tells it from all others and goes with it to the server; ``ids`` are the
    custom ids of its requests, a line each; ``before`` is what was done for them earlier. ``file``
    is what the server calls the file of requests (where there is none: what the batch is found again
    by) and ``id`` what it calls the batch; ``since`` is when the server was asked for it (seconds
    since 1970). ``failed`` were given up, ``again`` were to be asked again. ``alone``, which is not
    kept: no other batch of ours was at work when it was sent."""

    number: int
    key: str
    ids: tuple[str, ...]
    before: Mapping[str, Tried]
    token_limit: str
    left_out: tuple[str, ...]
    step: Step = "planned"
    file: str = ""
    id: str = ""
    status: str = ""
    since: float = 0.0
    failed: set[str] = field(default_factory=set)
    again: dict[str, Tried] = field(default_factory=dict)
    alone: bool = False

    def dialect(self) -> Dialect:
        """Return the dialect its requests are written in."""
        return Dialect(self.token_limit, set(self.left_out))

    def may_answer(self, id: str) -> bool:
        """Return whether the server has, or may have, been asked for this request, and what came of
        it is not known: asking anywhere else could be paid for twice."""
        if self.step == "collected":
            # Answered, by what was read; but the answer is not among those that were written.
            return id not in self.failed and id not in self.again
        return self.step in ("creating", "created")

    def tried(self, id: str) -> Tried:
        """Return what was done for a request before the attempt that is to come or under way."""
        nothing = self.before.get(id, Tried())
        if self.step != "collected":
            return nothing
        # What failed was reported with its cost: the next time begins anew.
        return Tried() if id in self.failed else self.again.get(id, nothing)


class Ledger:
    """The batches of one model, as kept in the run folder.

    Raises:
        HarnessError: rows are missing: what was paid for is not known.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.batches: list[Batch] = list(_read(cache))
        rows = sum(2 + (f"{batch.number} left" in cache) for batch in self.batches)
        # A process may have died between the first two rows of a batch.
        rows += f"{len(self.batches) + 1} holds" in cache
        if rows != len(cache):
            raise _damaged(cache, len(self.batches) + 1)

    @property
    def path(self) -> str:
        """Return the file the batches are kept in, for messages."""
        return str(self._cache.path)

    def plan(self, ids: Sequence[str], before: Mapping[str, Tried], dialect: Dialect) -> Batch:
        """Write down a batch that is to be; nothing was sent yet."""
        batch = Batch(
            len(self.batches) + 1,
            uuid.uuid4().hex,
            tuple(ids),
            dict(before),
            dialect.token_limit,
            tuple(sorted(dialect.dropped)),
        )
        self._put(
            f"{batch.number} holds",
            {
                "ids": batch.ids,
                "before": batch.before,
                "token_limit": batch.token_limit,
                "left_out": batch.left_out,
            },
        )
        self.batches.append(batch)
        self._write(batch)
        return batch

    def uploaded(self, batch: Batch, file: str) -> None:
        """Write down that the server has the file of requests."""
        batch.step, batch.file = "uploaded", file
        self._write(batch)

    def creating(self, batch: Batch) -> None:
        """Write down that the server is about to be asked for the batch."""
        batch.step, batch.since = "creating", time.time()
        self._write(batch)

    def created(self, batch: Batch, id: str, status: str) -> None:
        """Write down the id of the batch that the server has made."""
        batch.step, batch.id, batch.status = "created", id, status
        self._write(batch)

    def dropped(self, batch: Batch) -> None:
        """Write down that the server was never asked for the batch, or has refused to make it."""
        batch.step = "dropped"
        self._write(batch)

    def saw(self, batch: Batch, status: str) -> None:
        """Write down a status, where it is news."""
        if status != batch.status:
            batch.status = status
            self._write(batch)

    def collected(self, batch: Batch, failed: Collection[str], again: Mapping[str, Tried]) -> None:
        """Write down what a batch left, and then that it was collected. To be called when the
        answers have been taken over by whoever writes them."""
        batch.failed.update(failed)
        batch.again.update(again)
        self._put(f"{batch.number} left", {"failed": sorted(batch.failed), "again": batch.again})
        batch.step = "collected"
        self._write(batch)

    def owners(self, ids: Collection[str]) -> dict[str, Batch]:
        """Return the latest batch, of those not dropped, that holds each of these requests."""
        return {
            id: batch
            for batch in self.batches
            if batch.step != "dropped"
            for id in batch.ids
            if id in ids
        }

    def _write(self, batch: Batch) -> None:
        names = ("key", "step", "file", "id", "status", "since")
        self._put(str(batch.number), {name: getattr(batch, name) for name in names})

    def _put(self, key: str, value: Any) -> None:
        self._cache.put(key, value)
        # Closed, it is on the disk: a power cut must not forget a batch that was paid for.
        self._cache.close()


def _read(cache: Cache) -> Iterator[Batch]:
    number = 0
    while (state := cache.get(str(number := number + 1))) is not None:
        holds = cache.get(f"{number} holds")
        if holds is None:
            raise _damaged(cache, number)
        left = cache.get(f"{number} left") or {}
        yield Batch(
            number=number,
            ids=tuple(holds["ids"]),
            before=_tried(holds["before"]),
            token_limit=holds["token_limit"],
            left_out=tuple(holds["left_out"]),
            failed=set(left.get("failed", ())),
            again=_tried(left.get("again", {})),
            **state,
        )


def _damaged(cache: Cache, number: int) -> HarnessError:
    return HarnessError(
        f"{cache.path}: lines about batch {number} are missing, expected all that were written: restore "
        "the file, or cancel the batches at the server and remove it to ask (and pay) again"
    )


def _tried(row: Mapping[str, Sequence[Any]]) -> dict[str, Tried]:
    return {id: Tried(*values) for id, values in row.items()}


def open_ledger(context: Context, config: ClientConfig) -> Ledger | None:
    """Return what is kept of this model's batches; None where there is no run folder to keep it in
    (a worker on another machine, a judge)."""
    if context.cache.folder is None:
        return None
    identity = {
        "url": config.url,
        "model": config.model,
        "api": config.options.api,
        "generation": config.generation.to_json(),
        "seed": config.seed,
    }
    return Ledger(context.cache.open(f"{config.scheme}-batch", identity))
