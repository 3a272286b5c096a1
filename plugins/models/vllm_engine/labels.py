"""Answers that are one of the labels: the likeliest wording, or the one the model is led to.

Wordings of one dataset begin alike, and only the tokens at which they part, or for likelihoods all
of them, have to be asked about. Each is asked as a prompt of its own (the prompt, and the tokens so
far) that is answered with one token: the prompt is in the cache by then. So no more scores leave
the engine than are read; vLLM's ``prompt_logprobs`` would compute the whole vocabulary at every
token of every prompt, and read prompts anew for each wording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from imhi import Context, Request, Response, by_likelihood, not_a_number
from imhi.checkpoints import Continued, LabelPrompts, failed, request_seed
from imhi.plugins.models.vllm_engine.arguments import VllmArguments
from imhi.plugins.models.vllm_engine.feeding import Asked, Refused, answers
from imhi.plugins.models.vllm_engine.starting import Engine

Tokens = tuple[int, ...]
Group = Sequence[tuple[Request, Continued]]

# Posts asked about together: the first question of each leaves its prompt in the cache for the rest.
_TOGETHER = 64


class LabelAsker:
    """Hands prompts with the wordings of their labels to what answers them, in groups.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none.
    """

    def __init__(
        self, engine: Engine, name: str, arguments: VllmArguments, context: Context
    ) -> None:
        self.prompts = LabelPrompts(
            engine.tokenizer,
            name,
            context,
            engine.window,
            engine.window_from,
            mode=arguments.chat_template,
            variables=arguments.template,
        )

    def answer(
        self, requests: Sequence[Request], answer: Callable[[Group], Iterator[Response]]
    ) -> Iterator[Response]:
        """Yield a response to each request, group by group; what does not fit the window fails."""
        asked, lost = self.prompts.encode(requests)
        yield from lost
        rest = iter(asked)
        while group := list(islice(rest, _TOGETHER)):
            yield from answer(group)


class Scorer:
    """Adds up the log-likelihoods of the tokens of each wording."""

    def __init__(
        self, engine: Engine, name: str, arguments: VllmArguments, context: Context
    ) -> None:
        self.engine = engine
        self.context = context
        self.labels = LabelAsker(engine, name, arguments, context)

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with a label to each request, as groups are answered."""
        return self.labels.answer(requests, self._group)

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written."""
        return self.labels.prompts.describe()

    def _group(self, group: Group) -> Iterator[Response]:
        branches = [_branches(prompt.continuations) for _, prompt in group]
        found: list[dict[tuple[Tokens, int], float]] = [{} for _ in group]
        refused: dict[int, str] = {}
        order: list[tuple[int, Tokens]] = [(row, ()) for row in range(len(group))]
        order += [(row, so_far) for row, one in enumerate(branches) for so_far in one if so_far]
        handed = (
            Asked(
                (row, so_far),
                [*group[row][1].ids, *so_far],
                self.engine.params(
                    max_tokens=1, temperature=0.0, logprob_token_ids=branches[row][so_far]
                ),
            )
            for row, so_far in order
        )
        left = [len(one) for one in branches]
        for one, output in answers(self.engine, handed):
            row, so_far = one.key
            left[row] -= 1
            if isinstance(output, Refused):
                refused[row] = output.reason
            else:
                for token in branches[row][so_far]:
                    found[row][so_far, token] = output.logprobs[0][token].logprob
            if left[row] == 0 and row in refused:
                yield failed(group[row][0], f"vLLM does not take it: {refused[row]}")
            elif left[row] == 0:
                yield self._scored(*group[row], found[row])

    def _scored(
        self, request: Request, prompt: Continued, found: Mapping[tuple[Tokens, int], float]
    ) -> Response:
        sums = [
            sum(found[tuple(tokens[:at]), token] for at, token in enumerate(tokens))
            for tokens in prompt.continuations
        ]
        return by_likelihood(
            request,
            dict(zip(request.choices, sums, strict=True)),
            self.context.generation.answer,
            prompt_tokens=len(prompt.ids),
            truncated=prompt.truncated,
        )


class Chooser:
    """Lets the model write, no other token than one that leads to a wording. It can end elsewhere
    than at the likeliest wording: it never looks ahead. Where all wordings go on alike, nothing is
    asked."""

    def __init__(
        self, engine: Engine, name: str, arguments: VllmArguments, context: Context
    ) -> None:
        self.engine = engine
        self.context = context
        self.labels = LabelAsker(engine, name, arguments, context)

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with a label to each request, as groups are answered."""
        return self.labels.answer(requests, self._group)

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written."""
        return self.labels.prompts.describe()

    def _group(self, group: Group) -> Iterator[Response]:
        branches = [self._with_ends(prompt.continuations) for _, prompt in group]
        written: dict[int, Tokens] = {row: () for row in range(len(group))}
        while written:
            asked = []
            for row in list(written):
                so_far = _forced(branches[row], written[row])
                if so_far in branches[row]:
                    written[row] = so_far
                    asked.append(row)
                else:
                    yield self._chosen(*group[row], so_far)
                    del written[row]
            handed = (
                Asked(
                    row,
                    [*group[row][1].ids, *written[row]],
                    self._params(group[row][0], branches[row][written[row]], len(written[row])),
                )
                for row in asked
            )
            for one, output in answers(self.engine, handed):
                if isinstance(output, Refused):
                    del written[one.key]
                    yield failed(group[one.key][0], f"vLLM does not take it: {output.reason}")
                    continue
                token = output.token_ids[0]
                if token not in branches[one.key][written[one.key]]:
                    # Scores that are no numbers choose whatever comes first.
                    del written[one.key]
                    yield not_a_number(group[one.key][0])
                else:
                    written[one.key] += (token,)

    def _with_ends(self, continuations: Sequence[Sequence[int]]) -> dict[Tokens, list[int]]:
        """Return which tokens may come after each beginning: an end after a whole wording."""
        end = min(self.engine.ends, default=None)
        found = _branches(continuations)
        for tokens in continuations:
            if tuple(tokens) in found and end is not None:
                found[tuple(tokens)].append(end)
        return found

    def _params(self, request: Request, allowed: Sequence[int], at: int) -> Any:
        settings = self.context.generation
        sampled = settings.temperature > 0
        seed = (request_seed(self.context.seed, request) + at) % 2**60 if sampled else None
        return self.engine.params(
            max_tokens=1,
            allowed_token_ids=list(allowed),
            temperature=settings.temperature,
            top_p=settings.top_p if sampled else 1.0,
            seed=seed,
        )

    def _chosen(self, request: Request, prompt: Continued, tokens: Tokens) -> Response:
        wordings = [tuple(one) for one in prompt.continuations]
        # An end may stand behind it.
        place = wordings.index(tokens) if tokens in wordings else wordings.index(tokens[:-1])
        label = list(request.choices)[place]
        return Response(
            request.id,
            request.dataset,
            request.prompt_hash,
            text=request.choices[label],
            label=label,
            finish_reason="stop",
            prompt_tokens=len(prompt.ids),
            completion_tokens=len(wordings[place]),
            truncated=prompt.truncated,
        )


def _branches(continuations: Sequence[Sequence[int]]) -> dict[Tokens, list[int]]:
    """Return which tokens come after each beginning of the wordings, each once."""
    found: dict[Tokens, list[int]] = {}
    for tokens in continuations:
        for at, token in enumerate(tokens):
            following = found.setdefault(tuple(tokens[:at]), [])
            if token not in following:
                following.append(token)
    return found


def _forced(branches: Mapping[Tokens, Sequence[int]], tokens: Tokens) -> Tokens:
    """Return the tokens with all those that can only follow them."""
    while len(following := branches.get(tokens, ())) == 1:
        tokens += (following[0],)
    return tokens
