"""What touches lm-eval's server backends (``TemplateAPI``, lm-eval 0.4.13): they are watched while
they send and read, since left to themselves they change the decoding and take ill-formed answers
for empty ones. What is replaced are attributes of one instance: ``_create_payload``,
``parse_generations`` and ``get_batched_requests``.
"""

from __future__ import annotations

import asyncio
import copy
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imhi import ThoughtFormat, finish_reasons, read_message

_WITHOUT_TEXT = (finish_reasons.FILTERED, finish_reasons.LENGTH)
# OpenAI's models that decode at temperature 1 only.
_REASONING = re.compile(r"(^|/)(o\d|gpt-5)")


@dataclass(frozen=True)
class Usage:
    """What a server said about an answer, where it said anything."""

    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    thought: str = ""
    thought_tokens: int | None = None


class IllFormedAnswer(ValueError):
    """A server's JSON has no text where a text must be."""


def watch_server(
    lm: Any,
    meter: Callable[[Usage], None],
    note: Callable[[str], None] = lambda text: None,
    formats: Iterable[ThoughtFormat] = (),
) -> None:
    """Look at what a server backend sends, and at each answer before the text is read out of it.

    ``meter`` is called with the usage just before the answer is announced, on the same thread and
    without anything between. Left to itself lm-eval turns JSON of the wrong form into an empty
    answer; here it raises IllFormedAnswer, so that it is asked again and never scored. ``note`` is
    told where the backend changes how answers are decoded.
    """
    _quiet_bars()
    parse = lm.parse_generations

    def checked(*args: Any, **kwargs: Any) -> Any:
        outputs = kwargs.get("outputs", args[0] if args else None)
        meter(Usage())
        for output in outputs if isinstance(outputs, list) else [outputs]:
            for usage in _usages(output, formats):
                meter(usage)
        return parse(*args, **kwargs)

    lm.parse_generations = checked
    create = lm._create_payload

    def corrected(*args: Any, **kwargs: Any) -> Any:
        asked = copy.deepcopy(kwargs.get("gen_kwargs") or {})  # it is changed in place
        payload = create(*args, **kwargs)
        if isinstance(payload, dict):
            _keep_decoding(payload, asked, str(getattr(lm, "model", "")), note)
        return payload

    lm._create_payload = corrected
    ask_all = lm.get_batched_requests

    async def quietly(*args: Any, **kwargs: Any) -> Any:
        # After the first failure nobody looks at the other requests' exceptions; asyncio would
        # print them when they are thrown away, request headers and so the key included.
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: None)
        return await ask_all(*args, **kwargs)

    lm.get_batched_requests = quietly


def _keep_decoding(
    payload: dict[str, object], asked: Mapping[str, Any], model: str, note: Callable[[str], None]
) -> None:
    """Undo, in place, what a backend changed in the decoding that was asked for.

    lm-eval takes every OpenAI model with a 5 in its name, gpt-3.5-turbo too, for a reasoning model,
    and sets its temperature to 1. Real ones refuse anything else: that is noted.
    """
    wanted, stop = asked.get("temperature"), list(asked.get("until") or ())
    if wanted is not None and payload.get("temperature", wanted) != wanted:
        if _REASONING.search(model):
            note(
                f"{model} was sampled at temperature {payload['temperature']} without stop texts, "
                "the only way lm-eval asks it"
            )
        else:
            payload["temperature"] = wanted
            if stop:
                payload["stop"] = stop
    # Some servers refuse an empty list.
    if payload.get("stop") == []:
        del payload["stop"]


def _usages(output: Any, formats: Iterable[ThoughtFormat]) -> Iterator[Usage]:
    if isinstance(output, dict) and "choices" not in output and "content" in output:
        # Anthropic's form, which its backend reads strictly
        yield Usage(finish_reasons.normalised(output.get("stop_reason")))
        return
    choices = output.get("choices") if isinstance(output, dict) else None
    if not isinstance(choices, list) or not choices:
        raise IllFormedAnswer("the server's answer has no 'choices'")
    for choice in choices:
        if not isinstance(choice, dict) or "index" not in choice:
            raise IllFormedAnswer("a choice in the server's answer has no 'index'")
        message = choice.get("message")
        told = message if isinstance(message, dict) else {"content": choice.get("text")}
        said, reason = read_message(told, formats), _finish_reason(choice)
        # No text is an answer only where the server says why there is none.
        if said.text is None and not (said.refused or said.thought or reason in _WITHOUT_TEXT):
            raise IllFormedAnswer("a choice in the server's answer has no text")
        if not isinstance(told.get("content"), str) and isinstance(message, dict):
            message["content"] = said.text or ""  # parts, or nothing beside a thought
    usage = output.get("usage")
    # A usage covers the whole answer: it can be credited only where that is one text.
    single = len(choices) == 1 and isinstance(usage, Mapping)
    details = usage.get("completion_tokens_details") if single else None
    yield Usage(
        finish_reasons.FILTERED if said.refused else reason,
        usage.get("prompt_tokens") if single else None,
        usage.get("completion_tokens") if single else None,
        said.thought,
        (details.get("reasoning_tokens") or None) if isinstance(details, Mapping) else None,
    )


def _finish_reason(choice: Mapping[str, Any]) -> str | None:
    reason = finish_reasons.normalised(choice.get("finish_reason"))
    if reason == finish_reasons.ERROR or choice.get("error"):
        raise IllFormedAnswer(f"the server ended the answer with an error: {choice.get('error')}")
    return reason


def http_status(error: BaseException) -> int | None:
    """Return the HTTP status behind an exception of requests or aiohttp."""
    for status in (
        getattr(error, "status", None),
        getattr(getattr(error, "response", None), "status_code", None),
        getattr(error, "status_code", None),
    ):
        if isinstance(status, int):
            return status
    return None


def _quiet_bars() -> None:
    """Hide the bars of server backends: they cannot be switched off from outside, and the harness
    shows its own."""
    module: Any = sys.modules.get("lm_eval.models.api_models")
    if module is None or getattr(module.tqdm, "of_imhi", False):
        return

    def silent(bar: type[Any]) -> type[Any]:
        def start(self: Any, *args: Any, **kwargs: Any) -> None:
            bar.__init__(self, *args, **{**kwargs, "disable": True})

        return type(bar.__name__, (bar,), {"__init__": start, "of_imhi": True})

    module.tqdm = silent(module.tqdm)
    module.tqdm_asyncio = silent(module.tqdm_asyncio)
