"""Writes a finished build: its kept rows are read once, and every format takes each as it passes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from imhi import Dataset, HarnessError, Registry, digest
from imhi.build.folder import BuildFolder
from imhi.build.writing import dataset_dict, parquet, statistics_page
from imhi.build.writing.card import write_card
from imhi.build.writing.facts import LATER_STAGES, Facts, gather
from imhi.build.writing.libraries import require
from imhi.build.writing.official import OfficialFiles
from imhi.build.writing.staging import Staging, staged, written
from imhi.build.writing.tallies import Tallies
from imhi.build.writing.wording import Worded, Wording

Format = Literal["official", "parquet", "dataset", "statistics"]
FORMATS: tuple[Format, ...] = get_args(Format)
PACKAGES: Mapping[str, Sequence[str]] = {
    "official": (),
    "parquet": parquet.PACKAGES,
    "dataset": dataset_dict.PACKAGES,
    "statistics": statistics_page.PACKAGES,
}


class Output(Protocol):
    """A format that takes rows, one dataset after the other. ``files`` are rows by file."""

    files: dict[str, int]
    notes: list[str]

    def begin(self, dataset: Dataset) -> None: ...
    def add(self, worded: Worded) -> None: ...
    def end(self) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


def write(
    folder: BuildFolder, registry: Registry, formats: Sequence[Format], to: Path
) -> dict[str, Any]:
    """Write the kept rows of a build in these formats to ``to/FORMAT``; return what was written:
    rows by dataset and split, files and bytes by format, and notes.

    A format that is there from an earlier write is replaced when the new one is complete; others
    stay. The caller holds the build's lock.

    Raises:
        HarnessError: nothing to write, an unknown format, a package is missing, the target holds
            something else, or the disk is full. DataError: a row that cannot be written.
    """
    chosen = _chosen(formats)
    datasets = [registry.datasets.get(name) for name in folder.datasets()]
    with staged(to) as staging:
        tallies = Tallies()
        folders = {name: staging.folder(name) for name in chosen}
        outputs = _outputs(folders)
        try:
            _stream(folder, datasets, tallies, list(outputs.values()))
        except BaseException:
            for output in outputs.values():
                output.abort()
            raise
        facts = gather(folder, tallies.counts())
        if "dataset" in folders:
            write_card(folders["dataset"] / dataset_dict.CARD, tallies, facts, registry)
        if "statistics" in folders:
            statistics_page.write_statistics(folders["statistics"], tallies, facts, registry)
        return _published(folder, staging, folders, outputs, tallies, facts, to)


def _chosen(formats: Sequence[Format]) -> list[Format]:
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise HarnessError(
            f"--format: found {', '.join(unknown) or 'none'}, expected one or more of "
            f"{', '.join(FORMATS)}"
        )
    chosen = [name for name in FORMATS if name in formats]
    for name in chosen:
        require(f"the format {name}", PACKAGES[name])
    return chosen


def _outputs(folders: Mapping[Format, Path]) -> dict[str, Output]:
    made: dict[str, Output] = {}
    for name, path in folders.items():
        if name == "official":
            made[name] = OfficialFiles(path)
        elif name == "parquet":
            made[name] = parquet.ParquetFiles(path)
        elif name == "dataset":
            made[name] = dataset_dict.DatasetFiles(path)
    return made


def _stream(
    folder: BuildFolder, datasets: Sequence[Dataset], tallies: Tallies, outputs: Sequence[Output]
) -> None:
    for dataset in datasets:
        wording = Wording(dataset)
        tallies.begin(dataset)
        for output in outputs:
            output.begin(dataset)
        for row in folder.kept(dataset.name):
            worded = wording.worded(row)
            tallies.add(worded)
            for output in outputs:
                output.add(worded)
        for output in outputs:
            output.end()
    if not tallies.rows:
        raise HarnessError(
            f"{folder.path}: found no row to write: none has an explanation and is out of "
            f"quarantine; run: imhi build explain {folder.path}"
        )
    for output in outputs:
        output.finish()


def _published(
    folder: BuildFolder,
    staging: Staging,
    folders: Mapping[Format, Path],
    outputs: Mapping[str, Output],
    tallies: Tallies,
    facts: Facts,
    to: Path,
) -> dict[str, Any]:
    """Move everything into place; return, and record in the build, what was written."""
    state = _state(folder)
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    said: dict[str, dict[str, Any]] = {}
    for name, path in folders.items():
        rows = outputs[name].files if name in outputs else {}
        said[name] = {
            "at": now,
            "build": state,
            "rows": tallies.rows,
            "files": {
                file: {"rows": rows.get(file), "bytes": size} for file, size in _sizes(path).items()
            },
        }
    staging.publish(said)
    result = {
        "to": str(to),
        "rows": tallies.counts(),
        "total": tallies.rows,
        "left_out": {
            name: {"quarantined": one.quarantined_rows, "unexplained": one.unexplained}
            for name, one in facts.datasets.items()
        },
        "formats": {
            name: {
                "path": str(to / name),
                "files": len(one["files"]),
                "bytes": sum(file["bytes"] for file in one["files"].values()),
            }
            for name, one in said.items()
        },
        "notes": [
            *(note for output in outputs.values() for note in output.notes),
            *facts.notes,
            *(f"{name}: no row was written" for name, c in tallies.counts().items() if not c),
            *_outdated(to, state),
        ],
    }
    folder.record_stage("write", result)
    return result


def _state(folder: BuildFolder) -> str:
    """Return what changes with every stage that can change a row."""
    stages = folder.record()["stages"]
    return digest({name: at for name, at in stages.items() if name not in LATER_STAGES})[:16]


def _outdated(to: Path, state: str) -> Iterator[str]:
    for name, old in written(to).items():
        if old.get("build") != state:
            yield (
                f"{to / name} is of an earlier state of the build ({old.get('at')}): write it again "
                "to have all formats of the same rows"
            )


def _sizes(path: Path) -> dict[str, int]:
    files = sorted(part for part in path.rglob("*") if part.is_file())
    return {file.relative_to(path).as_posix(): file.stat().st_size for file in files}
