"""``trained:NAME``: what imhi finetune made, asked as any ``hf:`` model is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from imhi import HarnessError, Model, ModelSpec, Request, Response, code_checksum, resolve
from imhi.checkpoints import find_checkpoint
from imhi.finetune.trained.folder import TrainedFolder, find_trained

if TYPE_CHECKING:
    from imhi import Context, Registry
    from imhi.finetune.trained.manifest import TrainingManifest

_PASSED_ON = ("device", "dtype", "batch_size", "batch_tokens")


def spec_of(
    folder: TrainedFolder, model: str, registry: Registry, passed: Mapping[str, object], name: str
) -> ModelSpec:
    """Return one of a folder's models as an ``hf:`` model."""
    manifest = folder.finished()
    recipe = manifest.recipe
    base, place = recipe.base, folder.model(model).resolve()
    given: dict[str, object] = {
        "chat_template": recipe.data.chat_template,
        "trust_remote_code": base.trust_remote_code,
        **{key: value for key, value in passed.items() if key in _PASSED_ON},
    }
    target = str(place)
    if (place / "adapter_config.json").is_file():
        # The very commit it was trained on, whatever the branch has come to since.
        revision = manifest.base_commit or base.revision
        given |= {"peft": target, "revision": revision, "safetensors": base.safetensors}
        target = str(base.model)
    # A comma in a path would end the argument: the spec is made from parts, not from its text.
    spec = ModelSpec.parse("hf:model", registry)
    return ModelSpec(name, spec.family, target, {**spec.arguments, **given}, given)


def check_same_base(manifest: TrainingManifest, place: Path, name: str) -> None:
    """Refuse a base that changed since, for adapters of trainings that did not yet write down, beside
    them, the weights they belong to.

    Raises:
        HarnessError: its files are others than those of the training.
    """
    base, expected = manifest.recipe.base, manifest.depends_on.base or ""
    if not (place / "adapter_config.json").is_file() or (place / "trained_on.json").is_file():
        return
    if not expected.startswith("sha256:"):  # asked for by its commit
        return
    found = find_checkpoint(str(base.model), base.revision, user="base.model").identity()
    if found != expected:
        raise HarnessError(
            f"{name}: its base {base.model} was {expected[:19]} when it was trained, and is {found[:19]} "
            f"now; expected the same files: restore them, or write hf:{base.model},peft={place},"
            "any_base=true if only other files than the weights changed"
        )


class TrainedModel:
    """Sends each request to the model that was trained for it; models are loaded one at a time."""

    def __init__(self, folder: TrainedFolder, spec: ModelSpec, context: Context) -> None:
        self.folder = folder
        self.spec = spec
        self.context = context
        self.manifest = folder.finished()
        if self.manifest.recipe.data.reads == "explanation":
            raise HarnessError(
                f"{spec.name}: it was trained on explanations, so it reads answers, not posts; write "
                f"--labeler trained:{spec.target}"
            )
        self._descriptions: dict[str, object] = {}
        self._open: tuple[str, Model] | None = None

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response per request.

        Raises:
            HarnessError: a classifier is asked about a dataset it was not trained for.
        """
        shares: dict[str, list[Request]] = {}
        system = self.manifest.recipe.data.system
        for request in requests:
            if system and not request.system:  # it was trained behind these words
                request = dataclasses.replace(request, system=system)
            shares.setdefault(self._model_for(request), []).append(request)
        for name, share in shares.items():
            spec = spec_of(
                self.folder, name, self.context.registry, self.spec.arguments, self.spec.name
            )
            check_same_base(self.manifest, self.folder.model(name), self.spec.name)
            model = spec.create(self.context)
            self._open = name, model
            try:
                yield from model.generate(share)
            finally:
                self.close()

    def _model_for(self, request: Request) -> str:
        if self.manifest.writes:
            return next(iter(self.manifest.members))
        name = self.manifest.model_for(request.dataset, request.aspect)
        if name is not None:
            return name
        raise HarnessError(
            f"{self.spec.name}: no classifier was trained for {request.dataset}"
            f"{f' ({request.aspect})' if request.aspect else ''}; it knows "
            f"{', '.join(self.manifest.datasets)}: write --dataset NAME for each of them"
        )

    def describe(self) -> Mapping[str, object]:
        """Return the training, and what each of its models said of itself when it was closed."""
        return {
            "recipe": self.manifest.recipe.name,
            "training": self.manifest.identity[:16],
            "members": self._descriptions,
        }

    def close(self) -> None:
        """Free the memory of the model that is open, if one is."""
        if self._open is not None:
            name, model = self._open
            model.close()
            self._descriptions[name] = dict(model.describe())
            self._open = None


def create(spec: ModelSpec, context: Context) -> TrainedModel:
    """Return the model; weights are loaded when something is asked.

    Raises:
        HarnessError: no such folder, its training has not ended, or it reads explanations.
    """
    return TrainedModel(find_trained(spec.target), spec, context)


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, object]:
    """Return the hashes of all its models' files; a run is known by them, not by the name."""
    folder = find_trained(spec.target)
    identities = {}
    for name in folder.finished().members:
        model = spec_of(folder, name, context.registry, {}, spec.name)
        assert model.family.fingerprint is not None
        identities[name] = resolve(model.family.fingerprint)(model, context)
    return {"target": "", "members": identities}


def cache_key(spec: ModelSpec, context: Context) -> dict[str, object] | str:
    """Return what the answers of all its models depend on; which one answers stands in its manifest."""
    folder = find_trained(spec.target)
    manifest = folder.finished()
    keys: dict[str, object] = {}
    for name in manifest.members:
        model = spec_of(folder, name, context.registry, spec.arguments, spec.name)
        assert model.family.cache_key is not None
        key = resolve(model.family.cache_key)(model, context)
        if isinstance(key, str):
            return key
        keys[name] = key
    return {
        "training": manifest.identity,
        "system": manifest.recipe.data.system,
        "members": keys,
        "code": code_checksum("imhi.finetune.trained"),
    }


def known_datasets(spec: ModelSpec) -> list[str]:
    """Return the datasets its classifiers were trained for; nothing of a model that writes, which may
    be asked about any."""
    manifest = find_trained(spec.target).finished()
    return [] if manifest.writes else manifest.datasets


def prompt_style(spec: ModelSpec) -> str:
    """Return the prompt style it was trained in."""
    return find_trained(spec.target).finished().recipe.data.style
