"""How to ask, what the answers told about the server, and what both mean in money; the same whether
requests are sent one by one or in batches."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

from imhi import Budget, Generation, HarnessError, Request, ThoughtFormat, ends_in_thought
from imhi.plugins.models.openai_api.arguments import OpenAIArguments
from imhi.plugins.models.openai_api.choosing import Probe, constraint_text
from imhi.plugins.models.openai_api.dialect import Dialect
from imhi.plugins.models.openai_api.failures import Failure, NoAnswer
from imhi.plugins.models.openai_api.masking import Mask
from imhi.plugins.models.openai_api.prices import Price, most_tokens
from imhi.plugins.models.openai_api.reply import Reply, cut_at_stop, read_reply
from imhi.plugins.models.openai_api.server_errors import error_under_success, read_error
from imhi.plugins.models.openai_api.transport import Answer, causes, read_connection_error
from imhi.plugins.models.openai_api.wire import Payload, payload, schema_text

_NAME = re.compile(r"[A-Za-z0-9_./:@+()-]{1,200}")
_MOST_NAMES = 20
_TEXTS = ("text", "thought", "finish_reason", "model", "fingerprint")
"""What a server may put a text into of which something is kept."""


@dataclass(frozen=True)
class ClientConfig:
    """How to ask. ``url`` is fit to be shown; ``price`` None where none is known; ``scheme`` is that of
    the model's family, by which the provider is known; ``key`` what messages call the key."""

    name: str
    model: str
    url: str
    generation: Generation
    seed: int
    price: Price | None
    options: OpenAIArguments
    scheme: str = "openai"
    key: str = "the key"


@dataclass
class ServerCapabilities:
    """What the answers told about the server.

    Attributes:
        engine: what the server told of itself.
        assumed_cost: the part of the cost, in US dollars, of attempts whose fate is unknown (time-outs,
            lost or garbled answers) or whose usage the server did not report; they count as the most
            they can have cost.
        batches: the ids of those that were collected, by earlier processes too.
        choice_form: how the server holds answers to a choice, found out by a probe; ``probes`` say
            what it answered.
        schema_heeded: an answer came to a request with a schema.
        shortened: answers that ended before the tokens they might have had: the window was full.
        recent: posts that were sent of late.
        next_slot: when the next request may be sent, by the clock of event loops.
    """

    dialect: Dialect
    engine: dict[str, object] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    fingerprints: set[str] = field(default_factory=set)
    adapted: list[str] = field(default_factory=list)
    assumed_cost: float = 0.0
    retries: int = 0
    rate_limit_pauses: int = 0
    batches: list[str] = field(default_factory=list)
    choice_form: str = ""
    schema_heeded: bool = False
    shortened: int = 0
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=128))
    probes: list[Probe] = field(default_factory=list)
    next_slot: float = 0.0


@dataclass(frozen=True)
class Session:
    """One call of a model: how it asks, what it pays with, and what it has found out.

    ``note`` is told once of everything a reader of the scores must know; ``mask`` makes what a
    server sent fit to be written. ``batched`` are the requests that go in batches: what a server says
    of a batch may repeat any of them.
    """

    config: ClientConfig
    capabilities: ServerCapabilities
    budget: Budget
    note: Callable[[str], None]
    mask: Mask
    thought_formats: Sequence[ThoughtFormat] = ()
    batched: Sequence[Request] = ()

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
            config.options.body,
            config.options.stream and config.options.mode == "live",
        )

    def read(self, body: object) -> Reply:
        """Read what came with status 200; see :func:`read_reply`."""
        options = self.config.options
        failed = partial(
            error_under_success, variable=self.config.key, longest_wait=options.longest_wait
        )
        reply = read_reply(body, options.api, self.thought_formats, failed)
        return self.fit_to_write(cut_at_stop(reply, self.config.generation.stop))

    def fit_to_write(self, reply: Reply) -> Reply:
        """Return an answer without the keys in any of its texts."""
        mask = self.mask.answer
        said = {name: getattr(reply, name) for name in _TEXTS}
        masked = {name: mask(text) for name, text in said.items() if text}
        changed: dict[str, Any] = {n: text for n, text in masked.items() if text != said[n]}
        return replace(reply, **changed) if changed else reply

    def read_answer(self, answer: Answer) -> Reply:
        """Read what came, under whichever status.

        Raises:
            NoAnswer: it is no answer.
        """
        try:
            if 200 <= answer.status < 300:
                return self.read(answer.body)
            failure = self.refusal(answer.status, answer.headers, answer.body)
        except NoAnswer:
            raise
        except Exception as error:
            # Whatever a server thinks of, it is the end of one request and not of the run.
            what = f"the answer cannot be read ({type(error).__name__})"
            failure = Failure("foreign", what)
        raise NoAnswer(failure)

    def refusal(self, status: int, headers: Mapping[str, str], body: object) -> Failure:
        """Return what an answer with another status means; see :func:`read_error`."""
        options = self.config.options
        return read_error(
            status,
            headers,
            body,
            variable=self.config.key,
            longest_wait=options.longest_wait,
        )

    def told(self, failure: Failure, request: Request | None = None) -> str:
        """Return what may be written of a failure: no key, and nothing of what was sent."""
        others = tuple(self.capabilities.recent)
        if request is None:
            batched = (one.post or one.prompt for one in self.batched)
            return self.mask.message(failure.message, others=chain(others, batched))
        return self.mask.message(failure.message, *self._texts(request), others=others)

    def _texts(self, request: Request) -> tuple[str, str, str]:
        system = request.system or self.config.generation.system
        return request.prompt, request.post, system

    def sends(self, request: Request) -> None:
        """Remember a post while a server may mix it up with others."""
        self.capabilities.recent.append(request.post or request.prompt)

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
        # Tools, schemas and the like that were added by hand are read as part of the prompt.
        if self.config.options.body:
            schema += json.dumps(dict(self.config.options.body))
        schema += constraint_text(request.choices)
        prompt_tokens = most_tokens(request.system or generation.system, request.prompt, schema)
        return price.cost(prompt_tokens, generation.max_new_tokens or 0)

    def fits(self, amount: float) -> bool:
        """Return whether the budget has room for so many US dollars, beside what is set aside."""
        return self.budget.fits(amount)

    def record(self, reply: Reply, most: float, request: Request) -> float:
        """Remember what an answer tells of the server; return what it cost, in US dollars: ``most``
        where the server reports no usage."""
        config, capabilities = self.config, self.capabilities
        if reply.model:
            self._remember_model(reply.model, request)
        if reply.fingerprint:
            self._remember_fingerprint(reply.fingerprint, request)
        limit = config.generation.max_new_tokens
        if limit and (reply.paid_tokens or 0) > limit:
            self.note(
                f"{config.name}: the server counts more completion tokens ({reply.paid_tokens:,}) than "
                f"the {limit} an answer may have"
            )
        if reply.finish_reason == "length" and limit and 0 < (reply.paid_tokens or 0) < limit:
            capabilities.shortened += 1
            self.note(
                f"{config.name}: the server ended answers before the {limit} tokens they may have: "
                "prompt and answer together did not fit its window"
            )
        if config.price is None:
            return 0.0
        if reply.prompt_tokens is None or reply.paid_tokens is None:
            capabilities.assumed_cost += most
            self.note(f"{config.name}: the server reports no token usage; costs are upper bounds")
            return most
        return config.price.cost(reply.prompt_tokens, reply.paid_tokens)

    def _name(self, told: str, request: Request) -> str:
        """Return what a server calls something, if that is a name and nothing that was sent."""
        name = _without_folders(told)
        if _NAME.fullmatch(name) and self.mask.message(name, *self._texts(request)) == name:
            return name
        return "(what is no name)"

    def _remember_fingerprint(self, told: str, request: Request) -> None:
        known = self.capabilities.fingerprints
        # Every answer has one, mostly that of the answer before: it is looked at once.
        if _without_folders(told) not in known and len(known) < _MOST_NAMES:
            known.add(self._name(told, request))

    def _remember_model(self, told: str, request: Request) -> None:
        known = self.capabilities.models
        if told in known or len(known) >= _MOST_NAMES or _without_folders(told) in known:
            return
        served = self._name(told, request)
        if served in known:
            return
        known.add(served)
        asked = self.config.model
        # A snapshot (model-2024-07-18), a tag or the last part of a path is the same model.
        same = served == _without_folders(asked) or re.fullmatch(
            rf"(.*/)?{re.escape(asked.rpartition('/')[2])}([-@:][\w.-]*)?", served
        )
        if not same:
            self.note(f"{self.config.name}: asked for {asked}, the server says {served} answered")

    def cost_of(self, error: NoAnswer, most: float) -> float:
        """Return what an attempt without an answer cost, in US dollars: what the server says it used,
        ``most`` where it may have worked on it, else nothing."""
        if self.config.price is None:
            return 0.0
        if error.usage is not None:
            return self.config.price.cost(*error.usage)
        if not error.failure.billed:
            return 0.0
        self.capabilities.assumed_cost += most
        return most

    def failure(self, error: Exception) -> Failure:
        """Return what an exception of an attempt means, be it ours or that of a provider's client; its
        message is not masked yet."""
        for cause in causes(error):  # a client's own error may have ours within
            if isinstance(cause, NoAnswer):
                return cause.failure
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            headers = getattr(getattr(error, "response", None), "headers", {})
            return self.refusal(status, headers, getattr(error, "body", None))
        return read_connection_error(error, self.config.options.timeout)

    def adapt(self, failure: Failure, sent: Collection[str]) -> bool:
        """Learn from a refused parameter; return whether there was something new to learn."""
        # What holds an answer to a choice is not given up for an answer, nor what was asked for by hand.
        given = {path.partition(".")[0] for path in self.config.options.body}
        sent = set(sent) - {self.capabilities.choice_form} - given
        return self._changed(self.capabilities.dialect.learn(failure, sent))

    def gave_up_schema(self) -> None:
        """Remember that the server answers without a schema what it refuses with one."""
        self._changed(self.capabilities.dialect.leave_out("response_format"))

    def _changed(self, change: str) -> bool:
        if change:
            self.capabilities.adapted.append(change)
            self.note(f"{self.config.name}: the server does not take every setting: {change}")
        return bool(change)

    def error(self, text: str) -> HarnessError:
        """Return an error that names the model and the server."""
        return HarnessError(f"{self.config.name}: {self.config.url}: {text}")


def _without_folders(served: str) -> str:
    """Return what a server calls its model, without the folders of the machine it runs on."""
    if re.match(r"/|~|\.\.?/|[A-Za-z]:[\\/]", served):
        return re.split(r"[\\/]", served.rstrip("\\/"))[-1]
    return served
