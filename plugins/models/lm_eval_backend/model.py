"""An lm-eval backend at work: prompts in, responses out as they finish, failures one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from imhi import (
    Context,
    HarnessError,
    ModelSpec,
    Request,
    Response,
    digest,
    ends_in_thought,
    sample_seed,
)
from imhi.plugins.models.lm_eval_backend import (
    compat,
    compat_backends,
    compat_beginning,
    compat_refusals,
    compat_servers,
    compat_thoughts,
)
from imhi.plugins.models.lm_eval_backend.adapters import check_adapter
from imhi.plugins.models.lm_eval_backend.arguments import (
    Values,
    check_paths,
    complete,
    refuse_secrets,
)
from imhi.plugins.models.lm_eval_backend.compat_servers import Usage
from imhi.plugins.models.lm_eval_backend.likelihood import LikelihoodAsker
from imhi.plugins.models.lm_eval_backend.prompts import Item, Prompter
from imhi.plugins.models.lm_eval_backend.stream import BackendFailed, describe, scrubbed, stream

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
    cls = compat_backends.backend_class(spec.target)
    arguments = complete(spec, cls, context.seed)
    if compat_backends.is_transformers(cls):
        for note in check_adapter(spec, arguments):
            context.note(f"{spec.name}: {note}")
    try:
        lm = cls(**arguments)
    except Exception as error:
        raise HarnessError(
            f"model '{spec.name}': lm-eval could not start the backend {spec.target}: "
            f"{scrubbed(describe(error))}"
        ) from error
    if compat.is_encoder_decoder(lm) and spec.given.get("batch_size") is None:
        # HFLM pads encoder inputs on the left: with absolute positions (BART) the answer would
        # then depend on what else is in the batch.
        compat.one_at_a_time(lm)
        arguments["batch_size"] = 1
    return LmEvalModel(spec, context, lm, arguments)


class LmEvalModel:
    """A :class:`imhi.Model` over an lm-eval ``LM``."""

    def __init__(self, spec: ModelSpec, context: Context, lm: Any, arguments: Values) -> None:
        self.spec = spec
        self.context = context
        self.lm = lm
        self.arguments = dict(arguments)
        self.announces: bool | None = None
        self.facts = compat.facts(lm)
        self.prompter = Prompter(lm, spec.name, spec.target, context)
        self._formats = tuple(context.registry.thought_formats)
        compat_thoughts.keep_thoughts(lm, self._formats)
        self._unused_defaults: dict[str, object] = {}
        self._usage = Usage()
        self._last_usage = compat_thoughts.watch_generation(lm) or (lambda: self._usage)
        if compat_backends.is_transformers(type(lm)):
            self._unused_defaults = compat.decode_plainly(lm)
            if self._unused_defaults:
                names = ", ".join(f"{k}={v}" for k, v in sorted(self._unused_defaults.items()))
                context.note(
                    f"{spec.name}: the checkpoint's own decoding defaults ({names}) are not used; "
                    "the run's settings decide"
                )
        if compat_backends.is_server(type(lm)):
            if arguments.get("add_bos_token"):
                self._begin_prompts()
            compat_refusals.keep_refusals()
            compat_servers.watch_server(lm, self._meter, context.note, self._formats)

    def _begin_prompts(self) -> None:
        beginning = compat_beginning.begin_once(self.lm)
        if beginning and "add_bos_token" not in self.spec.given:
            self.context.note(
                f"{self.spec.name}: prompts are sent with {beginning} before them, as the tokenizer "
                "writes it; lm-eval itself leaves it out (add_bos_token=False does so)"
            )

    def _meter(self, usage: Usage) -> None:
        self._usage = usage

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response per request as the backend finishes them.

        lm-eval ends a whole call at the first request that fails. What was finished by then is
        kept; the rest is asked again in halves, until the culprit stands alone and is recorded.

        Raises:
            HarnessError: every further request would fail too.
        """
        if self.context.generation.way == "likelihood":
            yield from LikelihoodAsker(self.lm, self.prompter, self.spec.name).generate(requests)
            return
        for sample, alike in _by_sample(requests):
            compat.seed_everything(self.lm, sample_seed(self.context.seed, sample))
            yield from self._generate(alike)

    def _generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        items = self.prompter.items(requests)
        asked: Counter[int] = Counter()
        failures = 0
        groups = self._groups(items)
        while groups:
            group = groups.pop()
            answered: set[int] = set()
            failure: BackendFailed | None = None
            asked.update(item.instance.idx for item in group)
            try:
                for finished in stream(
                    self.lm, [item.instance for item in group], self._last_usage
                ):
                    item = group[finished.index]
                    answered.add(finished.index)
                    self.announces = bool(self.announces) or finished.announced
                    yield self._response(
                        item, finished.text, finished.usage, asked[item.instance.idx]
                    )
            except BackendFailed as error:
                failure = error
            if answered:
                failures = 0
            if failure is not None:
                self._give_up_if_pointless(failure)
                left = [item for index, item in enumerate(group) if index not in answered]
                if len(group) == 1 and left:
                    yield self._failed(left[0], failure, asked[left[0].instance.idx])
                    failures += 1
                    if failures >= FAILURES_IN_A_ROW:
                        yield from self._put_to_the_test(groups, asked, failure)
                        failures = 0
                elif left:
                    half = (len(left) + 1) // 2
                    groups += [part for part in (left[half:], left[:half]) if part]
            if self.announces:
                groups = [_joined(groups)] if failure is None and groups else groups

    def _groups(self, items: Sequence[Item]) -> list[list[Item]]:
        """Return groups to ask, the last one first."""
        if self.announces:
            return [list(items)] if items else []
        return [list(items[start : start + PROBE]) for start in range(0, len(items), PROBE)][::-1]

    def _put_to_the_test(
        self, groups: list[list[Item]], asked: Counter[int], failure: BackendFailed
    ) -> Iterator[Response]:
        """Ask the shortest request that is left; if that fails too, the backend is at fault."""
        left = [item for group in groups for item in group]
        if not left:
            return
        shortest = min(left, key=lambda item: len(item.request.prompt))
        asked[shortest.instance.idx] += 1
        try:
            (finished,) = stream(self.lm, [shortest.instance], self._last_usage)
        except BackendFailed as error:
            raise HarnessError(
                f"model '{self.spec.name}': {FAILURES_IN_A_ROW + 1} requests failed one after "
                f"another, the last with: {scrubbed(str(error))}; {len(left)} requests were not "
                "answered: see to the backend and run again, which goes on from here"
            ) from failure
        for group in groups:
            group[:] = [item for item in group if item is not shortest]
        groups[:] = [group for group in groups if group]
        yield self._response(shortest, finished.text, finished.usage, asked[shortest.instance.idx])

    def _give_up_if_pointless(self, failure: BackendFailed) -> None:
        status = compat_servers.http_status(failure.__cause__) if failure.__cause__ else None
        if status in _POINTLESS:
            raise HarnessError(
                f"model '{self.spec.name}': the server answers with status {status} "
                f"({_POINTLESS[status]}): {scrubbed(str(failure))}"
            ) from failure

    def _response(self, item: Item, text: str, usage: Usage, attempts: int) -> Response:
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
            thought=usage.thought,
            thought_tokens=usage.thought_tokens,
            thought_open=self._opens_thought(item),
        )

    def _opens_thought(self, item: Item) -> bool:
        """Say whether the prompt ends in a thought; of messages only the server knows."""
        prompt = item.instance.context
        return isinstance(prompt, str) and ends_in_thought(prompt, self._formats)

    def _failed(self, item: Item, failure: BackendFailed, attempts: int) -> Response:
        answered = self._response(item, "", Usage(), attempts)
        return replace(
            answered, prompt_tokens=None, thought_open=False, error=scrubbed(str(failure))
        )

    def describe(self) -> dict[str, object]:
        """Return what the manifest holds about the backend; no keys."""
        template = self.prompter.template
        return {
            "backend": self.spec.target,
            "class": f"{type(self.lm).__module__}.{type(self.lm).__qualname__}",
            "lm_eval": compat_backends.version(),
            "engine": {"name": f"lm-eval {self.spec.target}", "version": compat_backends.version()},
            "model": self.arguments.get("pretrained") or self.arguments.get("model"),
            "batch_size": self.arguments.get("batch_size"),
            "concurrency": self.arguments.get("num_concurrent"),
            "arguments": self.arguments,
            "chat": self.prompter.chat,
            "chat_template": digest(template) if template else None,
            "streams": self.announces,
            "unused_generation_defaults": self._unused_defaults,
            **self.facts,
        }

    def close(self) -> None:
        """Let go of the weights."""
        import gc

        self.lm = None
        gc.collect()
        compat.free_memory()


def _by_sample(requests: Sequence[Request]) -> list[tuple[int, Sequence[Request]]]:
    """Return the requests by which sample of their example they are: those of one example are drawn with
    different seeds, and backends take none per request."""
    found: dict[int, list[Request]] = {}
    for request in requests:
        found.setdefault(request.sample, []).append(request)
    return sorted(found.items())


def _joined(groups: Sequence[Sequence[Item]]) -> list[Item]:
    return [item for group in reversed(groups) for item in group]
