"""In what compared runs differ besides their models: what may change the answers of a real engine.

A run's id leaves out how many requests were in flight, how large batches were, and which engine it
was; yet the order of sums depends on them, and with it now and then an answer. What a model said of
itself is looked up here by generic names, which any plugin may use in :meth:`imhi.Model.describe`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imhi._core.comparing.result import EngineDifference
from imhi._core.records import JsonObject
from imhi._core.run_store.manifest import Manifest


def in_words(value: Any) -> str:
    """Return a JSON value in words; what is empty says nothing."""
    if isinstance(value, Mapping):
        named = " ".join(str(value[key]) for key in ("name", "version") if value.get(key))
        rest = {key: in_words(one) for key, one in value.items() if key not in ("name", "version")}
        return ", ".join(
            filter(None, [named, *(f"{key} {one}" for key, one in rest.items() if one)])
        )
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, map(in_words, value)))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _shares(check: Any) -> str:
    """Return what came of a repeat check; nothing where none was made."""
    if not isinstance(check, Mapping):
        return ""
    shares = {
        where: "{equal} of {compared}".format(**check[name])
        for name, where in (("again", "alone again"), ("in_flight", "in flight"))
    }
    return ", ".join(f"{share} {where}" for where, share in shares.items())


@dataclass(frozen=True)
class Fact:
    """Something worth comparing, and where it stands in manifests: at the first of the ``paths`` that is
    there. What is told ``of_one_model`` differs between models anyway, and is compared among runs of
    the same one. ``absent`` is what it means that a run does not say it while others do (empty:
    nothing): others of its family, or any where it is not told ``of_one_family``. A ``record`` is an
    object; anything else at its path is something else."""

    name: str
    paths: tuple[str, ...]
    of_one_model: bool = False
    absent: str = ""
    of_one_family: bool = True
    record: bool = False
    shown: Callable[[Any], str] = in_words


FACTS = (
    Fact("engine", ("model_details.engine",), record=True),
    Fact("dtype", ("model_details.dtype",)),
    Fact("quantisation", ("model_details.quantisation",), absent="none"),
    Fact("device", ("model_details.device",)),
    Fact("processor", ("model_details.device_name",)),
    Fact("concurrency", ("model_details.concurrency",)),
    Fact("batch size", ("model_details.batch_size",)),
    Fact("batch tokens", ("model_details.batch_tokens",)),
    Fact("attention", ("model_details.attention",)),
    Fact("served model", ("model_details.served_models",), of_one_model=True),
    Fact("system fingerprint", ("model_details.system_fingerprints",), of_one_model=True),
    Fact("parameters", ("model_details.parameters",), record=True),
    Fact("template variables", ("model_details.template_variables",), absent="none", record=True),
    Fact("chat template", ("model_details.chat_template",), of_one_model=True),
    Fact("repeat check", ("repeat_check",), shown=_shares),
    Fact("temperature", ("generation.temperature",)),
    Fact("top_p", ("generation.top_p",)),
    Fact("samples", ("generation.samples",), absent="1", of_one_family=False),
    Fact("max_new_tokens", ("generation.max_new_tokens",)),
    Fact("stop", ("generation.stop",)),
    Fact("seed", ("seed",)),
)
_MODEL = ("model_details.model", "model_details.id", "model_identity.target")

_VALUES = 3  # that are written out of one fact
_LETTERS = 48  # of one value
_ROOM = 320  # letters of a sentence with values; what is left over is named


def engine_differences(
    names: Sequence[str], manifests: Sequence[Manifest]
) -> list[EngineDifference]:
    """Return in what the runs of these manifests differ. A fact that fewer than two of them tell is no
    difference."""
    known = [manifest.to_json() for manifest in manifests]
    models = [in_words(_at(manifest, _MODEL)) for manifest in known]
    found = []
    for fact in FACTS:
        values = _values(fact, known)
        told: dict[str, set[str]] = {}
        for value, model in zip(values, models, strict=True):
            if value is not None:
                told.setdefault(model if fact.of_one_model else "", set()).add(value)
        if any(len(of_group) > 1 for of_group in told.values()):
            found.append(EngineDifference(fact.name, dict(zip(names, values, strict=True))))
    return found


def about_engines(differences: Sequence[EngineDifference]) -> list[str]:
    """Return the sentence that says in what runs differ, with values as far as there is room; none where
    they do not."""
    written, left, room = [], [], _ROOM
    for one in differences:
        values = list(dict.fromkeys(value for value in one.values.values() if value))
        short = list(dict.fromkeys(map(_short, values)))
        few = len(short) == len(values) <= _VALUES
        listed = "; ".join(short) if few else f"{len(values)} values"
        told = f"{one.name} ({listed})"
        room -= len(told) + 2
        if room < 0:
            left.append(one.name)
        else:
            written.append(told)
    if not written:
        return []
    more = f"; and in {', '.join(left)} (values: --json)" if left else ""
    return [f"the runs differ in: {', '.join(written)}{more}"]


def _values(fact: Fact, manifests: Sequence[JsonObject]) -> list[str | None]:
    """Return what each run tells; None where it says nothing."""
    raw = [_at(manifest, fact.paths) for manifest in manifests]
    found = [
        None if fact.record and not isinstance(value, Mapping) else fact.shown(value) or None
        for value in raw
    ]
    families = [_at(manifest, ("model_identity.scheme",)) for manifest in manifests]
    telling = {family for family, value in zip(families, found, strict=True) if value is not None}
    if telling and not fact.of_one_family:
        telling |= set(families)
    return [
        fact.absent if fact.absent and value is None and family in telling else value
        for family, value in zip(families, found, strict=True)
    ]


def _at(value: Any, paths: Sequence[str]) -> Any:
    """Return what stands at the first of the paths that leads somewhere; None at none of them."""
    for path in paths:
        place = value
        for name in path.split("."):
            place = place.get(name) if isinstance(place, Mapping) else None
        if place is not None:
            return place
    return None


def _short(value: str) -> str:
    return value if len(value) <= _LETTERS else f"{value[: _LETTERS - 3]}..."
