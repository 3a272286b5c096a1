"""The model behind ``openai:``: checks what it was given, asks, and says what it was."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, Estimate, HarnessError, ModelSpec, Request, Response
from imhi.plugins.models.openai_api.background import Outbox, stream
from imhi.plugins.models.openai_api.batch.asking import ask_in_batches, refuse_what_is_under_way
from imhi.plugins.models.openai_api.batch.work import Batching
from imhi.plugins.models.openai_api.client_config import Learnt, Terms
from imhi.plugins.models.openai_api.credentials import Scrub, read_key, server_url, shown_url
from imhi.plugins.models.openai_api.prices import known_model, likely_tokens, price_of
from imhi.plugins.models.openai_api.request_scheduler import Asking
from imhi.plugins.models.openai_api.wire import Dialect, IllFormed, schema_text


def create(spec: ModelSpec, context: Context) -> OpenAIModel:
    """Make the model. Nothing is sent yet.

    Raises:
        HarnessError: no key, a budget without a price, a chat template asked of an interface that
            has none (or the other way round), a system prompt for bare completions.
    """
    arguments = spec.arguments
    url = server_url(arguments["base_url"])
    variable = arguments["key_env"]
    key = read_key(url, variable, named="key_env" in spec.given)
    price = price_of(spec.target, arguments)
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
    _check_interface(spec, context)
    terms = Terms(
        name=spec.name,
        model=spec.target,
        url=shown_url(url),
        api=arguments["api"],
        generation=generation,
        seed=context.seed,
        timeout=arguments["timeout"],
        concurrency=arguments["concurrency"],
        retries=arguments["retries"],
        backoff=arguments["backoff"],
        per_minute=arguments["max_requests_per_minute"],
        key_variable=variable,
        price=price,
    )
    in_batches = arguments["mode"] == "batch"
    batching = Batching(arguments["poll"], arguments["batch_requests"], arguments["batch_bytes"])
    return OpenAIModel(terms, context, key, batching if in_batches else None)


def _check_interface(spec: ModelSpec, context: Context) -> None:
    api, generation = spec.arguments["api"], context.generation
    if api == "chat" and generation.chat_template == "off":
        raise HarnessError(
            f"{spec.name}: --chat-template off, but with api=chat the server applies its own: add "
            "api=completions to send the bare prompt"
        )
    if api == "completions" and generation.chat_template == "on":
        raise HarnessError(
            f"{spec.name}: --chat-template on, but api=completions sends the bare prompt: use "
            "api=chat"
        )
    if api == "completions" and generation.system:
        raise HarnessError(
            f"{spec.name}: a system prompt is set, but api=completions has no place for one: use "
            "api=chat, or leave --system out"
        )


class OpenAIModel:
    """See :class:`imhi._core.protocols.Model`. The key is in no attribute that is shown.

    Args:
        batching: how to ask in batches; without it requests are asked one by one.
    """

    def __init__(
        self, terms: Terms, context: Context, key: str, batching: Batching | None = None
    ) -> None:
        self._terms = terms
        self._batching = batching
        self._context = context
        self._scrub = Scrub(key)
        self._key = key
        self._transport = ""
        known = known_model(terms.model)
        dialect = Dialect(known.token_limit, set(known.refuses)) if known else Dialect()
        self._learnt = Learnt(dialect)
        if known and known.refuses:
            context.note(
                f"{terms.name}: the model takes no {', no '.join(known.refuses)}; it samples with "
                "settings of its own"
            )

    def __repr__(self) -> str:
        return f"OpenAIModel({self._terms.name!r})"

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield responses as they finish; see :class:`imhi._core.protocols.Model`.

        Closing the iterator ends what is in flight. ``latency`` of a response is that of the
        attempt that succeeded, in seconds; ``cost`` is that of all its attempts.

        Raises:
            HarnessError: every further request is pointless (key refused, no such model, no
                connection, no credit); what was in flight is yielded first. Or a request may be in a
                batch already, and is not asked one by one as well.
        """
        # The seed is that of the moment: a caller who wants several draws changes it in between.
        terms = dataclasses.replace(self._terms, seed=self._context.seed)
        if self._batching is None:
            refuse_what_is_under_way(requests, terms, self._context)
            return stream(lambda outbox: self._produce(requests, terms, outbox))
        return self._ask_in_batches(requests, terms, self._batching)

    def _ask_in_batches(
        self, requests: Sequence[Request], terms: Terms, batching: Batching
    ) -> Iterator[Response]:
        import openai

        with openai.OpenAI(
            api_key=self._key, base_url=terms.url, max_retries=0, timeout=terms.timeout
        ) as client:
            yield from ask_in_batches(
                requests, terms, batching, self._context, self._learnt, self._scrub, client
            )

    async def _produce(
        self, requests: Sequence[Request], terms: Terms, outbox: Outbox[Response]
    ) -> None:
        client = self._client()
        # The untyped call costs a third less CPU than client.chat.completions.create, and leaves
        # it to read_reply to tell an answer from what merely looks like one.
        path = "/chat/completions" if self._terms.api == "chat" else "/completions"

        async def send(body: Mapping[str, Any]) -> Any:
            try:
                return await client.post(path, body=body, cast_to=object)
            except (json.JSONDecodeError, UnicodeDecodeError) as error:
                raise IllFormed(f"the answer is not JSON ({error})") from None

        asking = Asking(
            terms, send, self._context.budget, self._learnt, self._context.note, self._scrub
        )
        async with client:
            await asking.run(requests, outbox)

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
            base_url=self._terms.url,
            max_retries=0,
            timeout=self._terms.timeout,
            http_client=http_client,
        )

    def describe(self) -> Mapping[str, Any]:
        """Return what the manifest holds about the model; no key, no credentials."""
        terms, learnt = self._terms, self._learnt
        described: dict[str, Any] = {
            "model": terms.model,
            "base_url": terms.url,
            "api": terms.api,
            "served_models": sorted(learnt.models),
            "system_fingerprints": sorted(learnt.fingerprints),
            "price": terms.price.describe() if terms.price else None,
            "parameters": {
                "token_limit": learnt.dialect.token_limit,
                "left_out": sorted(learnt.dialect.dropped),
                "adapted": list(learnt.adapted),
            },
            "retries": learnt.retries,
            "rate_limit_pauses": learnt.rate_limit_pauses,
        }
        if self._transport:
            described["transport"] = self._transport
        if self._batching is not None:
            described |= {"mode": "batch", "batches": list(learnt.batches)}
        if terms.price:
            described["assumed_cost"] = round(learnt.assumed_cost, 6)
        return described

    def close(self) -> None:
        """Nothing to free: connections live as long as one call of :meth:`generate`."""


def together(spec: ModelSpec) -> bool:
    """Say whether the requests of all datasets are wanted at once: batches may take a day each."""
    return bool(spec.arguments["mode"] == "batch")


def estimate(spec: ModelSpec, prompts: Sequence[str], context: Context) -> Estimate:
    """Return about what the prompts would cost: prompt tokens at 4 bytes each, completions at the
    most they may have. Needs no key and sends nothing."""
    system = context.generation.system
    schema = schema_text(spec.arguments["api"], context.generation)
    prompt_tokens = sum(likely_tokens(system, prompt, schema) for prompt in prompts)
    limit = context.generation.max_new_tokens
    completion_tokens = (limit or 0) * len(prompts)
    price = price_of(spec.target, spec.arguments)
    note = "prompt tokens estimated at 4 bytes each"
    note += (
        "; completions counted in full length, usually they are shorter"
        if limit
        else "; completions not counted: answers have no token limit"
    )
    if price is not None and spec.arguments["mode"] == "batch":
        given = "price_prompt" in spec.given
        note += (
            f"; by the Batch API: {'prices as given' if given else 'half the price of the table'}"
        )
    if price is None:
        note += f"; no price of '{spec.target}' is known (price_prompt=, price_completion=)"
    cost = price.cost(prompt_tokens, completion_tokens) if price else None
    return Estimate(len(prompts), prompt_tokens, completion_tokens, cost, note)
