"""What asking would take, before anything is asked: requests, tokens, US dollars, time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from imhi import Context, ModelSpec, estimate
from imhi.build.generation_runs import GenerationRuns, PendingRows

_BATCH = 1000


@dataclass(frozen=True)
class Estimated:
    """For one dataset. ``cost`` in US dollars, None where no price is known."""

    dataset: str
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    note: str = ""
    first_prompt: str = ""


def estimate_asking(
    wanted: Sequence[PendingRows], spec: ModelSpec, context: Context
) -> Iterator[Estimated]:
    """Yield an estimate per dataset that has rows to ask about; prompts are made a thousand at a
    time. Rows that would share an answer are counted each: an upper bound."""
    for one in wanted:
        requests = prompt_tokens = completion_tokens = 0
        cost: float | None = None
        note = first = ""
        rows = iter(one.rows())
        while prompts := [one.prompt(row) for row in islice(rows, _BATCH)]:
            first = first or prompts[0]
            batch = estimate(spec, prompts, context)
            requests += batch.requests
            prompt_tokens += batch.prompt_tokens
            completion_tokens += batch.completion_tokens
            cost = cost if batch.cost is None else (cost or 0.0) + batch.cost
            note = batch.note
        if requests:
            yield Estimated(
                one.dataset, requests, prompt_tokens, completion_tokens, cost, note, first
            )


def seconds_each(runs: GenerationRuns, model: str) -> float | None:
    """Return how many seconds of asking an answer of this model took in earlier rounds, all
    requests in flight counted; None where it has not been asked."""
    seconds, answered = 0.0, 0
    for run in runs.folders():
        manifest = run.manifest()
        if manifest.model == model:
            seconds += getattr(manifest.totals, "respond_seconds", 0.0)
            answered += getattr(manifest.totals, "answered", 0)
    return seconds / answered if answered else None
