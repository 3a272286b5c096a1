"""Sees to it that nobody asks one by one what a batch is being paid for."""

from __future__ import annotations

from collections.abc import Sequence

from imhi import Context, HarnessError, Request
from imhi.plugins.models.openai_api.batch.ledger import open_ledger
from imhi.plugins.models.openai_api.batch.lines import custom_id
from imhi.plugins.models.openai_api.client_config import ClientConfig


def refuse_what_is_under_way(
    requests: Sequence[Request], config: ClientConfig, context: Context
) -> None:
    """Let nobody ask one by one what may be in a batch.

    Raises:
        HarnessError: some of the requests are.
    """
    ledger = open_ledger(context, config)
    if ledger is None or not ledger.batches:
        return
    ids = {custom_id(request) for request in requests}
    at_work = [batch for id, batch in ledger.owners(ids).items() if batch.may_answer(id)]
    if at_work:
        names = sorted({batch.id or f"{batch.number} of {ledger.path}" for batch in at_work})
        raise HarnessError(
            f"{config.name}: {len(at_work):,} of {len(requests):,} requests are in batches that may "
            f"have been paid for ({', '.join(names[:3])}): add mode=batch to collect their answers, or "
            f"cancel the batches at the server and remove {ledger.path} to ask (and pay) again"
        )
