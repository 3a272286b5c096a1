"""``--dry-run``: what a run would ask, without asking."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice

from imhi._core.budget import Estimate
from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.plan import ModelPlan, RunPlan
from imhi._core.protocols import BuildPrompt
from imhi._core.records import JsonObject
from imhi._core.registry import Registry


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
        prompts = [request.prompt for _, request in context.requests(examples, build)]
        made = model.spec.estimate(prompts, context)
        estimates.append(DatasetPreview(dataset, made, prompts[0]))
    return Preview(model.spec.name, style.name, tuple(estimates))
