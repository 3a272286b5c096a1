"""The model behind ``openai:``: checks what it was given, asks, and says what it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from imhi import Context, Estimate, Generation, HarnessError, ModelSpec, Request, Response
from imhi.plugins.models.openai_api.arguments import OpenAIArguments, check_fields
from imhi.plugins.models.openai_api.background import Outbox, stream
from imhi.plugins.models.openai_api.batch.under_way import refuse_what_is_under_way
from imhi.plugins.models.openai_api.choice_probe import find_choice_form
from imhi.plugins.models.openai_api.client_config import ClientConfig, ServerCapabilities, Session
from imhi.plugins.models.openai_api.credentials import (
    Secrets,
    read_headers,
    read_key,
    server_url,
    shown_url,
    split_query,
)
from imhi.plugins.models.openai_api.dialect import TOKEN_LIMITS, dialect_of, is_provider
from imhi.plugins.models.openai_api.engines import PATIENCE, recognise
from imhi.plugins.models.openai_api.prices import (
    batch_words,
    known_model,
    likely_tokens,
    no_price,
    price_of,
)
from imhi.plugins.models.openai_api.providers import provider_of
from imhi.plugins.models.openai_api.request_scheduler import RequestScheduler
from imhi.plugins.models.openai_api.transport import Address, Answer, Connection
from imhi.plugins.models.openai_api.wire import Payload, schema_text


def create(spec: ModelSpec, context: Context) -> OpenAIModel:
    """Make the model. Nothing is sent yet.

    Raises:
        HarnessError: no key, a budget without a price, a chat template asked of an interface that
            has none (or the other way round), a system prompt for bare completions, more workers
            than requests may be in flight.
    """
    provider = provider_of(spec.family.scheme)
    options = provider.arguments(**spec.arguments)
    url = server_url(
        options.base_url,
        official=provider.url,
        variable=provider.url_variable,
        scheme=provider.scheme,
    )
    check_fields(spec.name, options.body, options.query)
    headers = read_headers(options.header)
    named = "key_env" in spec.given
    key = read_key(url, options.key_env, named, needed=not headers, scheme=provider.scheme)
    price = price_of(spec.target, options, provider.seller, provider.scheme)
    generation = context.generation
    if context.budget.limit is not None:
        if price is None:
            raise HarnessError(
                f"{spec.name}: --max-cost is set but {no_price(spec.target, options, provider.seller)}"
            )
        if generation.max_new_tokens is None or _without_limit(options):
            raise HarnessError(
                f"{spec.name}: --max-cost is set but answers have no token limit: set "
                "--max-new-tokens (and leave body.max_tokens=null out)"
            )
    if context.workers > options.concurrency:
        raise HarnessError(
            f"{spec.name}: concurrency={options.concurrency} holds for all workers together, and there "
            f"are {context.workers}: use fewer of them (--executor NAME:N), or a higher concurrency="
        )
    _check_interface(spec.name, options.api, generation)
    if generation.answer == "choice" and options.mode == "batch":
        raise HarnessError(
            f"{spec.name}: --answer choice is asked for with mode=batch, whose answers cannot be "
            "tried before they are paid for: leave mode=batch out"
        )
    if options.mode == "batch":
        provider.check_batches(spec.name, generation, options)
    secrets = Secrets(key, headers)
    if secrets.mask().within(dict(options.body)) != options.body:
        raise HarnessError(
            f"{provider.scheme}: a field body.NAME= holds the key, which would be stored with the run: "
            "name an environment variable with header.NAME=VARIABLE"
        )
    config = ClientConfig(
        spec.name,
        spec.target,
        shown_url(url),
        generation,
        context.seed,
        price,
        options,
        provider.scheme,
        secrets.named(options),
    )
    return OpenAIModel(config, context, secrets)


def _without_limit(options: OpenAIArguments) -> bool:
    return any(name in options.body for name in TOKEN_LIMITS)


def _check_interface(name: str, api: str, generation: Generation) -> None:
    if api == "chat" and generation.chat_template == "off":
        raise HarnessError(
            f"{name}: --chat-template off, but with api=chat the server applies its own: add "
            "api=completions to send the bare prompt"
        )
    if api == "completions" and generation.chat_template == "on":
        raise HarnessError(
            f"{name}: --chat-template on, but api=completions sends the bare prompt: use api=chat"
        )
    if api == "completions" and generation.system:
        raise HarnessError(
            f"{name}: a system prompt is set, but api=completions has no place for one: use "
            "api=chat, or leave --system out"
        )


class OpenAIModel:
    """See :class:`imhi.Model`. The keys are in no attribute that is shown."""

    def __init__(self, config: ClientConfig, context: Context, secrets: Secrets) -> None:
        self._config = config
        self._context = context
        self._secrets = secrets
        self._mask = secrets.mask()
        self._probe_cost = 0.0
        self._met = False
        known = known_model(config.model)
        dialect = dialect_of(config.url)
        dialect.folded = config.options.system == "folded"
        if known:
            dialect.token_limit = known.token_limit
            dialect.dropped |= set(known.refuses)
        self._capabilities = ServerCapabilities(dialect)
        if known and known.refuses:
            context.note(
                f"{config.name}: the model takes no {', no '.join(known.refuses)}; it samples with "
                "settings of its own"
            )

    def __repr__(self) -> str:
        return f"OpenAIModel({self._config.name!r})"

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield responses as they finish; see :class:`imhi.Model`.

        Closing the iterator ends what is in flight. ``latency`` of a response is that of the
        attempt that succeeded, in seconds; ``cost`` is that of all its attempts.

        Raises:
            HarnessError: every further request is pointless (key refused, no such model, no
                connection, no credit); what was in flight is yielded first. Or a request may be in a
                batch already, and is not asked one by one as well.
        """
        context = self._context
        session = Session(
            # The seed is that of the moment: a caller who wants several draws changes it in between.
            dataclasses.replace(self._config, seed=context.seed),
            self._capabilities,
            context.budget,
            lambda text: context.note(self._mask.answer(text)),
            self._mask,
            tuple(context.registry.thought_formats),
        )
        if self._config.options.mode == "batch":
            from imhi.plugins.models.openai_api.batch.scheduling import ask_in_batches

            return ask_in_batches(requests, session, self._context, self._secrets)
        refuse_what_is_under_way(requests, session.config, context)
        return stream(lambda outbox: self._produce(requests, session, outbox))

    async def _produce(
        self, requests: Sequence[Request], session: Session, outbox: Outbox[Response]
    ) -> None:
        path = "/chat/completions" if self._config.options.api == "chat" else "/completions"

        async def send(body: Payload) -> Answer:
            return await connection.post(path, body)

        async with Connection(self._address()) as connection:
            await self._meet(connection, session)
            if self._context.generation.answer == "choice" and not self._capabilities.choice_form:
                self._probe_cost += await find_choice_form(session, send)
                if not self._capabilities.choice_form:
                    return  # not even the probe was within the budget
            scheduler = RequestScheduler(session, send, self._context.workers)
            # The first answer carries what it cost to find out how to ask.
            scheduler.extra_cost, self._probe_cost = self._probe_cost, 0.0
            await scheduler.run(requests, outbox)

    async def _meet(self, connection: Connection, session: Session) -> None:
        """Find out which engine it is, once, unless the provider is known."""
        seen, options = self._capabilities, self._config.options
        if self._met or is_provider(self._config.url):
            return
        self._met = True
        url, _ = split_query(self._config.url)
        engine = await recognise(connection, url, min(options.timeout, PATIENCE))
        if engine is None:
            return
        generation = session.config.generation
        seen.engine = engine.describe()
        seen.dialect.neutral = engine.neutral(options.api, generation)
        for note in engine.notes(options.concurrency, generation):
            session.note(f"{self._config.name}: {note}")

    def _address(self) -> Address:
        options = self._config.options
        url, query = split_query(self._config.url)
        return Address(
            url,
            self._secrets.sent(),
            {**query, **options.query},
            options.timeout,
            options.max_bytes,
        )

    def describe(self) -> Mapping[str, object]:
        """Return what the manifest holds about the model; no key, no credentials."""
        config, seen = self._config, self._capabilities
        described: dict[str, object] = {
            "model": config.model,
            "base_url": config.url,
            "api": config.options.api,
            "served_models": sorted(seen.models),
            "system_fingerprints": sorted(seen.fingerprints),
            "price": config.price.describe() if config.price else None,
            "parameters": {
                "token_limit": seen.dialect.token_limit,
                "left_out": sorted(seen.dialect.dropped),
                "adapted": list(seen.adapted),
                "system": "folded" if seen.dialect.folded else "role",
                "neutral": dict(seen.dialect.neutral),
                "body": dict(config.options.body),
            },
            "concurrency": config.options.concurrency,
            "retries": seen.retries,
            "rate_limit_pauses": seen.rate_limit_pauses,
        }
        if seen.engine:
            described["engine"] = dict(seen.engine)
        if seen.shortened:
            described["shortened"] = seen.shortened
        if seen.probes:
            described["choice"] = {
                "form": seen.choice_form,
                "probes": [dataclasses.asdict(probe) for probe in seen.probes],
            }
        if config.options.mode == "batch":
            described |= {"mode": "batch", "batches": list(seen.batches)}
        if config.price:
            described["assumed_cost"] = round(seen.assumed_cost, 6)
        return self._mask.within(described)

    def close(self) -> None:
        """Nothing to free: connections live as long as one call of :meth:`generate`."""


def together(spec: ModelSpec) -> bool:
    """Say whether the requests of all datasets are wanted at once: batches may take a day each."""
    return bool(spec.arguments["mode"] == "batch")


def estimate(spec: ModelSpec, prompts: Sequence[str], context: Context) -> Estimate:
    """Return about what the prompts would cost: prompt tokens at 4 bytes each, completions at the
    most they may have. Needs no key and sends nothing."""
    provider, system = provider_of(spec.family.scheme), context.generation.system
    options = provider.arguments(**spec.arguments)
    schema = schema_text(options.api, context.generation)
    lengths = [likely_tokens(system, prompt, schema) for prompt in prompts]
    prompt_tokens = sum(lengths)
    limit = context.generation.max_new_tokens
    completion_tokens = (limit or 0) * len(prompts)
    price = price_of(spec.target, options, provider.seller, provider.scheme)
    note = "prompt tokens estimated at 4 bytes each"
    note += (
        "; completions counted in full length, usually they are shorter"
        if limit
        else "; completions not counted: answers have no token limit"
    )
    if price is not None and options.mode == "batch":
        note += f"; by the Batch API {batch_words(price)}"
    if price is None:
        note += f"; {no_price(spec.target, options, provider.seller)}"
    # One by one: what a token costs depends on the length of its prompt.
    cost = sum(price.cost(length, limit or 0) for length in lengths) if price else None
    return Estimate(len(prompts), prompt_tokens, completion_tokens, cost, note)
