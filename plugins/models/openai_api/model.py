"""The model behind ``openai:``: checks what it was given, asks, and says what it was."""

from __future__ import annotations

import copy
import dataclasses
import json
import queue
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, Estimate, Generation, HarnessError, ModelSpec, Request, Response
from imhi.plugins.models.openai_api.background import Outbox, stream
from imhi.plugins.models.openai_api.batch.scheduling import ask_in_batches, refuse_what_is_under_way
from imhi.plugins.models.openai_api.choosing import FORMS, Probe, probe_request
from imhi.plugins.models.openai_api.client_config import ClientConfig, ServerCapabilities, Session
from imhi.plugins.models.openai_api.credentials import Scrub, read_key, server_url, shown_url
from imhi.plugins.models.openai_api.prices import known_model, likely_tokens, price_of
from imhi.plugins.models.openai_api.providers import provider_of
from imhi.plugins.models.openai_api.request_scheduler import RequestScheduler, Send
from imhi.plugins.models.openai_api.wire import Dialect, IllFormed, Payload, schema_text


def create(spec: ModelSpec, context: Context) -> OpenAIModel:
    """Make the model. Nothing is sent yet.

    Raises:
        HarnessError: no key, a budget without a price, a chat template asked of an interface that
            has none (or the other way round), a system prompt for bare completions.
    """
    provider = provider_of(spec.family.scheme)
    options = provider.arguments(**spec.arguments)
    url = server_url(
        options.base_url,
        official=provider.url,
        variable=provider.url_variable,
        scheme=provider.scheme,
    )
    named = "key_env" in spec.given
    key = read_key(url, options.key_env, named, scheme=provider.scheme)
    price = price_of(spec.target, options, provider.batch_source)
    generation = context.generation
    if context.budget.limit is not None:
        if price is None:
            raise HarnessError(
                f"{spec.name}: --max-cost is set but no price of '{spec.target}' is known: add "
                "price_prompt=USD,price_completion=USD (per million tokens; 0 for a server of "
                "your own)"
            )
        if generation.max_new_tokens is None:
            raise HarnessError(
                f"{spec.name}: --max-cost is set but answers have no token limit: set "
                "--max-new-tokens"
            )
    _check_interface(spec.name, options.api, generation)
    if generation.answer == "choice" and options.mode == "batch":
        raise HarnessError(
            f"{spec.name}: --answer choice is asked for with mode=batch, whose answers cannot be "
            "tried before they are paid for: leave mode=batch out"
        )
    if options.mode == "batch":
        provider.check_client(spec.name)
        if provider.needs_token_limit and generation.max_new_tokens is None:
            raise HarnessError(
                f"{spec.name}: {provider.title}'s batches take no request without a limit on new "
                "tokens: set --max-new-tokens"
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
    )
    return OpenAIModel(config, context, key)


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
    """See :class:`imhi.Model`. The key is in no attribute that is shown."""

    def __init__(self, config: ClientConfig, context: Context, key: str) -> None:
        self._config = config
        self._context = context
        self._scrub = Scrub(key)
        self._key = key
        self._transport = ""
        self._probe_cost = 0.0
        known = known_model(config.model)
        dialect = Dialect(known.token_limit, set(known.refuses)) if known else Dialect()
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
            context.note,
            self._scrub,
            tuple(context.registry.thought_formats),
        )
        if self._config.options.mode == "batch":
            return ask_in_batches(requests, session, self._context, self._key)
        refuse_what_is_under_way(requests, session.config, context)
        return stream(lambda outbox: self._produce(requests, session, outbox))

    async def _produce(
        self, requests: Sequence[Request], session: Session, outbox: Outbox[Response]
    ) -> None:
        client = self._client()
        # The untyped call costs a third less CPU than client.chat.completions.create, and leaves
        # it to read_reply to tell an answer from what merely looks like one.
        path = "/chat/completions" if self._config.options.api == "chat" else "/completions"

        async def send(body: Payload) -> object:
            try:
                return await client.post(path, body=body, cast_to=object)
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                raise IllFormed(f"the answer is not JSON ({error})") from None

        async with client:
            if self._context.generation.answer == "choice" and not self._capabilities.choice_form:
                await self._find_choice_form(session, send)
                if not self._capabilities.choice_form:
                    return  # not even the probe was within the budget
            scheduler = RequestScheduler(session, send)
            # The first answer carries what it cost to find out how to ask.
            scheduler.extra_cost, self._probe_cost = self._probe_cost, 0.0
            await scheduler.run(requests, outbox)

    async def _find_choice_form(self, session: Session, send: Send) -> None:
        """Find out in which form the server holds answers to a choice.

        Raises:
            HarnessError: in none, or it does not answer at all.
        """
        capabilities = self._capabilities
        for form in FORMS:
            # What a server says of one form is not learnt for the run.
            trying = dataclasses.replace(
                capabilities, dialect=copy.deepcopy(capabilities.dialect), choice_form=form
            )
            answers: Outbox[Response] = queue.Queue()
            probing = dataclasses.replace(session, capabilities=trying, note=lambda text: None)
            await RequestScheduler(probing, send).run([probe_request()], answers)
            if answers.empty():  # the budget does not allow it: nor does it any request
                return
            response = answers.get()
            assert response is not None
            tokens = (response.prompt_tokens or 0) + (response.completion_tokens or 0)
            said = self._scrub(response.error or response.text)[:80]
            obeyed = response.label is not None
            capabilities.probes.append(Probe(form, obeyed, said, response.cost, tokens))
            capabilities.assumed_cost = trying.assumed_cost
            self._probe_cost += response.cost or 0.0
            if obeyed:
                capabilities.choice_form = form
                return
        said = " and ".join(dict.fromkeys(repr(one.answer[:40]) for one in capabilities.probes))
        raise session.error(
            f"--answer choice is asked for, and the server does not hold answers to a choice (allowed "
            f"two made-up words alone by {', '.join(FORMS)}, it answered {said}); use --answer text, "
            "another server or api= (vLLM, llama.cpp and OpenAI can), or hf: with --answer likelihood"
        )

    def _client(self) -> Any:
        """Return a client for the running event loop, over aiohttp where that is installed: at 64
        requests in flight it takes less of a CPU than the default transport."""
        import openai

        http_client = None
        try:
            import aiohttp  # noqa: F401

            http_client = openai.DefaultAioHttpClient()
        except (ImportError, AttributeError, RuntimeError):
            pass  # Not installed, or a client that has no such transport.
        self._transport = "aiohttp" if http_client else "httpx"
        return openai.AsyncOpenAI(
            api_key=self._key,
            base_url=self._config.url,
            max_retries=0,
            timeout=self._config.options.timeout,
            http_client=http_client,
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
            },
            "retries": seen.retries,
            "rate_limit_pauses": seen.rate_limit_pauses,
        }
        if self._transport:
            described["transport"] = self._transport
        if seen.probes:
            described["choice"] = {
                "form": seen.choice_form,
                "probes": [dataclasses.asdict(probe) for probe in seen.probes],
            }
        if config.options.mode == "batch":
            described |= {"mode": "batch", "batches": list(seen.batches)}
        if config.price:
            described["assumed_cost"] = round(seen.assumed_cost, 6)
        return described

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
    prompt_tokens = sum(likely_tokens(system, prompt, schema) for prompt in prompts)
    limit = context.generation.max_new_tokens
    completion_tokens = (limit or 0) * len(prompts)
    price = price_of(spec.target, options, provider.batch_source)
    note = "prompt tokens estimated at 4 bytes each"
    note += (
        "; completions counted in full length, usually they are shorter"
        if limit
        else "; completions not counted: answers have no token limit"
    )
    if price is not None and options.mode == "batch":
        given = "price_prompt" in spec.given
        note += (
            f"; by the Batch API: {'prices as given' if given else 'half the price of the table'}"
        )
    if price is None:
        note += f"; no price of '{spec.target}' is known (price_prompt=, price_completion=)"
    cost = price.cost(prompt_tokens, completion_tokens) if price else None
    return Estimate(len(prompts), prompt_tokens, completion_tokens, cost, note)
