"""``--dry-run``: what a run would ask, without asking."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import islice

from imhi._core.budget import Estimate
from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.plan import ModelPlan, RunPlan
from imhi._core.protocols import BuildPrompt
from imhi._core.records import JsonObject
from imhi._core.registry import Registry

_SCORED = "nothing is written: the wording of each label is scored after each prompt"


@dataclass(frozen=True)
class DatasetPreview:
    """What asking one dataset would take, and the first prompt as the model would get it."""

    dataset: str
    estimate: Estimate
    first_prompt: str


@dataclass(frozen=True)
class Preview:
    """What a run would ask."""

    model: str
    prompt: str
    datasets: tuple[DatasetPreview, ...]

    def to_json(self) -> JsonObject:
        """Return what ``--dry-run --json`` prints."""
        rows = [
            {"dataset": d.dataset, **asdict(d.estimate), "first_prompt": d.first_prompt}
            for d in self.datasets
        ]
        return {"model": self.model, "prompt": self.prompt, "datasets": rows}


def preview(plan: RunPlan, model: ModelPlan, registry: Registry) -> Preview:
    """Return what a run would ask, without asking."""
    settings, style = plan.settings, model.style
    context = Context.of(settings, registry, style, plan.source.open(registry))
    build: BuildPrompt = resolve(style.build)(context)
    estimates = []
    for dataset in context.select_datasets(settings):
        examples = islice(context.examples(dataset, settings.split), settings.limit)
        requests = [request for _, request in context.requests(examples, build)]
        made = model.spec.estimate([request.prompt for request in requests], context)
        if context.generation.way == "likelihood":
            made = replace(
                made,
                completion_tokens=0,
                scored=sum(len(request.choices) for request in requests),
                note="; ".join(filter(None, (made.note, _SCORED))),
            )
        estimates.append(DatasetPreview(dataset, made, requests[0].prompt))
    return Preview(model.called, style.name, tuple(estimates))
