"""One run for each model and prompt: made, or found among runs that are there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from imhi import HarnessError, PluginManager, RunScores, RunSettings, digest
from imhi.plugins.robustness.variants import Variant, variant_of
from imhi.runs import Manifest, RunFolder, distinct_names

PUBLISHED = "instruction"


@dataclass(frozen=True)
class ModelRuns:
    """A model's run under the base prompt, and those under others by prompt style."""

    model: str
    base: RunFolder
    varied: Mapping[str, RunFolder]

    @property
    def base_style(self) -> str:
        """The prompt style that the others are set against."""
        return str(self.base.manifest().prompt.style)


def run_all(
    settings: RunSettings, variants: Sequence[Variant], manager: PluginManager
) -> tuple[list[ModelRuns], list[RunScores]]:
    """Ask every model under its base prompt and under each variant, model by model.

    They are ordinary runs: those that are there are not asked again, one that was stopped goes on.
    """
    from imhi.runs import plan_run, run

    for variant in variants:
        plan_run(dataclasses.replace(settings, prompt=variant.style), manager.registry)
    plan_run(settings, manager.registry)
    found, scores = [], []
    for model in dict.fromkeys(settings.model):
        one = dataclasses.replace(settings, model=(model,))
        (base,) = run(one, manager)
        scores.append(base)
        varied = {}
        for variant in variants:
            (result,) = run(dataclasses.replace(one, prompt=variant.style), manager)
            scores.append(result)
            varied[variant.style] = RunFolder(Path(result.run))
        own = RunFolder(Path(base.run))
        varied.pop(own.manifest().prompt.style, None)
        found.append(ModelRuns(base.model, own, varied))
    return _named(found), scores


def group(folders: Sequence[RunFolder], base: str = "") -> list[ModelRuns]:
    """Bring runs that are there together by model.

    Args:
        base: the prompt style that the others are set against (default: the one style of a model's
            runs that is no variant; of several, instruction).

    Raises:
        HarnessError: a model has no run under the base prompt, none under another, two under one,
            or runs that differ in more than the prompt.
    """
    groups: dict[str, list[RunFolder]] = {}
    for folder in folders:
        groups.setdefault(digest(folder.manifest().model_identity), []).append(folder)
    return _named([_one_model(members, base) for members in groups.values()])


def _one_model(folders: Sequence[RunFolder], base: str) -> ModelRuns:
    manifests = [folder.manifest() for folder in folders]
    model = manifests[0].model
    by_style: dict[str, RunFolder] = {}
    for folder, manifest in zip(folders, manifests, strict=True):
        style = manifest.prompt.style
        if style in by_style:
            raise HarnessError(
                f"{model}: found two runs with the prompt {style} ({by_style[style].path} and "
                f"{folder.path}), expected one for each prompt; leave one out"
            )
        by_style[style] = folder
        other = _differing(manifests[0], manifest)
        if other:
            raise HarnessError(
                f"{model}: {folders[0].path} and {folder.path} differ in {other}, expected runs that "
                "differ in nothing but the prompt; leave one out"
            )
    plain = [style for style in by_style if variant_of(style) is None]
    wanted = base or (plain[0] if len(plain) == 1 else PUBLISHED)
    listed = ", ".join(by_style)
    if wanted not in by_style:
        raise HarnessError(
            f"{model}: found runs with the prompts {listed}, expected one with {wanted} to set "
            "them against; name its run too, or another prompt with --prompt"
        )
    if len(by_style) == 1:
        raise HarnessError(
            f"{model}: found one run ({listed}), expected runs with other prompts too; make them "
            f"with: imhi vary --model {model}"
        )
    varied = {style: folder for style, folder in by_style.items() if style != wanted}
    return ModelRuns(model, by_style[wanted], varied)


def _differing(one: Manifest, other: Manifest) -> str:
    """Name the first thing other than the prompt in which runs differ."""
    for name in ("seed", "split", "repair_mojibake"):
        if getattr(one, name) != getattr(other, name):
            return name
    for name in {**one.generation, **other.generation}:
        # How long an answer may be is a matter of the style.
        if name != "max_new_tokens" and one.generation.get(name) != other.generation.get(name):
            return str(name)
    return ""


def _named(found: Sequence[ModelRuns]) -> list[ModelRuns]:
    """Return the models with names that tell them apart."""
    names = distinct_names([(one.model, "", str(one.base.path)) for one in found])
    return [dataclasses.replace(one, model=name) for one, name in zip(found, names, strict=True)]
