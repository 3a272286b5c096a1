"""``trained:NAME``: what imhi finetune made, asked as any ``hf:`` model is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imhi import (
    HarnessError,
    Model,
    ModelSpec,
    Request,
    Response,
    create_model,
    parse_model,
    resolve,
)
from imhi.finetune.trained.folder import TrainedFolder, find_trained

if TYPE_CHECKING:
    from imhi import Context, Registry

_PASSED_ON = ("device", "dtype", "batch_size", "batch_tokens")


def member_spec(
    folder: TrainedFolder, member: str, registry: Registry, passed: Mapping[str, Any], name: str
) -> ModelSpec:
    """Return one of a folder's models as an ``hf:`` model."""
    recipe = folder.finished()["recipe"]
    place = folder.model(member).resolve()
    # A comma in a path would end the argument: the spec is made from parts, not from its text.
    adapter = (place / "adapter_config.json").is_file()
    spec = parse_model("hf:model", registry)
    own: dict[str, Any] = {}
    if adapter:
        base = recipe["base"]
        own = {"peft": str(place), "revision": base["revision"], "safetensors": base["safetensors"]}
    own["chat_template"] = recipe["data"]["chat_template"]
    own["trust_remote_code"] = recipe["base"]["trust_remote_code"]
    given = {**own, **{k: v for k, v in passed.items() if k in _PASSED_ON}}
    target = recipe["base"]["model"] if adapter else str(place)
    return ModelSpec(name, spec.family, target, {**spec.arguments, **given}, given)


class TrainedModel:
    """Sends each request to the model that was trained for it; models are loaded one at a time."""

    def __init__(self, folder: TrainedFolder, spec: ModelSpec, context: Context) -> None:
        self.folder = folder
        self.spec = spec
        self.context = context
        self.manifest = folder.finished()
        if self.manifest["recipe"]["data"]["reads"] == "explanation":
            raise HarnessError(
                f"{spec.name}: it was trained on explanations, so it reads answers, not posts; write "
                f"--labeler trained:{spec.target}"
            )
        self._descriptions: dict[str, Any] = {}
        self._open: Model | None = None

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        shares: dict[str, list[Request]] = {}
        system = self.manifest["recipe"]["data"]["system"]
        for request in requests:
            if system and not request.system:  # it was trained behind these words
                request = dataclasses.replace(request, system=system)
            shares.setdefault(self._member(request), []).append(request)
        for member, share in shares.items():
            spec = member_spec(
                self.folder, member, self.context.registry, self.spec.arguments, self.spec.name
            )
            self._open = create_model(spec, self.context)
            try:
                yield from self._open.generate(share)
            finally:
                self._shut(member)

    def _member(self, request: Request) -> str:
        members: Mapping[str, Mapping[str, Any]] = self.manifest["members"]
        if self.manifest["recipe"]["kind"] != "classifier":
            return next(iter(members))
        for name, member in members.items():
            if request.dataset in member["datasets"] and member["aspect"] in {None, request.aspect}:
                return name
        known = ", ".join(dict.fromkeys(d for m in members.values() for d in m["datasets"]))
        raise HarnessError(
            f"{self.spec.name}: no classifier was trained for {request.dataset}"
            f"{f' ({request.aspect})' if request.aspect else ''}; it knows {known}: write --dataset NAME "
            "for each of them"
        )

    def _shut(self, member: str) -> None:
        if self._open is not None:
            self._open.close()
            self._descriptions[member] = dict(self._open.describe())
            self._open = None

    def describe(self) -> Mapping[str, Any]:
        return {
            "recipe": self.manifest["recipe"]["name"],
            "training": self.manifest["identity"][:16],
            "members": self._descriptions,
        }

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def create(spec: ModelSpec, context: Context) -> TrainedModel:
    """Return the model; weights are loaded when something is asked.

    Raises:
        HarnessError: no such folder, its training has not ended, or it reads explanations.
    """
    return TrainedModel(find_trained(spec.target), spec, context)


def fingerprint(spec: ModelSpec, context: Context) -> dict[str, Any]:
    """Return the hashes of all its models' files; a run is known by them, not by the name."""
    folder = find_trained(spec.target)
    manifest = folder.finished()
    found = {}
    for member in manifest["members"]:
        own = member_spec(folder, member, context.registry, {}, spec.name)
        identity = own.family.fingerprint
        assert identity is not None
        found[member] = resolve(identity)(own, context)
    return {"target": "", "members": found}


def prompt_style(spec: ModelSpec) -> str:
    """Return the prompt style it was trained in."""
    style: str = find_trained(spec.target).finished()["recipe"]["data"]["style"]
    return style
