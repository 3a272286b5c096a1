"""What an import is to do, found out before a run is made: all files are read and joined first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imhi import Context, HarnessError, PluginManager, RunSettings
from imhi.plugins.importing.files import AnswerFile, Found
from imhi.plugins.importing.joining import PREFIX, Joined, join


@dataclass(frozen=True)
class Part:
    """Datasets that make one run. ``limit`` is the number of rows of those that hold only the first
    ones, None where all are whole: a run has one limit."""

    datasets: tuple[str, ...]
    limit: int | None = None


@dataclass
class Plan:
    """The runs of one model; ``skipped`` says by file what was left out, and why; ``advice`` what else
    could be asked for."""

    parts: list[Part]
    skipped: dict[str, str] = field(default_factory=dict)
    advice: list[str] = field(default_factory=list)


def plan_import(
    path: Path, found: Found, settings: RunSettings, rows: str, context: Context
) -> Plan:
    """Read every file and hold it to its examples; nothing is written.

    Raises:
        DataError: a file that cannot be read, or does not fit the source.
        HarnessError: nothing at the path has a dataset of the source.
    """
    skipped = {str(file): why for file, why in found.skipped.items()}
    counts: dict[str, Joined] = {}
    for dataset, file in found.files.items():
        if settings.split not in context.source.splits(dataset):
            skipped[str(file.path)] = f"{settings.source} has no {dataset}/{settings.split}"
            continue
        counts[dataset] = _joined(file, context, rows)
    if not counts:
        told = "; ".join(f"{Path(file).name}: {why}" for file, why in skipped.items())
        raise HarnessError(
            f"{path}: found no file that can be joined ({told}); check --source and --split"
        )
    partial = {
        dataset: joined.answers
        for dataset, joined in counts.items()
        if rows == PREFIX and joined.answers < joined.examples
    }
    whole = {
        dataset: joined.examples for dataset, joined in counts.items() if dataset not in partial
    }
    advice = [
        f"{found.files[name].path}: holds answers to the first {joined.answers:,} of {joined.examples:,} "
        f"examples; the others count as wrong, or are left out with --rows {PREFIX}"
        for name, joined in counts.items()
        if rows != PREFIX and joined.first and joined.answers < joined.examples
    ]
    return Plan(list(_parts(partial, whole, list(counts))), skipped, advice)


def _joined(file: AnswerFile, context: Context, rows: str) -> Joined:
    joined = Joined()
    dataset, split = file.dataset.name, context.split
    for _ in join(
        file, context.examples(dataset, split), f"{dataset}/{split}", rows, joined=joined
    ):
        pass
    return joined


def _parts(
    partial: Mapping[str, int], whole: Mapping[str, int], order: Sequence[str]
) -> Iterator[Part]:
    """Yield one run for each number of rows; whole datasets go where they are not cut off."""
    limits = sorted(set(partial.values()))
    most = limits[-1] if limits else None
    for limit in limits:
        mine = {name for name, count in partial.items() if count == limit}
        if limit == most:
            mine |= {name for name, count in whole.items() if count <= limit}
        yield Part(tuple(name for name in order if name in mine), limit)
    rest = tuple(name for name in order if name in whole and (most is None or whole[name] > most))
    if rest:
        yield Part(rest)


def opened(settings: RunSettings, manager: PluginManager) -> Context:
    """Return what reads the examples of the settings' source.

    Raises:
        HarnessError: there is no such source.
    """
    registry = manager.registry
    style = next(iter(registry.prompts))  # nobody is asked: any will do
    return Context.of(settings, registry, style)
