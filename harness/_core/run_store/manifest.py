"""What stands in a run's ``manifest.json``: what reproduces the run, and what it has come to."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from imhi._core.errors import DataError
from imhi._core.records import JsonObject
from imhi._core.run_store.energy import Energy
from imhi._core.run_store.repeat_record import RepeatCheck, Share
from imhi._core.settings import named


@dataclasses.dataclass(frozen=True)
class PromptRecord:
    """The prompt style a run was asked in; ``shots`` counts the examples shown in few-shot."""

    style: str = ""
    version: str = ""
    shots: int = 0


@dataclasses.dataclass(frozen=True)
class Totals:
    """What a run has come to: requests (one for each example, or for each of its samples) that were
    ``answered``, that ``failed``, and that were ``not_asked`` yet (``unanswered`` in manifests of earlier
    versions). ``cost`` in US dollars, None where no answer has a price; ``respond_seconds`` is wall
    time, of all processes that were at it one after the other; ``cached`` of the answers were made for
    earlier runs, and cost nothing here. ``energy`` is that of all processes that measured it, None
    where none did."""

    answered: int = 0
    failed: int = 0
    not_asked: int = 0
    truncated: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    respond_seconds: float = 0.0
    stopped_by_budget: bool = False
    cached: int = 0
    energy: Energy | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of it, without energy where none was measured."""
        values = dataclasses.asdict(self)
        if self.energy is None:
            del values["energy"]
        return values


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """A run's manifest. ``datasets`` counts the examples of each; ``model_identity``,
    ``model_details`` and ``source_details`` are JSON of the plugins that made them; ``totals`` is
    None until the model was asked; ``cross_fitted`` are datasets whose answers a model gave that
    learnt from other rows of the split; ``repeat_check`` is there once it was made; ``shard`` (``I/N``) in
    folders where a part of the run is asked. ``identity``,
    ``wording`` and ``asked_with`` are there in runs that ask for the explanations of a build; ``more``
    is what another version has written besides.
    """

    run: str
    created: str = ""
    updated: str = ""
    status: str = "prepared"
    model: str
    model_identity: JsonObject = dataclasses.field(default_factory=dict)
    source: str = ""
    source_location: str = ""
    source_details: JsonObject = dataclasses.field(default_factory=dict)
    split: str = ""
    datasets: Mapping[str, int]
    data_checksums: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    content_checksums: Mapping[str, str] = dataclasses.field(default_factory=dict)
    prompt: PromptRecord = PromptRecord()
    generation: JsonObject = dataclasses.field(default_factory=dict)
    seed: int = 0
    limit: int | None = None
    repair_mojibake: bool = False
    environment: JsonObject = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cross_fitted: tuple[str, ...] = ()
    totals: Totals | None = None
    model_details: JsonObject = dataclasses.field(default_factory=dict)
    repeat_check: RepeatCheck | None = None
    shard: str = ""
    identity: str = ""
    wording: str = ""
    asked_with: JsonObject = dataclasses.field(default_factory=dict)
    more: JsonObject = dataclasses.field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """True where the posts are made up, so that scores say nothing about the benchmark."""
        return bool(self.source_details.get("synthetic"))

    @property
    def answer(self) -> str:
        """How the model answered; a run of a version that knew no other way did so in text."""
        return str(self.generation.get("answer", "text"))

    @property
    def samples(self) -> int:
        """How many answers each example was to get."""
        return int(self.generation.get("samples", 1))

    @property
    def requests(self) -> dict[str, int]:
        """How many requests there are of each dataset: one for each sample of an example."""
        return {name: count * self.samples for name, count in self.datasets.items()}

    def called(self, name: str) -> str:
        """Return what tables call the run's model under another name."""
        return named(name, self.answer, self.samples)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the file; what a run of this kind does not have is left out."""
        values = dataclasses.asdict(self)
        more = values.pop("more")
        values["totals"] = self.totals.to_json() if self.totals else {}
        for name in _OPTIONAL:
            if not values[name]:
                del values[name]
        return {**values, **more}

    @classmethod
    def from_json(cls, value: JsonObject, where: str) -> Manifest:
        """Read a manifest, of this version or an earlier one of the same format.

        Raises:
            DataError: what every run has is missing, or a part is not of its kind.
        """
        known = {name: value[name] for name in _FIELDS if name in value}
        more = {name: v for name, v in value.items() if name not in _FIELDS and name != "format"}
        try:
            totals = known.pop("totals", None)
            if totals:
                known["totals"] = _totals(as_named_now(totals))
            if "prompt" in known:
                known["prompt"] = _part(PromptRecord, "prompt", known["prompt"])
            if known.get("repeat_check"):
                known["repeat_check"] = _repeat_check(known["repeat_check"])
            for name in ("notes", "cross_fitted"):
                if isinstance(known.get(name), list):
                    known[name] = tuple(known[name])
            return _checked(cls(**known, more=more))
        except TypeError as error:
            raise DataError(
                f"{where}: not the manifest of a run ({str(error).split('() ')[-1]}); restore it, or "
                "run again into a new folder (--out)"
            ) from None


def as_named_now(totals: object) -> object:
    """Return totals of a run, of this version or an earlier one, with the names they have now."""
    if not isinstance(totals, Mapping) or "unanswered" not in totals:
        return totals
    rest = {name: value for name, value in totals.items() if name != "unanswered"}
    return {"not_asked": totals["unanswered"], **rest}


R = TypeVar("R", Manifest, PromptRecord, Totals, RepeatCheck, Share, Energy)


def _totals(value: object) -> Totals:
    if isinstance(value, Mapping) and value.get("energy") is not None:
        energy = value["energy"]
        if isinstance(energy, Mapping):
            energy = {k: tuple(v) if isinstance(v, list) else v for k, v in energy.items()}
        value = {**value, "energy": _part(Energy, "totals.energy", energy)}
    return _part(Totals, "totals", value)


def _repeat_check(value: object) -> RepeatCheck:
    if isinstance(value, Mapping):
        names = [name for name in ("again", "in_flight", "stored") if name in value]
        value = {
            **value,
            **{name: _part(Share, f"repeat_check.{name}", value[name]) for name in names},
        }
    return _part(RepeatCheck, "repeat_check", value)


def _part(record: type[R], name: str, value: object) -> R:
    """Return a part of a manifest; what another version has written besides is passed over."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name}: found {value!r}, expected an object")
    fields = {field.name for field in dataclasses.fields(record)}
    return _checked(record(**{k: v for k, v in value.items() if k in fields}))


def _checked(record: R) -> R:
    """Return the record.

    Raises:
        TypeError: a field is of another kind than it was declared.
    """
    for name, hint in typing.get_type_hints(type(record)).items():
        value = getattr(record, name)
        if not _fits(value, hint):
            raise TypeError(f"{name}: found {value!r}")
    return record


def _fits(value: object, hint: Any) -> bool:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(one, inner[0]) for one in value)
    if origin is not None:  # objects; what plugins wrote into them is theirs
        return isinstance(value, Mapping) and all(
            inner[1] is Any or _fits(one, inner[1]) for one in value.values()
        )
    if hint is float and isinstance(value, int):
        return not isinstance(value, bool)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


MANIFEST_OF_WHOLE = (
    "model_identity",
    "datasets",
    "content_checksums",
    "prompt",
    "generation",
    "seed",
    "split",
)
"""What is the same in all parts of a run."""
_FIELDS = {field.name for field in dataclasses.fields(Manifest)} - {"more"}
_OPTIONAL = (
    "cross_fitted",
    "model_details",
    "repeat_check",
    "shard",
    "identity",
    "wording",
    "asked_with",
)
