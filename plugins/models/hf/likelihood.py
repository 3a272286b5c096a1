"""Labels by likelihood: the wording of each label is scored as what follows the prompt."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, Request, Response, by_likelihood
from imhi.checkpoints import Continued
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import padded, positions
from imhi.plugins.models.hf.labels import LabelAsker
from imhi.plugins.models.hf.loading import Loaded
from imhi.plugins.models.hf.reading import plain_model

Scored = list[list[float]]
"""Log-likelihoods in nats, by prompt and continuation."""


class Scorer:
    """Scores wordings in batches, longest first. A prompt is read once: its keys and values, or its
    encoding, serve all wordings that may follow.

    Raises:
        HarnessError: the run says ``--chat-template on`` and there is none.
    """

    def __init__(self, loaded: Loaded, name: str, arguments: HfArguments, context: Context) -> None:
        self.loaded = loaded
        self.context = context
        self.prompts = LabelAsker(loaded, name, arguments, context)
        self.takes = set(inspect.signature(plain_model(loaded.model).forward).parameters)
        self.shares_prompts = True

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response with a label and the likelihood of each to each request, as batches
        finish."""
        # What is read of a prompt is held once for each wording.
        return self.prompts.answer(
            requests,
            lambda prompt: len(prompt.continuations) * (len(prompt.ids) + prompt.longest),
            self._answer,
        )

    def _answer(self, batch: Sequence[tuple[Request, Continued]]) -> list[Response]:
        import torch

        prompts = [prompt for _, prompt in batch]
        with torch.inference_mode():
            scored = self._score(prompts)
        return [
            by_likelihood(
                request,
                dict(zip(request.choices, values, strict=True)),
                self.context.generation.answer,
                prompt_tokens=len(prompt.ids),
                truncated=prompt.truncated,
            )
            for (request, prompt), values in zip(batch, scored, strict=True)
        ]

    def _score(self, prompts: Sequence[Continued]) -> Scored:
        if self.loaded.kind == "seq2seq":
            return self._after_encoding(prompts)
        if self.shares_prompts and (scored := self._after_reading(prompts)) is not None:
            return scored
        self.shares_prompts = False
        return self._whole(prompts)

    def _after_reading(self, prompts: Sequence[Continued]) -> Scored | None:
        """Read each prompt once, then what follows it; None where a model's memory of the prompt
        cannot be had (one that keeps states instead of keys and values)."""
        import torch

        ids, mask = self._padded([prompt.ids for prompt in prompts])
        read = self._forward(ids, mask, positions(mask), keep=1, use_cache=True)
        memory: Any = getattr(read, "past_key_values", None)
        counts = [len(prompt.continuations) for prompt in prompts]
        layers = getattr(memory, "layers", ())
        if not layers or not all(hasattr(one, "batch_repeat_interleave") for one in layers):
            return None
        rows = [
            # Requests of several datasets may be asked at once: rows are filled up to one number.
            prompt.continuations[min(place, count - 1)]
            for prompt, count in zip(prompts, counts, strict=True)
            for place in range(max(counts))
        ]
        # The last token of a prompt predicts the first of what follows.
        first = read.logits[:, -1:].float().log_softmax(dim=-1)
        values = [float(first[row // max(counts), 0, tokens[0]]) for row, tokens in enumerate(rows)]
        longest = max(map(len, rows))
        if longest > 1:
            memory.batch_repeat_interleave(max(counts))
            given = [[*row[:-1], *[0] * (longest - len(row))] for row in rows]
            seen = [[*[1] * (len(row) - 1), *[0] * (longest - len(row))] for row in rows]
            whole = torch.cat(
                [mask.repeat_interleave(max(counts), dim=0), torch.tensor(seen).to(mask)], dim=1
            )
            places = positions(whole)[:, mask.shape[1] :]
            later = self._forward(
                torch.tensor(given).to(ids),
                whole,
                places,
                past_key_values=memory,
                use_cache=True,
            )
            rest = _of_tokens(later.logits, [row[1:] for row in rows])
            values = [begun + ended for begun, ended in zip(values, rest, strict=True)]
        return [values[start * max(counts) :][:count] for start, count in enumerate(counts)]

    def _whole(self, prompts: Sequence[Continued]) -> Scored:
        """Read prompt and continuation together, the prompt once for each."""
        rows = [(prompt.ids, tokens) for prompt in prompts for tokens in prompt.continuations]
        ids, mask = self._padded([[*before, *tokens[:-1]] for before, tokens in rows])
        longest = max(len(tokens) for _, tokens in rows)
        logits = self._forward(ids, mask, positions(mask), keep=longest, use_cache=False).logits
        ends = [logits[row, -len(tokens) :] for row, (_, tokens) in enumerate(rows)]
        flat = [_of_tokens(end[None], [rows[row][1]])[0] for row, end in enumerate(ends)]
        return _by_prompt(flat, prompts)

    def _after_encoding(self, prompts: Sequence[Continued]) -> Scored:
        """Encode each prompt once, and decode what may follow it."""
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        model = self.loaded.model
        ids, mask = self._padded([prompt.ids for prompt in prompts], left=False)
        encoded = model.get_encoder()(input_ids=ids, attention_mask=mask).last_hidden_state
        places = torch.tensor(
            [row for row, prompt in enumerate(prompts) for _ in prompt.continuations]
        ).to(ids)
        rows = [tokens for prompt in prompts for tokens in prompt.continuations]
        start = model.generation_config.decoder_start_token_id
        longest = max(map(len, rows))
        given = [[start, *row[:-1], *[start] * (longest - len(row))] for row in rows]
        # What stands after the end of a wording is not looked at from before.
        logits = model(
            encoder_outputs=BaseModelOutput(last_hidden_state=encoded[places]),
            attention_mask=mask[places],
            decoder_input_ids=torch.tensor(given).to(ids),
            use_cache=False,
        ).logits
        return _by_prompt(_of_tokens(logits, rows), prompts)

    def _padded(self, rows: Sequence[Sequence[int]], *, left: bool = True) -> tuple[Any, Any]:
        pad = self.loaded.model.generation_config.pad_token_id
        ids, mask = padded(rows, pad, left)
        return ids.to(self.loaded.device), mask.to(self.loaded.device)

    def _forward(self, ids: Any, mask: Any, positions: Any, keep: int = 0, **more: Any) -> Any:
        """Run the model; ``keep`` is how many logits at the end are needed (0: all). Over a whole
        prompt they would take a hundred times the memory of the model's work."""
        if "position_ids" in self.takes:
            more["position_ids"] = positions
        if "logits_to_keep" in self.takes and keep:
            more["logits_to_keep"] = keep
        return self.loaded.model(input_ids=ids, attention_mask=mask, **more)

    def describe(self) -> Mapping[str, object]:
        """Return how prompts are written, and whether each is read once for all labels."""
        shared = "once" if self.shares_prompts else "once for each label"
        return {**self.prompts.describe(), "prompts_read": shared}


def _of_tokens(logits: Any, rows: Sequence[Sequence[int]]) -> list[float]:
    """Return the log-likelihood of each row's tokens: ``logits[row, i]``, of shape (rows, longest,
    vocabulary), predict its token ``i``."""
    import torch

    values = []
    for scores, tokens in zip(logits, rows, strict=True):  # one by one: float32 takes room
        chosen = torch.tensor(tokens, dtype=torch.int64).to(scores.device)
        # Not by logsumexp: where scores are large, what it adds to the highest is lost.
        spread = scores[: len(tokens)].float().log_softmax(dim=-1)
        values.append(float(spread.gather(1, chosen[:, None]).sum()))
    return values


def _by_prompt(values: Sequence[float], prompts: Sequence[Continued]) -> Scored:
    rest = iter(values)
    return [[next(rest) for _ in prompt.continuations] for prompt in prompts]
