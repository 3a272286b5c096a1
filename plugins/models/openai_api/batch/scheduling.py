"""Asks in batches: those under way first, then new ones, until all is answered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from imhi import Context, HarnessError, Request, Response
from imhi.plugins.models.openai_api.batch.collecting import collect
from imhi.plugins.models.openai_api.batch.ledger import Batch, open_ledger
from imhi.plugins.models.openai_api.batch.sending import make, send, take_up
from imhi.plugins.models.openai_api.batch.server import DONE, BatchServer, BatchState, Refused
from imhi.plugins.models.openai_api.batch.work import Work
from imhi.plugins.models.openai_api.client_config import ClientConfig, Session
from imhi.plugins.models.openai_api.credentials import Secrets
from imhi.plugins.models.openai_api.prices import batch_words
from imhi.plugins.models.openai_api.providers import provider_of

_LOOKS_FOR_FILES = 10


def ask_in_batches(
    requests: Sequence[Request], session: Session, context: Context, secrets: Secrets
) -> Iterator[Response]:
    """Yield a response to every request, as far as the budget allows.

    It can be ended anywhere: what the server works on is taken up by the next call, in whichever
    process. ``latency`` of a response is unknown; ``attempts`` are the batches a request was in.

    Args:
        secrets: what the server knows the account by.

    Raises:
        HarnessError: there is no run folder to keep the batches in, the server cannot be reached,
            refuses every batch, or does not know a batch that may have been paid for.
    """
    config = session.config
    ledger = open_ledger(context, config)
    folder = context.cache.folder
    if ledger is None or folder is None:
        raise HarnessError(
            f"{config.name}: mode=batch keeps its batches in the run folder, so that none is paid for "
            "twice, and there is no run folder here (a worker of an executor, or a judge): use "
            "--executor local, or mode=live"
        )
    provider = provider_of(config.scheme)
    context.note(
        f"{config.name}: answers came by the Batch API {_price_text(config)}; a run that is stopped goes "
        "on with its batches when the same command is given again"
    )
    session = replace(session, batched=requests)
    work = Work(requests, session, folder, ledger)
    with provider.open_batches(session, secrets) as server:
        yield from _ask(work, server)


def _price_text(config: ClientConfig) -> str:
    provider = provider_of(config.scheme)
    if config.price is None:
        return f"({provider.title} takes half the price of most models for that)"
    return batch_words(config.price)


def _ask(work: Work, server: BatchServer) -> Iterator[Response]:
    try:
        under_way = [batch for batch in take_up(work) if make(work, server, batch)]
        while True:
            for sent in send(work, server):
                if isinstance(sent, Response):
                    yield sent
                else:
                    under_way.append(sent)
            if not under_way:
                return
            for batch, state in _wait(work, server, under_way):
                under_way.remove(batch)
                yield from collect(work, server, batch, state)
    finally:
        work.release()


def _wait(
    work: Work, server: BatchServer, under_way: list[Batch]
) -> list[tuple[Batch, BatchState]]:
    """Look at the batches until some are done, and return those; empty where one turned out never to
    have been made, which leaves ``under_way``."""
    looks = 0
    while True:
        done: list[tuple[Batch, BatchState]] = []
        for batch in list(under_way):
            if batch.step == "creating":
                # Others are at work of which one may be it.
                if not make(work, server, batch):
                    under_way.remove(batch)
                    return done
                continue
            state = _look_at(work, server, batch)
            work.ledger.saw(batch, state.status)
            if state.status not in DONE:
                continue
            if state.readable:
                done.append((batch, state))
            elif (looks := looks + 1) > _LOOKS_FOR_FILES:
                text = (
                    f"batch {batch.id} is {state.status} and does not name the file of its answers; "
                    "run the same command again later to collect them"
                )
                raise work.lost(str(work.session.error(text)))
        if done:
            return done
        time.sleep(work.options.poll)


def _look_at(work: Work, server: BatchServer, batch: Batch) -> BatchState:
    try:
        return server.retrieve(batch.id)
    except Refused as error:
        raise work.lost(str(error)) from None
