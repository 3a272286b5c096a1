"""Answers that are one of the labels: chosen by likelihood, or written under constraint.

A model that can is given the wording of each label (:attr:`imhi.Request.choices`), and there is
nothing to read out of its answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from imhi._core.extensions import ThoughtFormat
from imhi._core.records import Request, Response
from imhi._core.settings import Answer
from imhi._core.thoughts import ends_in_thought


def by_likelihood(
    request: Request, log_likelihoods: Mapping[str, float], answer: Answer, **fields: Any
) -> Response:
    """Return the response that takes the most likely label; of equals, the one declared first.

    ``likelihood`` takes the wording that the model would most likely write, token after token: the
    highest sum. Its softmax is the model's own distribution, given that it writes one of the wordings.
    ``likelihood:normalised`` divides by the wording's length in characters, as ``acc_norm`` of
    lm-evaluation-harness does. Both are kept, so that either can be read later.

    Args:
        log_likelihoods: by label, the sum over the tokens of its wording, in nats.
        fields: any other field of the response.
    """
    raw = {label: round(log_likelihoods[label], 6) for label in request.choices}
    if not all(map(math.isfinite, raw.values())):
        return not_a_number(request)
    normalised = {
        label: round(value / max(1, len(request.choices[label])), 8) for label, value in raw.items()
    }
    decisive = raw if answer == "likelihood" else normalised
    label = max(decisive, key=lambda name: decisive[name])
    return Response(
        request.id,
        request.dataset,
        request.prompt_hash,
        text=request.choices[label],
        label=label,
        probabilities=softmax(decisive),
        finish_reason="stop",
        completion_tokens=0,
        log_likelihoods=raw,
        normalised=normalised,
        **fields,
    )


def not_a_number(request: Request) -> Response:
    """Return the failure of a model that computes no numbers: nothing is chosen by it."""
    return Response(
        request.id,
        request.dataset,
        request.prompt_hash,
        error="the model gives no finite log-likelihoods: its weights, adapter or dtype are broken",
    )


def softmax(values: Mapping[str, float]) -> dict[str, float]:
    """Return probabilities of labels from their log-likelihoods."""
    highest = max(values.values())
    weights = {label: math.exp(value - highest) for label, value in values.items()}
    total = sum(weights.values())
    return {label: weight / total for label, weight in weights.items()}


def opened_thought(context: str, name: str, formats: Iterable[ThoughtFormat]) -> str:
    """Return what a reader of the scores must know where a prompt ends in a thought: a label has to
    follow it there all the same. Empty where it does not."""
    if not ends_in_thought(context, formats):
        return ""
    return (
        f"{name}: its prompts open a thought, and with --answer a label follows where it would think: "
        "--answer text lets it think, --chat-template off opens no thought"
    )


def label_of(request: Request, text: str) -> str | None:
    """Return the label whose wording a text is, spaces around it aside; None where it is no
    label's."""
    found = [label for label, wording in request.choices.items() if wording.strip() == text.strip()]
    return found[0] if found else None


def seam(
    context: str, wording: str, *, chat: bool = False, encoder_decoder: bool = False
) -> tuple[str, str]:
    """Return a prompt and what follows it as lm-evaluation-harness scores them.

    A tokenizer makes a word and the space before it one token: the white space at the end of a
    prompt belongs to what follows, and where there is none a space is put between, save after a chat
    template, whose end is the beginning of an answer. An encoder-decoder writes in a text of its
    own, which begins with the wording.

    Args:
        context: the whole prompt, as text.
        chat: whether a chat template wrote the prompt.
    """
    before = context.rstrip()
    if encoder_decoder:
        return before, wording
    return before, (context[len(before) :] or ("" if chat else " ")) + wording
