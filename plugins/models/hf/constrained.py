"""Answers held to the wording of one label, token by token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, Request, Response, not_a_number
from imhi.checkpoints import Continued, quiet, request_seed
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import padded
from imhi.plugins.models.hf.labels import LabelAsker
from imhi.plugins.models.hf.loading import Loaded


class Chooser:
    """Generates for requests in batches, longest first, no other token than one that leads to a
    wording. It can end elsewhere than at the likeliest wording: it never looks ahead.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none.
    """

    def __init__(self, loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> None:
        self.loaded = loaded
        self.context = context
        self.prompts = LabelAsker(loaded, name, arguments, context)

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with a label and its wording to each request, as batches finish."""
        return self.prompts.answer(
            requests, lambda prompt: len(prompt.ids) + prompt.longest + 1, self._answer
        )

    def _answer(self, batch: Sequence[tuple[Request, Continued]]) -> list[Response]:
        responses = []
        for (request, prompt), tokens in zip(batch, self._decode(batch), strict=True):
            # The first wording that the tokens begin with, the longest first: after it comes an end.
            found = max(
                (place for place, one in enumerate(prompt.continuations) if _begins(tokens, one)),
                key=lambda place: len(prompt.continuations[place]),
                default=None,
            )
            if found is None:
                responses.append(not_a_number(request))
                continue
            label = list(request.choices)[found]
            responses.append(
                Response(
                    request.id,
                    request.dataset,
                    request.prompt_hash,
                    text=request.choices[label],
                    label=label,
                    finish_reason="stop",
                    prompt_tokens=len(prompt.ids),
                    completion_tokens=len(prompt.continuations[found]),
                    truncated=prompt.truncated,
                )
            )
        return responses

    def _decode(self, batch: Sequence[tuple[Request, Continued]]) -> list[list[int]]:
        """Return the tokens that each request is answered with, those after its end included."""
        import torch

        from imhi.plugins.models.hf.decoding import SeededSampling, stream

        settings, model = self.context.generation, self.loaded.model
        facts, causal = model.generation_config, self.loaded.kind == "causal"
        prompts = [prompt for _, prompt in batch]
        ids, mask = padded([prompt.ids for prompt in prompts], facts.pad_token_id, left=causal)
        # An encoder-decoder's output begins with its start token, and some are told their first word.
        forced = None if causal else facts.forced_bos_token_id
        skipped = ids.shape[1] if causal else 1 if forced is None else 2
        ends = facts.eos_token_id
        end = (ends[0] if isinstance(ends, (list, tuple)) else ends) if ends is not None else None
        processors: list[Any] = []
        if settings.temperature > 0:
            streams = [stream(request_seed(self.context.seed, request)) for request, _ in batch]
            processors.append(SeededSampling(settings.temperature, settings.top_p, streams))
        longest = max(prompt.longest for prompt in prompts)
        with quiet(), torch.inference_mode():
            output = model.generate(
                input_ids=ids.to(self.loaded.device),
                attention_mask=mask.to(self.loaded.device),
                max_new_tokens=longest + 1 + (forced is not None),
                # Greedy also when sampling: SeededSampling has drawn already.
                do_sample=False,
                num_beams=1,
                logits_processor=processors,
                prefix_allowed_tokens_fn=_allowed(
                    prompts, skipped, facts.pad_token_id if end is None else end, forced
                ),
            )
        answers: list[list[int]] = output[:, skipped:].tolist()
        return answers

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written."""
        return self.prompts.describe()


def _allowed(
    prompts: Sequence[Continued], skipped: int, end: int, forced: int | None
) -> Callable[[int, Any], list[int]]:
    """Return which tokens may come next in a row of the batch, given its tokens so far."""

    def allowed(row: int, tokens: Any) -> list[int]:
        if tokens.shape[0] < skipped:
            return [end if forced is None else forced]
        written = tokens[skipped:].tolist()
        leading = [one for one in prompts[row].continuations if _begins(one, written)]
        following = {end if len(one) == len(written) else one[len(written)] for one in leading}
        return sorted(following) or [end]

    return allowed


def _begins(tokens: Sequence[int], start: Sequence[int]) -> bool:
    return list(tokens[: len(start)]) == list(start)
