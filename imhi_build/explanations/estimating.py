"""What asking would take, before anything is asked: requests, tokens, US dollars, time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from imhi import Context, Estimate, ModelSpec
from imhi.build.generation_runs import GenerationRuns, PendingRows

_BATCH = 1000


@dataclass(frozen=True)
class Estimated:
    """What asking about one dataset would take, and the first prompt of it."""

    dataset: str
    estimate: Estimate
    first_prompt: str


def estimate_asking(
    wanted: Sequence[PendingRows], spec: ModelSpec, context: Context
) -> Iterator[Estimated]:
    """Yield an estimate per dataset that has rows to ask about; prompts are made a thousand at a
    time. Rows that would share an answer are counted each: an upper bound."""
    for one in wanted:
        parts: list[Estimate] = []
        first = ""
        rows = iter(one.rows())
        while prompts := [one.prompt(row) for row in islice(rows, _BATCH)]:
            first = first or prompts[0]
            parts.append(spec.estimate(prompts, context))
        if parts:
            yield Estimated(one.dataset, replace(Estimate.total(parts), note=parts[-1].note), first)


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
