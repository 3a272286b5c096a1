"""Writes a finished build: its kept rows are read once, and every format takes each as it passes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from imhi import BuildFormat, Dataset, HarnessError, Registry, UnknownName, digest, resolve
from imhi.build.folder import BuildFolder
from imhi.build.stage_records import LeftOut, WriteRecord, WrittenFormat
from imhi.build.writing.counters import Counters
from imhi.build.writing.facts import LATER_STAGES, gather
from imhi.build.writing.format_files import FormatFiles, Summary
from imhi.build.writing.libraries import require
from imhi.build.writing.staging import ListedFormat, Staging, staged, written
from imhi.build.writing.wording import Wording


def write(folder: BuildFolder, registry: Registry, formats: Sequence[str], to: Path) -> WriteRecord:
    """Write the kept rows of a build in these formats to ``to/FORMAT``; return what was written.

    A format that is there from an earlier write is replaced when the new one is complete; others
    stay. The caller holds the build's lock.

    Raises:
        HarnessError: nothing to write, an unknown format, a package is missing, the target holds
            something else, or the disk is full. DataError: a row that cannot be written.
    """
    chosen = _chosen(formats, registry)
    datasets = [registry.datasets.get(name) for name in folder.datasets()]
    with staged(to) as staging:
        outputs: dict[str, FormatFiles] = {
            one.name: resolve(one.create)(staging.folder(one.name)) for one in chosen
        }
        try:
            counters = _stream(folder, datasets, list(outputs.values()))
            summary = Summary(
                counters,
                gather(folder, counters.counts()),
                {dataset.name: registry.task_of(dataset.name).name for dataset in datasets},
            )
            for output in outputs.values():
                output.finish(summary)
        except BaseException:
            for output in outputs.values():
                output.abort()
            raise
        return _published(folder, staging, outputs, summary, to)


def _chosen(formats: Sequence[str], registry: Registry) -> list[BuildFormat]:
    known = registry.build_formats.things
    unknown = [name for name in formats if name not in known]
    if unknown or not formats:
        raise HarnessError(
            f"--format: found {', '.join(unknown) or 'none'}, expected one or more of "
            f"{', '.join(known)}"
        ) from (UnknownName("format", unknown[0], known) if unknown else None)
    chosen = [known[name] for name in known if name in formats]
    for one in chosen:
        require(f"the format {one.name}", one.packages)
    return chosen


def _stream(
    folder: BuildFolder, datasets: Sequence[Dataset], outputs: Sequence[FormatFiles]
) -> Counters:
    """Hand every kept row to every format; return the counts of them."""
    counters = Counters()
    for dataset in datasets:
        wording = Wording(dataset)
        counters.begin(dataset)
        for output in outputs:
            output.begin(dataset)
        for row in folder.kept(dataset.name):
            worded = wording.worded(row)
            counters.add(worded)
            for output in outputs:
                output.add(worded)
        for output in outputs:
            output.end()
    if not counters.rows:
        raise HarnessError(
            f"{folder.path}: found no row to write: none has an explanation and is out of "
            f"quarantine; run: imhi build explain {folder.path}"
        )
    return counters


def _published(
    folder: BuildFolder,
    staging: Staging,
    outputs: Mapping[str, FormatFiles],
    summary: Summary,
    to: Path,
) -> WriteRecord:
    """Move everything into place; return, and record in the build, what was written."""
    state = _state(folder)
    counters, facts = summary.counters, summary.facts
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    listed: dict[str, ListedFormat] = {
        name: {
            "at": now,
            "build": state,
            "rows": counters.rows,
            "files": {
                file: {"rows": output.files.get(file), "bytes": size}
                for file, size in staging.sizes(name).items()
            },
        }
        for name, output in outputs.items()
    }
    staging.publish(listed)
    record = WriteRecord(
        to=str(to),
        rows=counters.counts(),
        total=counters.rows,
        left_out={
            name: LeftOut(quarantined=one.quarantined_rows, unexplained=one.unexplained)
            for name, one in facts.datasets.items()
        },
        formats={
            name: WrittenFormat(
                path=str(to / name),
                files=len(one["files"]),
                bytes=sum(file["bytes"] for file in one["files"].values()),
            )
            for name, one in listed.items()
        },
        notes=[
            *(note for output in outputs.values() for note in output.notes),
            *facts.notes,
            *(f"{name}: no row was written" for name, c in counters.counts().items() if not c),
            *_outdated(to, state),
        ],
    )
    folder.record_stage("write", record.to_json())
    return record


def _state(folder: BuildFolder) -> str:
    """Return what changes with every stage that can change a row."""
    return digest({name: at for name, at in folder.stages().items() if name not in LATER_STAGES})[
        :16
    ]


def _outdated(to: Path, state: str) -> Iterator[str]:
    for name, old in written(to).items():
        if old.get("build") != state:
            yield (
                f"{to / name} is of an earlier state of the build ({old.get('at')}): write it again "
                "to have all formats of the same rows"
            )
