"""Responses taken apart, and why one of them answers nothing.

This is done where stored responses are read (:mod:`imhi._core.run_store.columns`, the label stage)
and before any labeler reads (:meth:`imhi._core.context.Context.read_with`), so that neither labelers
nor metrics, those of plugins included, ever see a thought. Doing it twice changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from imhi._core.declarations import Dataset
from imhi._core.extensions import ThoughtFormat
from imhi._core.finish_reasons import FILTERED, LENGTH, normalised
from imhi._core.protocols import ReadLabels
from imhi._core.records import Prediction, Response
from imhi._core.thoughts import SplitText, readers_of, split_with

CUT_OFF = "cut off in a thought"
CUT_SHORT = "cut off before an answer"  # most likely in a thought that is not shown
WITHHELD = "filtered"
ONLY_THOUGHT = "a thought and no answer"


def take_apart(responses: Sequence[Response], formats: Iterable[ThoughtFormat]) -> list[Response]:
    """Return responses whose ``text`` holds no thought; what was thought stands in ``thought``.

    Give all responses of a dataset at once: where most of those that were ended by the model begin
    inside a thought, the prompt has opened it, and a text that was cut off without a single mark has
    never left it.
    """
    readers = readers_of(formats)
    split = [
        None
        if response.error is not None
        else split_with(readers, response.text, response.thought_open)
        for response in responses
    ]
    inside = _begin_inside(responses, split)
    return [
        response if parts is None else _taken_apart(response, parts, inside)
        for response, parts in zip(responses, split, strict=True)
    ]


def _begin_inside(responses: Sequence[Response], split: Sequence[SplitText | None]) -> bool:
    """Say whether the prompts have opened thoughts, as the ended answers show."""
    ended = [
        parts.began_inside
        for response, parts in zip(responses, split, strict=True)
        if parts is not None and response.text.strip() and response.finish_reason != LENGTH
    ]
    return 2 * sum(ended) > len(ended)


def _taken_apart(response: Response, parts: SplitText, inside: bool) -> Response:
    unmarked = parts.text == response.text and not response.thought
    # Without a finish reason nobody knows what was cut off: others have left their thoughts.
    if unmarked and inside and response.finish_reason in (LENGTH, None) and response.text.strip():
        parts = SplitText("", response.text.strip(), open=True)
    elif unmarked:
        return response
    thought = "\n\n".join(filter(None, (response.thought, parts.thought)))
    tokens = response.thought_tokens
    if tokens is None and thought and response.completion_tokens is not None:
        share = len(thought) / (len(thought) + len(parts.text))
        tokens = round(share * response.completion_tokens)
    return dataclasses.replace(
        response,
        text=parts.text,
        thought=thought,
        thought_tokens=tokens,
        thought_open=parts.open,
    )


def why_unanswered(response: Response) -> str:
    """Return why a response that was taken apart answers nothing, whatever text there is; empty where
    it is for a labeler to say."""
    reason = normalised(response.finish_reason)
    if reason == FILTERED:
        return WITHHELD
    if response.text.strip() or response.label is not None:
        return ""
    thought = response.thought or response.thought_tokens
    if response.thought_open or reason == LENGTH:
        return CUT_OFF if response.thought_open or thought else CUT_SHORT
    return ONLY_THOUGHT if thought else ""


def was_cut_off(response: Response) -> bool:
    """Say whether a response that was taken apart ended for want of tokens."""
    return response.thought_open or normalised(response.finish_reason) == LENGTH


def read_answers(
    read: ReadLabels, dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
) -> Sequence[Prediction]:
    """Have a labeler read the responses, taken apart, that answer something; the others are unparsed
    whoever reads."""
    why = [why_unanswered(response) for response in responses]
    if not any(why):
        return read(dataset, aspects, responses)
    asked = [row for row, reason in enumerate(why) if not reason]
    found = read(dataset, [aspects[row] for row in asked], [responses[row] for row in asked])
    unanswered = {
        row: Prediction(responses[row].id, dataset.name, status="unparsed", why=reason)
        for row, reason in enumerate(why)
        if reason
    }
    if len(found) != len(asked):  # an error of the labeler's, told where predictions are checked
        return [*found, *unanswered.values()]
    read_ones = dict(zip(asked, found, strict=True))
    return [unanswered.get(row) or read_ones[row] for row in range(len(responses))]
