"""How to ask, what the answers told about the server, and what both mean in money; the same whether
requests are sent one by one or in batches."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from imhi import Budget, Generation, HarnessError, Request, ThoughtFormat, ends_in_thought
from imhi.plugins.models.openai_api.arguments import OpenAIArguments
from imhi.plugins.models.openai_api.choosing import Probe, constraint_text
from imhi.plugins.models.openai_api.failures import Failure, classify
from imhi.plugins.models.openai_api.prices import Price, most_tokens
from imhi.plugins.models.openai_api.wire import (
    Dialect,
    Payload,
    Reply,
    payload,
    read_reply,
    schema_text,
)


@dataclass(frozen=True)
class ClientConfig:
    """How to ask. ``url`` is fit to be shown; ``price`` None where none is known; ``scheme`` is that of
    the model's family, by which the provider is known."""

    name: str
    model: str
    url: str
    generation: Generation
    seed: int
    price: Price | None
    options: OpenAIArguments
    scheme: str = "openai"


@dataclass
class ServerCapabilities:
    """What the answers told about the server. ``assumed_cost`` is the part of the cost, in US
    dollars, of attempts whose fate is unknown (time-outs, lost or garbled answers) or whose usage
    the server did not report; they count as the most they can have cost. ``batches`` are the ids of
    those that were collected, by earlier processes too. ``choice_form`` is how the server holds
    answers to a choice, found out by a probe; ``probes`` say what it answered."""

    dialect: Dialect
    models: set[str] = field(default_factory=set)
    fingerprints: set[str] = field(default_factory=set)
    adapted: list[str] = field(default_factory=list)
    assumed_cost: float = 0.0
    retries: int = 0
    rate_limit_pauses: int = 0
    batches: list[str] = field(default_factory=list)
    choice_form: str = ""
    probes: list[Probe] = field(default_factory=list)


@dataclass(frozen=True)
class Session:
    """One call of a model: how it asks, what it pays with, and what it has found out.

    ``note`` is told once of everything a reader of the scores must know; ``scrub`` makes a
    server's message fit to be written.
    """

    config: ClientConfig
    capabilities: ServerCapabilities
    budget: Budget
    note: Callable[[str], None]
    scrub: Callable[[str], str]
    thought_formats: Sequence[ThoughtFormat] = ()

    def payload(self, request: Request, dialect: Dialect | None = None) -> Payload:
        """Return the body to send, in the form the server takes by what is known of it."""
        config = self.config
        return payload(
            request,
            config.model,
            config.options.api,
            config.generation,
            config.seed,
            dialect or self.capabilities.dialect,
            self.capabilities.choice_form if request.choices else "",
        )

    def read(self, answer: object) -> Reply:
        """Read an answer; see :func:`read_reply`."""
        return read_reply(answer, self.config.options.api, self.thought_formats)

    def opens_thought(self, request: Request) -> bool:
        """Say whether the prompt that was sent ends in a thought; with api=chat only the server
        knows."""
        bare = self.config.options.api == "completions"
        return bare and ends_in_thought(request.prompt, self.thought_formats)

    def most_cost(self, request: Request) -> float:
        """Return the most one attempt can cost, in US dollars (0 where no price is known)."""
        price, generation = self.config.price, self.config.generation
        if price is None:
            return 0.0
        schema = schema_text(self.config.options.api, generation)
        schema += constraint_text(request.choices)
        prompt_tokens = most_tokens(request.system or generation.system, request.prompt, schema)
        return price.cost(prompt_tokens, generation.max_new_tokens or 0)

    def fits(self, amount: float) -> bool:
        """Return whether the budget has room for so many US dollars, beside what is set aside."""
        budget = self.budget
        return budget.limit is None or budget.spent + budget.reserved + amount <= budget.limit

    def record(self, reply: Reply, most: float) -> float:
        """Remember what an answer tells of the server; return what it cost, in US dollars: ``most``
        where the server reports no usage."""
        price, capabilities = self.config.price, self.capabilities
        if reply.model:
            capabilities.models.add(reply.model)
        if reply.fingerprint:
            capabilities.fingerprints.add(reply.fingerprint)
        if price is None:
            return 0.0
        if reply.prompt_tokens is None or reply.completion_tokens is None:
            capabilities.assumed_cost += most
            self.note(
                f"{self.config.name}: the server reports no token usage; costs are upper bounds"
            )
            return most
        return price.cost(reply.prompt_tokens, reply.completion_tokens)

    def failure(self, error: Exception) -> Failure:
        """Return what an exception of an attempt means; its message is not scrubbed yet."""
        return classify(error, self.config.options.timeout, self.config.options.key_env)

    def adapt(self, failure: Failure, sent: Collection[str]) -> bool:
        """Learn from a refused parameter; return whether there was something new to learn."""
        # What holds an answer to a choice is not given up for an answer.
        sent = set(sent) - {self.capabilities.choice_form}
        change = self.capabilities.dialect.learn(failure.detail, sent, failure.parameter)
        if change:
            self.capabilities.adapted.append(change)
            self.note(f"{self.config.name}: the server does not take every setting: {change}")
        return bool(change)

    def error(self, text: str) -> HarnessError:
        """Return an error that names the model and the server."""
        return HarnessError(f"{self.config.name}: {self.config.url}: {text}")
