"""An lm-eval backend at work: prompts in, responses out as they finish, failures one by one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imhi import Context, HarnessError, ModelSpec, Request, Response, digest
from imhi.plugins.models.lm_eval_backend import compat, compat_servers
from imhi.plugins.models.lm_eval_backend.arguments import check_paths, complete, refuse_secrets
from imhi.plugins.models.lm_eval_backend.compat import Ask
from imhi.plugins.models.lm_eval_backend.compat_servers import Usage
from imhi.plugins.models.lm_eval_backend.stream import BackendFailed, describe, stream

# Asked first, to see whether the backend announces answers while it works. One that does not gets
# all its requests in groups of this size, so that a killed run loses no more than one group.
PROBE = 16
# Single requests that may fail one after another before the backend itself is put to the test.
FAILURES_IN_A_ROW = 5
# Statuses with which a server says that no request of ours will ever be answered.
_POINTLESS = {
    401: "the key is missing or wrong",
    403: "access is denied",
    404: "no such address or model",
}


@dataclass(frozen=True)
class _Item:
    request: Request
    ask: Ask
    tokens: int | None
    truncated: bool


def create(spec: ModelSpec, context: Context) -> LmEvalModel:
    """Load the backend.

    Raises:
        HarnessError: unknown backend or argument, missing package, a budget that could not be
            kept, or the backend cannot be made.
    """
    refuse_secrets(spec)
    check_paths(spec)
    if context.budget.limit is not None:
        raise HarnessError(
            f"model '{spec.name}': lm-eval backends do not say what an answer costs, so --max-cost "
            "cannot be kept; leave it out, or use openai: for a paid server"
        )
    cls = compat.backend_class(spec.target)
    arguments = complete(spec, cls, context.seed)
    try:
        lm = cls(**arguments)
    except Exception as error:
        raise HarnessError(
            f"model '{spec.name}': lm-eval could not start the backend {spec.target}: "
            f"{_scrubbed(describe(error))}"
        ) from error
    if compat.is_encoder_decoder(lm) and spec.given.get("batch_size") is None:
        # HFLM pads encoder inputs on the left: with absolute positions (BART) the answer would
        # then depend on what else is in the batch.
        compat.one_at_a_time(lm)
        arguments["batch_size"] = 1
    return LmEvalModel(spec, context, lm, arguments)


class LmEvalModel:
    """A :class:`imhi._core.protocols.Model` over an lm-eval ``LM``."""

    def __init__(
        self, spec: ModelSpec, context: Context, lm: Any, arguments: Mapping[str, Any]
    ) -> None:
        self.spec = spec
        self.context = context
        self.lm = lm
        self.arguments = dict(arguments)
        self.announces: bool | None = None
        self.facts = compat.facts(lm)
        self.chat = self._decide_chat()
        self._usage = [Usage()]
        if compat.is_server(type(lm)):
            compat_servers.watch_server(lm, self._meter, context.note)

    # --- prompts ---------------------------------------------------------------------------------

    def _decide_chat(self) -> bool:
        wanted = self.context.generation.chat_template
        if compat.is_chat_server(type(self.lm)):
            if wanted == "off":
                raise HarnessError(
                    f"--chat-template off: the backend {self.spec.target} takes chat messages "
                    "only; use --chat-template auto, or a completions backend"
                )
            self.template: str | None = None
            return True
        self.template = None if wanted == "off" else compat.template_of(self.lm)
        if wanted == "on" and self.template is None:
            raise HarnessError(
                f"--chat-template on: the model behind {self.spec.name} has no chat template; use "
                "--chat-template auto or off"
            )
        return self.template is not None

    def prompt(self, request: Request) -> Any:
        """Return what the backend is given. A system prompt without a chat template goes before
        the prompt, with a blank line between."""
        if not self.chat:
            return f"{request.system}\n\n{request.prompt}" if request.system else request.prompt
        messages = [{"role": "user", "content": request.prompt}]
        if request.system:
            messages.insert(0, {"role": "system", "content": request.system})
        chat = compat.as_chat(self.lm, messages)
        if isinstance(chat, str) and request.system and request.system.strip() not in chat:
            # lm-eval does so, with a warning, where a template refuses the role.
            self.context.note(
                f"{self.spec.name}: its chat template takes no system prompt; lm-eval left it out"
            )
        return chat

    def generation_arguments(self) -> dict[str, Any]:
        """Return lm-eval's ``gen_kwargs`` for the run's decoding settings."""
        generation = self.context.generation
        sampled = generation.temperature > 0
        arguments: dict[str, Any] = {
            "until": list(generation.stop),
            "do_sample": sampled,
            "temperature": generation.temperature,
        }
        if generation.max_new_tokens is not None:
            arguments["max_gen_toks"] = generation.max_new_tokens
            if compat.is_encoder_decoder(self.lm):
                # HFLM would allow the answer the prompt's length on top; one is the start token.
                arguments["max_length"] = generation.max_new_tokens + 1
        if sampled and generation.top_p < 1:
            arguments["top_p"] = generation.top_p
        return arguments

    def _room(self) -> int | None:
        """Return how many tokens a prompt may have; None where lm-eval does not look."""
        window = compat.window_of(self.lm)
        if window is None or compat.is_encoder_decoder(self.lm):
            return window
        answer = self.context.generation.max_new_tokens or 0
        if window <= answer:
            raise HarnessError(
                f"model '{self.spec.name}': its window has {window} tokens, --max-new-tokens asks "
                f"for {answer} and leaves none for the prompt; give a smaller --max-new-tokens"
            )
        return window - answer

    def _items(self, requests: Sequence[Request]) -> list[_Item]:
        room = self._room()
        items = []
        for index, request in enumerate(requests):
            # Backends change gen_kwargs in place, so each request has its own.
            ask = Ask(self.prompt(request), self.generation_arguments(), index)
            tokens = compat.token_count(self.lm, ask.context) if room is not None else None
            too_long = room is not None and tokens is not None and tokens > room
            items.append(_Item(request, ask, tokens, too_long))
        cut = Counter(item.request.dataset for item in items if item.truncated)
        for dataset, count in sorted(cut.items()):
            self.context.note(
                f"{dataset}: {count} prompts did not fit the model's window ({room} tokens beside "
                "the answer); lm-eval cut them at the start"
            )
        return items

    # --- answers ---------------------------------------------------------------------------------

    def _meter(self, usage: Usage) -> None:
        self._usage[0] = usage

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response per request as the backend finishes them.

        lm-eval ends a whole call at the first request that fails. What was finished by then is
        kept; the rest is asked again in halves, until the culprit stands alone and is recorded.

        Raises:
            HarnessError: every further request would fail too.
        """
        compat.seed_everything(self.context.seed)
        items = self._items(requests)
        asked: Counter[int] = Counter()
        failures = 0
        groups = self._groups(items)
        while groups:
            group = groups.pop()
            answered: set[int] = set()
            failure: BackendFailed | None = None
            asked.update(item.ask.idx for item in group)
            try:
                for finished in stream(self.lm, [item.ask for item in group], self._usage):
                    item = group[finished.index]
                    answered.add(finished.index)
                    self.announces = bool(self.announces) or finished.announced
                    yield self._response(item, finished.text, finished.usage, asked[item.ask.idx])
            except BackendFailed as error:
                failure = error
            if answered:
                failures = 0
            if failure is not None:
                self._give_up_if_pointless(failure)
                left = [item for index, item in enumerate(group) if index not in answered]
                if len(group) == 1 and left:
                    yield self._failed(left[0], failure, asked[left[0].ask.idx])
                    failures += 1
                    if failures >= FAILURES_IN_A_ROW:
                        yield from self._put_to_the_test(groups, asked, failure)
                        failures = 0
                elif left:
                    half = (len(left) + 1) // 2
                    groups += [part for part in (left[half:], left[:half]) if part]
            if self.announces:
                groups = [_joined(groups)] if failure is None and groups else groups

    def _groups(self, items: Sequence[_Item]) -> list[list[_Item]]:
        """Return groups to ask, the last one first."""
        if self.announces:
            return [list(items)] if items else []
        return [list(items[start : start + PROBE]) for start in range(0, len(items), PROBE)][::-1]

    def _put_to_the_test(
        self, groups: list[list[_Item]], asked: Counter[int], failure: BackendFailed
    ) -> Iterator[Response]:
        """Ask the shortest request that is left; if that fails too, the backend is at fault."""
        left = [item for group in groups for item in group]
        if not left:
            return
        shortest = min(left, key=lambda item: len(item.request.prompt))
        asked[shortest.ask.idx] += 1
        try:
            (finished,) = stream(self.lm, [shortest.ask], self._usage)
        except BackendFailed as error:
            raise HarnessError(
                f"model '{self.spec.name}': {FAILURES_IN_A_ROW + 1} requests failed one after "
                f"another, the last with: {_scrubbed(str(error))}; {len(left)} requests were not "
                "answered: see to the backend and run again, which goes on from here"
            ) from failure
        for group in groups:
            group[:] = [item for item in group if item is not shortest]
        groups[:] = [group for group in groups if group]
        yield self._response(shortest, finished.text, finished.usage, asked[shortest.ask.idx])

    def _give_up_if_pointless(self, failure: BackendFailed) -> None:
        status = compat_servers.http_status(failure.__cause__) if failure.__cause__ else None
        if status in _POINTLESS:
            raise HarnessError(
                f"model '{self.spec.name}': the server answers with status {status} "
                f"({_POINTLESS[status]}): {_scrubbed(str(failure))}"
            ) from failure

    def _response(self, item: _Item, text: str, usage: Usage, attempts: int) -> Response:
        return Response(
            id=item.request.id,
            dataset=item.request.dataset,
            prompt_hash=item.request.prompt_hash,
            text=text,
            finish_reason=usage.finish_reason,
            prompt_tokens=usage.prompt_tokens if usage.prompt_tokens is not None else item.tokens,
            completion_tokens=usage.completion_tokens,
            attempts=attempts,
            truncated=item.truncated,
        )

    def _failed(self, item: _Item, failure: BackendFailed, attempts: int) -> Response:
        return Response(
            id=item.request.id,
            dataset=item.request.dataset,
            prompt_hash=item.request.prompt_hash,
            attempts=attempts,
            truncated=item.truncated,
            error=_scrubbed(str(failure)),
        )

    # --- the rest --------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        return {
            "backend": self.spec.target,
            "class": f"{type(self.lm).__module__}.{type(self.lm).__qualname__}",
            "lm_eval": compat.version(),
            "arguments": self.arguments,
            "chat": self.chat,
            "chat_template": digest(self.template) if self.template else None,
            "streams": self.announces,
            **self.facts,
        }

    def close(self) -> None:
        """Let go of the weights."""
        import gc

        self.lm = None
        gc.collect()
        compat.free_memory()


def _joined(groups: Sequence[Sequence[_Item]]) -> list[_Item]:
    return [item for group in reversed(groups) for item in group]


def _scrubbed(text: str) -> str:
    """Return a message without the keys that stand in the environment."""
    for name, value in os.environ.items():
        if name.upper().endswith(("KEY", "TOKEN", "SECRET", "PASSWORD")) and len(value) >= 8:
            text = text.replace(value, "***")
    return text
