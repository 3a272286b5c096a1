"""Labels by likelihood, through a backend's own ``loglikelihood``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from imhi import HarnessError, Request, Response, by_likelihood, opened_thought, seam
from imhi.plugins.models.lm_eval_backend import compat
from imhi.plugins.models.lm_eval_backend.compat import Continuation
from imhi.plugins.models.lm_eval_backend.prompts import Prompter
from imhi.plugins.models.lm_eval_backend.stream import describe, scrubbed

# Prompts handed over at once. Backends sort what they get by length, and give nothing back before all
# of it is done: a killed run loses no more than one group.
GROUP = 32
# Single prompts that may fail one after another before the backend itself is held to be at fault.
FAILURES_IN_A_ROW = 5


class LikelihoodAsker:
    """Asks one backend for the likelihood of each label's wording.

    Raises:
        HarnessError: the backend takes chat messages only, which nothing can follow.
    """

    def __init__(self, lm: Any, prompter: Prompter, name: str) -> None:
        self.lm = lm
        self.prompter = prompter
        self.name = name
        if prompter.chat and prompter.template is None:
            raise HarnessError(
                f"model '{name}': --answer likelihood is asked for, and the backend takes chat messages "
                "only, whose answer cannot be given: use a completions backend, hf: or --answer choice "
                "through openai:"
            )

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response to each request, group by group; a group that fails is asked again in
        halves, until the culprit stands alone and is recorded.

        Raises:
            HarnessError: the backend tells no likelihoods, or fails with one prompt after another.
        """
        groups = [requests[start : start + GROUP] for start in range(0, len(requests), GROUP)][::-1]
        failures = 0
        while groups:
            group = groups.pop()
            try:
                responses = self._answer(group)
            except NotImplementedError as error:
                raise HarnessError(
                    f"model '{self.name}': --answer likelihood is asked for, and this backend tells no "
                    f"likelihoods ({scrubbed(describe(error))}); use --answer text, or hf:"
                ) from error
            except Exception as error:
                if len(group) > 1:
                    half = (len(group) + 1) // 2
                    groups += [group[half:], group[:half]]
                    continue
                failures += 1
                message = scrubbed(describe(error))
                if failures >= FAILURES_IN_A_ROW:
                    raise HarnessError(
                        f"model '{self.name}': {failures} prompts failed one after another, the last "
                        f"with: {message}; see to the backend and run again, which goes on from here"
                    ) from error
                (request,) = group
                yield Response(request.id, request.dataset, request.prompt_hash, error=message)
                continue
            failures = 0
            yield from responses

    def _answer(self, requests: Sequence[Request]) -> list[Response]:
        contexts = [self.prompter.prompt(request) for request in requests]
        where = self.prompter.context
        if note := opened_thought(contexts[0], self.name, where.registry.thought_formats):
            where.note(note)
        pairs = [
            seam(
                context,
                wording,
                chat=self.prompter.chat,
                encoder_decoder=compat.is_encoder_decoder(self.lm),
            )
            for request, context in zip(requests, contexts, strict=True)
            for wording in request.choices.values()
        ]
        asked = [Continuation(*pair, idx=index) for index, pair in enumerate(pairs)]
        values = iter(compat.log_likelihoods(self.lm, asked))
        responses = []
        for request, context in zip(requests, contexts, strict=True):
            tokens = compat.token_count(self.lm, context)
            found = by_likelihood(
                request,
                {label: next(values) for label in request.choices},
                self.prompter.context.generation.answer,
                prompt_tokens=tokens,
                truncated=self._is_cut(request, tokens),
            )
            responses.append(found)
        cut = sum(response.truncated for response in responses)
        if cut:
            self.prompter.context.count(
                f"{self.name}: {{n}} prompts did not fit the model's window beside the labels; lm-eval cut "
                "them at the start",
                cut,
            )
        return responses

    def _is_cut(self, request: Request, tokens: int | None) -> bool:
        """Whether lm-eval shortens a prompt of so many tokens, which it says nowhere."""
        window = compat.window_of(self.lm)
        if window is None or tokens is None:
            return False
        counts = [compat.token_count(self.lm, wording) for wording in request.choices.values()]
        longest = 0 if compat.is_encoder_decoder(self.lm) else max(count or 0 for count in counts)
        return tokens + longest > window + 1
