"""Stage 1: raw files become rows; whatever is left out is listed with its reason."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from imhi import HarnessError, Registry, as_row
from imhi.build.config import Config, Raw
from imhi.build.folder import BuildFolder
from imhi.build.outdated import read_with
from imhi.build.raw.preset import PROFILES, Cleaning, Preset, read_preset
from imhi.build.raw.reading import MISTAKES, RawDataset
from imhi.build.records import Removal
from imhi.build.stage_records import DatasetRecord, ReadRecord
from imhi.io import jsonl


@dataclass(frozen=True)
class ReadReport:
    """What came of reading: what the record holds, by dataset, the first mistakes found, and
    sentences on what is no mistake but should be known."""

    datasets: dict[str, DatasetRecord]
    problems: list[str]
    notes: list[str]

    @property
    def mistakes(self) -> int:
        """Rows that were left out because something is wrong with them."""
        return sum(
            n
            for dataset in self.datasets.values()
            for reason, n in dataset.removed.items()
            if reason in MISTAKES
        )


def read(
    folder: BuildFolder,
    config: Config,
    registry: Registry,
    tell: Callable[[str], None] = lambda dataset: None,
) -> ReadReport:
    """Read every raw dataset of the configuration into the build; ``tell`` hears which is read.

    Rows with mistakes are left out and listed; the good ones are kept. What was read before is
    replaced when all datasets were read, and kept where one cannot be.

    Raises:
        HarnessError: a preset or file that cannot be used at all, or a dataset named twice.
    """
    started = time.perf_counter()
    raws = open_raw(config, registry)
    with ExitStack() as written:
        for raw in raws:
            tell(raw.dataset.name)
            _write(folder, raw, written)
    described = {raw.dataset.name: raw.describe() for raw in raws}
    for kind in ("posts", "removed"):
        for path in (folder.path / kind).glob("*.jsonl"):
            if path.stem not in described:
                path.unlink()
    # What was made of the rows before does not fit these.
    # Answers of models stay: they belong to what a post says, not to its row.
    for kind in ("rows", "checks", "quarantine"):
        shutil.rmtree(folder.path / kind, ignore_errors=True)
    seconds = round(time.perf_counter() - started, 3)
    record = ReadRecord(datasets=described, config=read_with(config), seconds=seconds)
    folder.record_stage("read", record.to_json())
    problems = [problem for raw in raws for problem in raw.problems]
    return ReadReport(described, problems, [note for raw in raws for note in raw.notes])


def _write(folder: BuildFolder, raw: RawDataset, written: ExitStack) -> None:
    """Write the rows of a dataset into files that appear when ``written`` is closed."""
    post = written.enter_context(jsonl.row_writer(folder.file("posts", raw.dataset.name)))
    removed = written.enter_context(jsonl.row_writer(folder.file("removed", raw.dataset.name)))
    for made in raw.rows():
        (removed if isinstance(made, Removal) else post)(as_row(made))
    if not raw.counts:
        first = f"; the first: {raw.problems[0]}" if raw.problems else ""
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in raw.removed.items()) or "no rows"
        raise HarnessError(
            f"{raw.where}: {raw.root}: no row is left ({reasons}), expected at least one{first}"
        )


def open_raw(config: Config, registry: Registry) -> list[RawDataset]:
    """Return the raw datasets of a configuration, their files found.

    Raises:
        HarnessError: a preset that cannot be used, files that are not there, a dataset twice.
    """
    raws: dict[str, RawDataset] = {}
    for raw in config.raw:
        preset = read_preset(raw.preset, registry)
        dataset = registry.datasets.get(preset.dataset)
        if dataset.name in raws:
            raise HarnessError(
                f"raw: {dataset.name} is named twice (presets {raws[dataset.name].name} and "
                f"{raw.preset}), expected each dataset once"
            )
        raws[dataset.name] = RawDataset(
            preset=preset,
            name=raw.preset,
            root=Path(raw.path).expanduser(),
            dataset=dataset,
            cleaning=_cleaning(raw, config, preset),
            seed=config.seed,
            limit=config.limit,
        )
    return list(raws.values())


def _cleaning(raw: Raw, config: Config, preset: Preset) -> Cleaning:
    """Return how a dataset is cleaned: as said for it, else for the build, else by its preset."""
    for chosen in (raw.clean, config.clean):
        if chosen is not None:
            return PROFILES[chosen] if isinstance(chosen, str) else chosen
    return preset.cleaning
