"""From requests that wait to batches the server works on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from imhi import Response
from imhi.io import disk_error
from imhi.plugins.models.openai_api.batch.ledger import Batch, Tried
from imhi.plugins.models.openai_api.batch.server import BatchServer, Refused
from imhi.plugins.models.openai_api.batch.work import Work


def take_up(work: Work) -> list[Batch]:
    """Sort the requests by what is known of them; return the batches that may be at the server
    already, and those whose file is there and can be used. All others wait.

    Nothing is sent here.
    """
    ledger = work.ledger
    for batch in ledger.batches:
        if batch.step == "planned":
            ledger.dropped(batch)
    owners = ledger.owners(work.open)
    for id, batch in owners.items():
        if batch.may_answer(id):
            work.owner[id] = batch
    work.reserve(work.owner)
    for batch in ledger.batches:
        if batch.step != "uploaded":
            continue
        # A file that holds more than is wanted now (or than may be paid) is of no use.
        wanted = all(owners.get(id) is batch for id in batch.ids)
        if wanted and work.fits(batch.ids):
            work.owner |= dict.fromkeys(batch.ids, batch)
            work.reserve(batch.ids)
        else:
            ledger.dropped(batch)
    for id, batch in ledger.owners(work.open).items():
        work.tried[id] = batch.tried(id)
        # What earlier attempts cost stands in no response yet, so it is not counted so far.
        work.budget.settle(0.0, work.tried[id].cost or 0.0)
    work.waiting = [id for id in work.open if id not in work.owner]
    _take_over_dialect(work)
    return [batch for batch in ledger.batches if work.ids_of(batch)]


def _take_over_dialect(work: Work) -> None:
    """Go on with what an earlier process learnt of the parameters the server takes."""
    if work.ledger.batches and not work.capabilities.dialect.changes:
        known, dialect = work.ledger.batches[-1].dialect(), work.capabilities.dialect
        dialect.token_limit, dialect.dropped = known.token_limit, known.dropped


def fill(work: Work, server: BatchServer, stream: BinaryIO) -> tuple[list[str], list[Response]]:
    """Write requests that wait to the lines of one batch: as many as a batch may hold and as the
    budget has room for, whose money is set aside.

    Returns:
        Their custom ids, and responses to those that cannot be sent at all.
    """
    ids: list[str] = []
    size, passed = 0, 0
    hopeless: list[Response] = []
    for id in work.waiting:
        if len(ids) >= work.room or not work.fits([id]):
            break
        try:
            line = server.line(id, work.request(id))
            error = (
                f"the request has {len(line):,} bytes, a batch {work.options.batch_bytes:,} at most"
            )
        except UnicodeEncodeError as bad:
            line, error = b"", f"the prompt cannot be sent: {bad}"
        if not line or len(line) > work.options.batch_bytes:
            tried = work.tried.get(id, Tried())
            hopeless.append(work.response(id, tried.cost, tried.attempts or 1, error=error))
        elif size + len(line) > work.options.batch_bytes:
            break
        else:
            work.reserve([id])
            stream.write(line)
            ids.append(id)
            size += len(line)
        passed += 1
    work.waiting = work.waiting[passed:]
    stream.flush()
    return ids, hopeless


def send(work: Work, server: BatchServer) -> Iterator[Batch | Response]:
    """Send what waits, batch by batch, as far as the budget allows.

    Yields each batch that is at work, and responses to requests that cannot be sent at all.

    Raises:
        HarnessError: the server cannot be reached, or refuses every batch.
    """
    while work.waiting and not (work.crowded and work.owner):
        if not work.fits(work.waiting[:1]):
            if not work.owner:
                # Asked only now, so that the budget knows it is exhausted.
                work.budget.reserve(work.open[work.waiting[0]].most)
                work.waiting = []
            return
        work.rest()
        work.folder.mkdir(parents=True, exist_ok=True)
        try:
            stream = tempfile.TemporaryFile(dir=work.folder)  # noqa: SIM115 - closed below
        except OSError as error:
            raise disk_error(error, work.folder) from error
        with stream:
            try:
                ids, hopeless = fill(work, server, stream)
            except OSError as error:
                raise disk_error(error, work.folder) from error
            yield from hopeless
            if not ids:
                continue
            before = {id: work.tried[id] for id in ids if work.tried.get(id, Tried()).attempts}
            batch = work.ledger.plan(ids, before, work.capabilities.dialect)
            batch.alone = not work.owner
            work.owner |= dict.fromkeys(ids, batch)
            if server.takes_files:
                work.ledger.uploaded(batch, server.upload(stream, batch.key))
            make(work, server, batch, stream)
        yield batch


def make(work: Work, server: BatchServer, batch: Batch, stream: BinaryIO | None = None) -> bool:
    """Have the server make a batch, unless that was done.

    Args:
        stream: the lines of its requests; None if they were sent by an earlier process.

    Returns:
        Whether the batch is, or may be, at work. If it never was made and its requests would have to
        be sent once more, they wait for another one.

    Raises:
        HarnessError: the server will not, or does not tell whether it has.
    """
    if batch.step in ("created", "collected"):
        return True
    made = None
    if batch.step == "creating":
        others = {other.id for other in work.ledger.batches if other.id}
        made = server.find(batch, others)
    if made is None:
        if stream is None and not server.takes_files:
            work.ledger.dropped(batch)
            work.give_back(work.ids_of(batch))
            return False
        try:
            made = server.create(batch, stream, lambda: work.ledger.creating(batch))
        except Refused:
            work.ledger.dropped(batch)
            raise
    if made.id:
        work.ledger.created(batch, made.id, made.status)
    return True
