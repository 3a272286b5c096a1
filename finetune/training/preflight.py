"""Whether everything a recipe names is there: looked up before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from imhi import HarnessError, LabelerSpec, UnknownName
from imhi.checkpoints import quiet, require_package
from imhi.runs import MeterSpec

if TYPE_CHECKING:
    from imhi import Registry
    from imhi.finetune.recipe.schema import Recipe


def check_names(recipe: Recipe, registry: Registry) -> None:
    """Look up all that a recipe names.

    Raises:
        UnknownName: a kind of training, labeler, prompt style or optimizer that nobody adds.
        HarnessError: a package or a tracker that is not installed.
    """
    registry.trainers.get(recipe.kind)
    require_package("transformers", f"recipe {recipe.name}", "finetune")
    with quiet():  # some of them recommend others when they are imported
        for package, extra in _packages(recipe):
            require_package(package, f"recipe {recipe.name}", extra)
    LabelerSpec.parse(recipe.validation.labeler, registry)
    LabelerSpec.parse(recipe.evaluation.labeler, registry)
    registry.prompts.get(recipe.data.style)
    MeterSpec.parse(recipe.energy, registry)
    from transformers.integrations import get_available_reporting_integrations
    from transformers.training_args import OptimizerNames

    optimizers = [str(name.value) for name in OptimizerNames]
    if recipe.training.optimizer not in optimizers:
        raise UnknownName("training.optimizer", recipe.training.optimizer, optimizers)
    trackers = get_available_reporting_integrations()
    for tracker in recipe.report_to:
        if tracker not in {*trackers, "all", "none"}:
            raise HarnessError(
                f"report_to: found {tracker}, expected a tracker that transformers knows and that is "
                f"installed (here: {', '.join(trackers) or 'none'}): pip install {tracker}"
            )


def _packages(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """Yield packages, and the extra of the project that brings each."""
    for name in ("torch", "accelerate", "datasets"):
        yield name, "finetune"
    if recipe.kind == "causal":
        yield "trl", "finetune"
    if recipe.method.name != "full":
        yield "peft", "finetune"
    if recipe.method.name == "qlora":
        yield "bitsandbytes", "qlora"
