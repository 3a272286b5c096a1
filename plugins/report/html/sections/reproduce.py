"""What reproduces each run, from its manifest: no local path, no key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from imhi.plugins.report.html.material import Material, Run

_SECRET = ("key", "token", "secret", "password", "authorization")


@dataclass(frozen=True)
class Settings:
    """A run's settings by name; ``checksums`` are of its rows, by dataset and split."""

    name: str
    run: str
    lines: Sequence[tuple[str, str]]
    checksums: Sequence[tuple[str, str, str]]
    packages: Sequence[tuple[str, str]]
    notes: Sequence[str]


def settings(material: Material) -> list[Settings]:
    """Return what reproduces each run."""
    return [_settings(run) for run in material.ordered()]


def _settings(run: Run) -> Settings:
    manifest = run.manifest
    environment = manifest.environment
    checksums = [
        (dataset, split, str(checksum))
        for dataset, splits in manifest.data_checksums.items()
        for split, checksum in splits.items()
    ]
    checksums += [
        (dataset, "rows asked", str(checksum))
        for dataset, checksum in manifest.content_checksums.items()
    ]
    return Settings(
        run.name,
        run.id,
        [(name, value) for name, value in _lines(run) if value],
        checksums,
        [(name, str(version)) for name, version in (environment.get("packages") or {}).items()],
        [str(note) for note in manifest.notes],
    )


def _lines(run: Run) -> Iterator[tuple[str, str]]:
    manifest = run.manifest
    environment = manifest.environment
    prompt = asdict(manifest.prompt)
    yield "model", manifest.model
    yield from _flat(manifest.model_identity, "model")
    # The rest of a source's name is where it lay on somebody's machine.
    yield "source", manifest.source.partition(":")[0]
    yield "source commit", str(manifest.source_details.get("git_commit") or "")
    yield "split", manifest.split
    limit = manifest.limit
    yield "examples", "all" if limit is None else f"at most {limit} of each dataset"
    yield from (
        (f"prompt {name}", str(value)) for name, value in prompt.items() if value is not None
    )
    yield from _flat(manifest.generation, "decoding")
    yield "seed", str(manifest.seed)
    yield "mojibake", "repaired" if manifest.repair_mojibake else "kept as it is"
    yield from _flat(run.scores.settings.get("labeler") or {}, "labeler")
    yield "resamples", str(run.scores.settings.get("resamples", ""))
    yield "made", str(manifest.created)
    yield "Python", str(environment.get("python", ""))
    yield "harness commit", str(environment.get("git_commit") or "")
    yield from _flat(environment.get("hardware") or {}, "hardware")


def _flat(values: Mapping[str, object], start: str) -> Iterator[tuple[str, str]]:
    """Yield the values of nested objects with their names in a row; secrets and nothings are left
    out."""
    for name, value in values.items():
        words = f"{start} {name.replace('_', ' ')}"
        # max_new_tokens is none.
        if any(name.lower().split("_")[-1] == secret for secret in _SECRET):
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, words)
        elif isinstance(value, (list, tuple)):
            yield words, ", ".join(map(str, value))
        elif value is not None:
            yield words, str(value)
