"""From a batch that is done to responses: answers first, then what has none."""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from imhi import Response, finish_reasons
from imhi.plugins.models.openai_api.batch.ledger import Batch, Tried
from imhi.plugins.models.openai_api.batch.server import (
    BatchServer,
    BatchState,
    Refusal,
    Refused,
    Result,
)
from imhi.plugins.models.openai_api.batch.work import Work
from imhi.plugins.models.openai_api.failures import AGAIN, Failure, Kind, backoff
from imhi.plugins.models.openai_api.reply import Reply

_RANDOM = random.Random()

# Why a request has no line. Of a batch that was completed it may have been answered, and charged.
_SILENT = {
    "expired": Failure("passing", "the batch expired before it was asked"),
    "cancelled": Failure("request", "the batch was cancelled before it was asked"),
}
_LOST = Failure("passing", "the batch is completed and has no answer to it", billed=True)


@dataclass
class OddLines:
    """Lines of a batch's files that are not what was asked for."""

    garbled: int = 0
    strange: int = 0
    doubled: int = 0

    def summary(self) -> str:
        """Return how many there are of each kind; empty where there are none."""
        parts = (
            (self.garbled, "could not be read"),
            (self.strange, "named no request of it"),
            (self.doubled, "named a request that had a line before"),
        )
        return ", ".join(f"{count:,} {what}" for count, what in parts if count)


def collect(work: Work, server: BatchServer, batch: Batch, state: BatchState) -> Iterator[Response]:
    """Yield what a batch that is done has come to, and write down that it was collected when all of
    it was taken. What failed for a passing reason waits for another batch.

    Args:
        state: the batch as the server describes it.

    Raises:
        HarnessError: the files cannot be had (the batch stays to be collected), or what failed would
            fail in every batch.
    """
    mine = work.ids_of(batch)
    unasked = False
    if state.status == "failed":
        refusal = server.refusal(state, len(batch.ids))
        # It may repeat any post of the batch, and is told of each request.
        said = work.session.told(Failure("request", refusal.message))
        refusal = replace(refusal, message=said)
        unasked = refusal.full and _asks_for_less(work, batch)
        failures = _blame(batch, mine, refusal)
    else:
        refusal = Refusal("")
        work.room = min(work.options.batch_requests, 2 * work.room)
        failures = yield from _read(work, server, batch, state, set(mine))
    failed: set[str] = set()
    again: dict[str, Tried] = {}
    fatal = ""
    for id in mine:
        if id not in failures:
            continue
        failure, tried = failures[id], work.tried.get(id, Tried())
        spent = work.open[id].most if failure.billed else 0.0
        work.capabilities.assumed_cost += spent
        cost, attempts = work.settle(id, spent), tried.attempts + 1
        if unasked:
            again[id] = tried
        elif failure.kind == "content":
            yield work.response(id, cost, attempts, finish_reason=finish_reasons.FILTERED)
        elif failure.fatal or _adapts(work, batch, id, failure):
            if failure.fatal and not fatal:
                fatal = work.session.told(failure, work.request(id))
            again[id] = Tried(attempts, tried.retries, cost)
        elif failure.kind in AGAIN and tried.retries < work.options.retries:
            work.capabilities.retries += 1
            again[id] = Tried(attempts, tried.retries + 1, cost)
        else:
            failed.add(id)
            error = work.session.told(failure, work.request(id))
            yield work.response(id, cost, attempts, error=error)
    work.ledger.collected(batch, failed, again)
    work.capabilities.batches = [one.id for one in work.ledger.batches if one.step == "collected"]
    work.tried |= again
    work.put_back(again)
    _wait_before_asking_again(work, again, refusal)
    if fatal:
        raise work.session.error(fatal)


def _asks_for_less(work: Work, batch: Batch) -> bool:
    """Make do with the room a server has for what waits there: one batch after the other, and if it
    has no room for one alone, smaller ones. False where neither is possible."""
    work.crowded = True
    if batch.alone and len(batch.ids) > 1:
        work.room = len(batch.ids) // 2
        return True
    return not batch.alone


def _blame(batch: Batch, mine: Sequence[str], refusal: Refusal) -> dict[str, Failure]:
    """Return what the refusal of a whole batch means for each of its requests."""
    guilty = {batch.ids[line - 1] for line in refusal.lines}
    kind: Kind = "request"
    if refusal.fatal:
        kind = "quota"
    elif refusal.full or refusal.passing:
        kind = "passing"
    others = Failure("passing" if guilty else kind, refusal.message)
    return {id: Failure("request", refusal.message) if id in guilty else others for id in mine}


def _read(
    work: Work, server: BatchServer, batch: Batch, state: BatchState, rest: set[str]
) -> Generator[Response, None, dict[str, Failure]]:
    """Yield the answers in a batch's files; return why the other requests have none.

    Files with lines that cannot be read, or too few lines, are read once more: a copy may be bad.
    """
    known, failures, odd = set(batch.ids), dict[str, Failure](), OddLines()
    for _ in range(2):
        odd, came = OddLines(), set[str]()
        for read in _results(work, server, batch, state):
            if read is None:
                odd.garbled += 1
                continue
            id, outcome = read
            odd.strange += id not in known
            odd.doubled += id in came
            came.add(id)
            if id not in rest:
                continue
            if isinstance(outcome, Failure):
                failures.setdefault(id, outcome)
            else:
                rest.remove(id)
                failures.pop(id, None)
                yield _answer(work, id, outcome)
        missing = state.status == "completed" and not rest <= failures.keys()
        if not odd.garbled and not missing:
            break
    if odd.summary():
        work.session.note(
            f"{work.session.config.name}: of the lines of batch {batch.id}, {odd.summary()}; what has "
            "no answer is asked again, or counts as failed"
        )
    silent = _SILENT.get(state.status, _LOST)
    if odd.garbled or state.silence_may_cost:
        silent = replace(silent, billed=True)
    return {id: failures.get(id, silent) for id in rest}


def _results(work: Work, server: BatchServer, batch: Batch, state: BatchState) -> Iterator[Result]:
    try:
        yield from server.results(batch, state, work.folder)
    except Refused as error:
        raise work.lost(str(error)) from None


def _answer(work: Work, id: str, reply: Reply) -> Response:
    spent = work.session.record(reply, work.open[id].most, work.request(id))
    thought_open = work.session.opens_thought(work.request(id))
    return work.response(
        id,
        work.settle(id, spent),
        work.tried.get(id, Tried()).attempts + 1,
        **reply.fields(),
        thought_open=thought_open,
    )


def _adapts(work: Work, batch: Batch, id: str, failure: Failure) -> bool:
    """Return whether a request that was refused for a parameter is to go in another form."""
    if failure.kind != "parameter":
        return False
    now, then = work.capabilities.dialect, batch.dialect()
    if (now.token_limit, now.dropped, now.folded) != (then.token_limit, then.dropped, then.folded):
        return True  # Learnt from another line in the meantime.
    request = work.request(id)
    sent = set(work.session.payload(request, then))
    if request.system or work.session.config.generation.system:
        sent.add("system")
    return work.session.adapt(failure, sent)


def _wait_before_asking_again(work: Work, again: Mapping[str, Tried], refusal: Refusal) -> None:
    retries = max((tried.retries for tried in again.values()), default=0)
    wait = backoff(work.options.backoff, retries - 1, _RANDOM) if retries else 0.0
    if refusal.full and not work.owner:
        wait = max(wait, work.options.poll)
    work.not_before = max(work.not_before, time.monotonic() + wait)
