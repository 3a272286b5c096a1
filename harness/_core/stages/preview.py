"""``--dry-run``: what a run would ask, without asking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice

from imhi._core.budget import Estimate
from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.plan import ModelPlan, RunPlan
from imhi._core.protocols import BuildPrompt
from imhi._core.records import JsonObject, Request
from imhi._core.registry import Registry
from imhi._core.run_store import RunFolder
from imhi._core.samples import sample_requests
from imhi._core.stages.prepare import begun_run
from imhi._core.stages.repeat_check import chosen_requests, is_made

_SCORED = "nothing is written: the wording of each label is scored after each prompt"


@dataclass(frozen=True)
class DatasetPreview:
    """What asking one dataset would take, and the first prompt as the model would get it: the first
    that is left to ask, if any is. Requests that are ``answered`` already are not made again."""

    dataset: str
    answered: int
    estimate: Estimate
    first_prompt: str


@dataclass(frozen=True)
class Preview:
    """What a run would ask; ``repeat_check``: what asking some of it again would take besides, if that
    is left to do."""

    model: str
    prompt: str
    datasets: tuple[DatasetPreview, ...]
    repeat_check: Estimate | None = None

    def to_json(self) -> JsonObject:
        """Return what ``--dry-run --json`` prints."""
        rows = [
            {
                "dataset": d.dataset,
                "answered": d.answered,
                **asdict(d.estimate),
                "first_prompt": d.first_prompt,
            }
            for d in self.datasets
        ]
        asked = {"model": self.model, "prompt": self.prompt, "datasets": rows}
        return asked | ({"repeat_check": asdict(self.repeat_check)} if self.repeat_check else {})


def preview(plan: RunPlan, model: ModelPlan, registry: Registry) -> Preview:
    """Return what a run would ask, without asking; of one that was begun, what is left."""
    settings, style = plan.settings, model.style
    context = Context.of(settings, registry, style, plan.source.open(registry))
    build: BuildPrompt = resolve(style.build)(context)
    pairs = {}
    for dataset in context.select_datasets(settings, model.spec):
        examples = islice(context.examples(dataset, settings.split), settings.limit)
        pairs[dataset] = list(context.requests(examples, build))
    begun = begun_run(plan, model, context, pairs)
    requests_of = {
        dataset: [one for _, of in sample_requests(asked, settings.samples) for one in of]
        for dataset, asked in pairs.items()
    }
    estimates = []
    for dataset, asked in requests_of.items():
        answered = begun.answered(dataset) if begun else {}
        requests = [request for request in asked if request.id not in answered]
        made = _estimate(model, requests, context)
        first = requests[0] if requests else asked[0]
        done = len(asked) - len(requests)
        estimates.append(DatasetPreview(dataset, done, made, first.prompt))
    again = None
    if settings.repeat_check:
        again = _repeat_check(settings.repeat_check, model, requests_of, begun, context)
    return Preview(model.called, style.name, tuple(estimates), again)


def _estimate(model: ModelPlan, requests: Sequence[Request], context: Context) -> Estimate:
    made = Estimate(0, 0, 0, 0.0)
    if requests:
        made = model.spec.estimate([request.prompt for request in requests], context)
    if context.generation.way == "likelihood":
        made = replace(
            made,
            completion_tokens=0,
            scored=sum(len(request.choices) for request in requests),
            note="; ".join(filter(None, (made.note, _SCORED))),
        )
    return made


def _repeat_check(
    wanted: int,
    model: ModelPlan,
    requests: Mapping[str, Sequence[Request]],
    begun: RunFolder | None,
    context: Context,
) -> Estimate | None:
    """Return what a check would take of a run whose requests all get an answer; None if it was made."""
    chosen = chosen_requests(
        {name: [one.id for one in of] for name, of in requests.items()}, wanted
    )
    if begun is not None and is_made(begun.manifest().repeat_check, chosen):
        return None
    places = set(chosen)
    asked = [one for of in requests.values() for one in of if (one.dataset, one.id) in places]
    return _estimate(model, 3 * asked, context)
