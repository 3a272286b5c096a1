"""What may be told of a run or a training: settings, checksums and numbers.

No post, prompt, answer or key, and of local paths only the last part: a tracker may be everybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PureWindowsPath
from typing import Any

from imhi import digest
from imhi.runs import Manifest

Parameters = dict[str, str]
Values = dict[str, float]

# Texts that a person wrote, or that hold the wording of a prompt: told by their checksum.
_BY_CHECKSUM = frozenset({"system", "answer_schema"})
_SECRETS = re.compile(r"key|token(?!s|izer)|secret|password|header|extra_body", re.IGNORECASE)
# A path alone, behind a scheme, or as the value of an argument: hf:/a/b,peft=./c. Not //, as in addresses.
_PATH = re.compile(r"(^|[:=])((?:~|\.{1,2})?[/\\](?![/\\])[^,]*|[A-Za-z]:[/\\](?!/)[^,]*)")
_NAME = re.compile(r"[^\w.\-/]+")


def run_parameters(manifest: Manifest) -> Parameters:
    """Return what a run was asked with."""
    told: dict[str, Any] = {
        "run": manifest.run,
        "model": manifest.model,
        "source": _named(manifest.source),
        "split": manifest.split,
        "synthetic": manifest.synthetic,
        "seed": manifest.seed,
        "limit": manifest.limit,
        "shard": manifest.shard,
        "prompt.style": manifest.prompt.style,
        "prompt.version": manifest.prompt.version,
        "prompt.shots": manifest.prompt.shots,
        "repair_mojibake": manifest.repair_mojibake,
        "datasets": ", ".join(manifest.datasets),
        "git_commit": manifest.environment.get("git_commit"),
        "harness_version": _packages(manifest).get("imhi-harness"),
    }
    told |= dict(leaves(manifest.model_identity, "identity."))
    told |= dict(leaves(manifest.generation, "generation."))
    told |= {f"examples.{name}": n for name, n in manifest.datasets.items()}
    told |= {f"content.{name}": sum for name, sum in manifest.content_checksums.items()}
    return _written(told)


def _packages(manifest: Manifest) -> Mapping[str, Any]:
    packages = manifest.environment.get("packages")
    return packages if isinstance(packages, Mapping) else {}


def training_parameters(training: str, recipe: Mapping[str, Any]) -> Parameters:
    """Return what a training was made with: its recipe."""
    beside = {"summary", "quoted", "notes", "report_to"}
    kept = {name: value for name, value in recipe.items() if name not in beside}
    told = {"training": training, **dict(leaves(kept))}
    if "data.source" in told:
        told["data.source"] = _named(str(told["data.source"]))
    return _written(told)


def _named(source: str) -> str:
    """Return a source without where its files lie."""
    name, colon, _ = source.partition(":")
    return name + (":..." if colon else "")


def leaves(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings of an object by their path; what may be secret is left out, texts of people
    are told by their checksum."""
    for name, one in value.items():
        if _SECRETS.search(name):
            continue
        if name in _BY_CHECKSUM:
            yield f"{before}{name}", digest(one)[:16] if one else ""
        elif isinstance(one, Mapping):
            yield from leaves(one, f"{before}{name}.")
        else:
            yield f"{before}{name}", one


def _written(told: Mapping[str, Any]) -> Parameters:
    texts = {tracked_name(name): _text(one) for name, one in told.items() if one is not None}
    return {name: text for name, text in texts.items() if text}


def _text(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_text, value))
    return _without_login(_PATH.sub(lambda found: found[1] + _last_part(found[2]), str(value)))


def _last_part(path: str) -> str:
    return PureWindowsPath(path).name  # which takes both kinds of strokes


def _without_login(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", text)


def tracked_name(name: str) -> str:
    """Return a name that every tracker takes, of letters, digits and ``_ . - /``: ``f1[yes]`` is
    ``f1.yes``."""
    return _NAME.sub("_", re.sub(r"\[(.*)\]", r".\1", name))


def totals(manifest: Manifest) -> Values:
    """Return what a run has come to."""
    found = manifest.totals
    if found is None:
        return {}
    names = (
        *("answered", "failed", "not_asked", "truncated", "cached"),
        *("prompt_tokens", "completion_tokens", "cost", "respond_seconds"),
    )
    values = {name: getattr(found, name) for name in names}
    if found.energy is not None:
        values |= {"kwh": found.energy.kwh, "grams_co2eq": found.energy.grams_co2eq}
    return {f"totals/{name}": float(v) for name, v in values.items() if v is not None}


def scores(found: Mapping[str, Any]) -> Values:
    """Return the scores of a run, each with its interval, from what its scores file holds."""
    values: dict[str, float | None] = {}
    for row in found["scores"]:
        name = f"{row['dataset']}/{row['metric']}"
        values |= {name: row["value"], f"{name}/low": row["low"], f"{name}/high": row["high"]}
    for row in found["averages"]:
        name = f"mean_over_{row['over']}/{row['metric']}"
        values |= {name: row["value"], f"{name}/low": row["low"], f"{name}/high": row["high"]}
    for dataset, counts in found["labelling"].items():
        values[f"{dataset}/unparsed_answers"] = counts["unparsed"]
    unparsed = sum(counts["unparsed"] for counts in found["labelling"].values())
    values["totals/unparsed"] = unparsed
    return {tracked_name(name): float(v) for name, v in values.items() if v is not None}
