"""Asks in batches: those under way first, then new ones, until all is answered. And sees to it that
nobody asks one by one what a batch is being paid for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, HarnessError, Request, Response
from imhi.plugins.models.openai_api.batch.collecting import collect
from imhi.plugins.models.openai_api.batch.ledger import Batch, open_ledger
from imhi.plugins.models.openai_api.batch.lines import custom_id
from imhi.plugins.models.openai_api.batch.sending import make, send, take_up
from imhi.plugins.models.openai_api.batch.server import Refused, Server
from imhi.plugins.models.openai_api.batch.work import Batching, Work
from imhi.plugins.models.openai_api.client_config import Learnt, Terms
from imhi.plugins.models.openai_api.prices import BATCH_SOURCE

_DONE = frozenset({"completed", "failed", "expired", "cancelled"})
_LOOKS_FOR_FILES = 10


def ask_in_batches(
    requests: Sequence[Request],
    terms: Terms,
    batching: Batching,
    context: Context,
    learnt: Learnt,
    scrub: Callable[[str], str],
    client: Any,
) -> Iterator[Response]:
    """Yield a response to every request, as far as the budget allows.

    It can be ended anywhere: what the server works on is taken up by the next call, in whichever
    process. ``latency`` of a response is unknown; ``attempts`` are the batches a request was in.

    Args:
        client: an ``openai.OpenAI`` that does not retry by itself.

    Raises:
        HarnessError: there is no run folder to keep the batches in, the server cannot be reached,
            refuses every batch, or does not know a batch that may have been paid for.
    """
    ledger = open_ledger(context, terms)
    folder = context.cache.folder
    if ledger is None or folder is None:
        raise HarnessError(
            f"{terms.name}: mode=batch keeps its batches in the run folder, so that none is paid for "
            "twice, and there is no run folder here (a worker of an executor, or a judge): use "
            "--executor local, or mode=live"
        )
    context.note(
        f"{terms.name}: answers came by the Batch API {_price_said(terms)}; a run that is stopped goes "
        "on with its batches when the same command is given again"
    )
    work = Work(
        requests, terms, batching, folder, ledger, context.budget, learnt, context.note, scrub
    )
    yield from _ask(work, Server(client, terms, learnt, scrub, batching.poll))


def _price_said(terms: Terms) -> str:
    if terms.price is None:
        return "(OpenAI takes half the price for that)"
    return "at half price" if BATCH_SOURCE in terms.price.source else "at the price given"


def _ask(work: Work, server: Server) -> Iterator[Response]:
    try:
        under_way = take_up(work)
        for batch in under_way:
            make(work, server, batch)
        while True:
            for sent in send(work, server):
                if isinstance(sent, Response):
                    yield sent
                else:
                    under_way.append(sent)
            if not under_way:
                return
            for batch, seen in _wait(work, server, under_way):
                under_way.remove(batch)
                yield from collect(work, server, batch, seen)
    finally:
        work.release()


def _wait(
    work: Work, server: Server, under_way: list[Batch]
) -> list[tuple[Batch, Mapping[str, Any]]]:
    """Look at the batches until some are done, and return those."""
    looks = 0
    while True:
        done = []
        for batch in under_way:
            seen = _look_at(work, server, batch)
            work.ledger.saw(batch, str(seen["status"]))
            if seen["status"] not in _DONE:
                continue
            if _names_its_files(seen):
                done.append((batch, seen))
            elif (looks := looks + 1) > _LOOKS_FOR_FILES:
                raise work.lost(
                    f"{work.terms.name}: {work.terms.url}: batch {batch.id} is {seen['status']} and "
                    "does not name the file of its answers; run the same command again later to "
                    "collect them"
                )
        if done:
            return done
        time.sleep(work.batching.poll)


def _look_at(work: Work, server: Server, batch: Batch) -> Mapping[str, Any]:
    try:
        return server.retrieve(batch.id)
    except Refused as error:
        raise work.lost(str(error)) from None


def _names_its_files(seen: Mapping[str, Any]) -> bool:
    """Return whether the file of answers is named where there are answers; it may come later."""
    counts = seen.get("request_counts")
    completed = counts.get("completed") if isinstance(counts, Mapping) else 0
    return bool(seen.get("output_file_id")) or not completed


def refuse_what_is_under_way(requests: Sequence[Request], terms: Terms, context: Context) -> None:
    """Let nobody ask one by one what may be in a batch.

    Raises:
        HarnessError: some of the requests are.
    """
    ledger = open_ledger(context, terms)
    if ledger is None or not ledger.batches:
        return
    ids = {custom_id(request) for request in requests}
    at_work = [batch for id, batch in ledger.owners(ids).items() if batch.may_answer(id)]
    if at_work:
        names = sorted({batch.id or f"{batch.number} of {ledger.path}" for batch in at_work})
        raise HarnessError(
            f"{terms.name}: {len(at_work):,} of {len(requests):,} requests are in batches that may "
            f"have been paid for ({', '.join(names[:3])}): add mode=batch to collect their answers, or "
            f"cancel the batches at the server and remove {ledger.path} to ask (and pay) again"
        )
