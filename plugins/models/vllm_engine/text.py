"""Answers in text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, Request, Response
from imhi.checkpoints import Encoded, TextPrompts, failed, request_seed
from imhi.plugins.models.vllm_engine.arguments import VllmArguments
from imhi.plugins.models.vllm_engine.feeding import Asked, Refused, answers
from imhi.plugins.models.vllm_engine.starting import Engine


class Writer:
    """Lets the engine write answers; each is handed on when it is finished.

    Raises:
        HarnessError: as :class:`imhi.checkpoints.TextPrompts`.
    """

    def __init__(
        self, engine: Engine, name: str, arguments: VllmArguments, context: Context
    ) -> None:
        self.engine = engine
        self.context = context
        self.prompts = TextPrompts(
            engine.tokenizer,
            name,
            context,
            engine.window,
            engine.window_from,
            mode=arguments.chat_template,
            variables=arguments.template,
        )

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with text to each request, as answers finish."""
        asked, lost = self.prompts.encode(requests)
        yield from lost
        handed = (
            Asked((request, prompt), prompt.ids, self._params(request)) for request, prompt in asked
        )
        for one, output in answers(self.engine, handed):
            request, prompt = one.key
            if isinstance(output, Refused):
                yield failed(request, f"vLLM does not take it: {output.reason}")
            else:
                yield self._response(request, prompt, output)

    def _params(self, request: Request) -> Any:
        """Return how one request is answered: by the run's settings, and nothing else."""
        settings = self.context.generation
        sampled = settings.temperature > 0
        return self.engine.params(
            max_tokens=self.prompts.new_tokens,
            stop=list(settings.stop),
            # vLLM finds stop strings in the text.
            detokenize=bool(settings.stop),
            stop_token_ids=sorted(self.engine.ends),
            temperature=settings.temperature,
            top_p=settings.top_p if sampled else 1.0,
            seed=request_seed(self.context.seed, request) if sampled else None,
        )

    def _response(self, request: Request, prompt: Encoded, output: Any) -> Response:
        tokens = list(output.token_ids)
        stopped = len(tokens) if isinstance(output.stop_reason, str) else None
        if output.finish_reason not in ("stop", "length"):
            return failed(request, f"vLLM ended the answer: {output.finish_reason}")
        return self.prompts.response(request, prompt, tokens, self.engine.ends, stopped)

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written and answers bounded."""
        return self.prompts.describe()
