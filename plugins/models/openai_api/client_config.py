"""How to ask, what the answers told about the server, and what both mean in money; the same whether
requests are sent one by one or in batches."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from imhi import Generation, Request
from imhi.plugins.models.openai_api.failures import Failure
from imhi.plugins.models.openai_api.prices import Price, most_tokens
from imhi.plugins.models.openai_api.wire import Dialect, Reply, schema_text


@dataclass(frozen=True)
class Terms:
    """How to ask. ``timeout`` and ``backoff`` in seconds; ``key_variable`` is named in messages."""

    name: str
    model: str
    url: str
    api: str
    generation: Generation
    seed: int
    timeout: float
    concurrency: int
    retries: int
    backoff: float
    per_minute: int | None
    key_variable: str
    price: Price | None


@dataclass
class Learnt:
    """What the answers told about the server. ``assumed_cost`` is the part of the cost, in US
    dollars, of attempts whose fate is unknown (time-outs, lost or garbled answers) or whose usage
    the server did not report; they count as the most they can have cost. ``batches`` are the ids of
    those that were collected, by earlier processes too."""

    dialect: Dialect
    models: set[str] = field(default_factory=set)
    fingerprints: set[str] = field(default_factory=set)
    adapted: list[str] = field(default_factory=list)
    assumed_cost: float = 0.0
    retries: int = 0
    rate_limit_pauses: int = 0
    batches: list[str] = field(default_factory=list)


def most_cost(terms: Terms, request: Request) -> float:
    """Return the most one attempt can cost, in US dollars (0 where no price is known)."""
    price, generation = terms.price, terms.generation
    if price is None:
        return 0.0
    texts = (request.system or generation.system, request.prompt)
    prompt_tokens = most_tokens(*texts, schema_text(terms.api, generation))
    return price.cost(prompt_tokens, generation.max_new_tokens or 0)


def take_note_of(
    reply: Reply, most: float, terms: Terms, learnt: Learnt, note: Callable[[str], None]
) -> float:
    """Remember what an answer tells of the server; return what it cost, in US dollars: ``most``
    where the server reports no usage."""
    if reply.model:
        learnt.models.add(reply.model)
    if reply.fingerprint:
        learnt.fingerprints.add(reply.fingerprint)
    if terms.price is None:
        return 0.0
    if reply.prompt_tokens is None or reply.completion_tokens is None:
        learnt.assumed_cost += most
        note(f"{terms.name}: the server reports no token usage; costs are upper bounds")
        return most
    return terms.price.cost(reply.prompt_tokens, reply.completion_tokens)


def adapt(
    terms: Terms,
    learnt: Learnt,
    failure: Failure,
    sent: Collection[str],
    note: Callable[[str], None],
) -> bool:
    """Learn from a refused parameter; return whether there was something new to learn."""
    change = learnt.dialect.learn(failure.detail, sent, failure.parameter)
    if change:
        learnt.adapted.append(change)
        note(f"{terms.name}: the server does not take every setting: {change}")
    return bool(change)
