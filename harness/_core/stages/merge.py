"""The parts of a run put together: what one process would have left, had it asked everything."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imhi._core.errors import HarnessError
from imhi._core.report import all_notes
from imhi._core.run_store import RunFolder, make_run_folder
from imhi._core.run_store.energy import FILE as ENERGY
from imhi._core.run_store.jsonl import read_rows, write_rows
from imhi._core.run_store.leftovers import held_folder
from imhi._core.run_store.manifest import MANIFEST_OF_WHOLE as _WHOLE, Manifest
from imhi._core.run_store.shards import Shard
from imhi._core.run_store.staging import settle, staging_folder, sweep
from imhi._core.stages.respond import totals


@dataclass(frozen=True)
class Merged:
    """The run made of its parts; ``missing`` parts were not among them, and of each of the ``behind``
    so many requests have neither answer nor failure yet."""

    folder: RunFolder
    missing: tuple[Shard, ...]
    behind: tuple[tuple[Shard, int], ...]


def find_shards(places: Sequence[Path]) -> dict[str, list[RunFolder]]:
    """Return the parts of runs by the run's id: folders of parts, and those that lie below others.

    Raises:
        HarnessError: there are none, or the folders that were named are of several runs.
    """
    named = [RunFolder(place) for place in places if (place / "manifest.json").exists()]
    if len({folder.id for folder in named}) > 1:
        raise HarnessError(
            f"found parts of different runs ({', '.join(sorted({one.id for one in named}))}), expected "
            "those of one; name the folder they lie in to merge several (imhi merge runs/shards)"
        )
    below = [
        RunFolder(path.parent)
        for place in places
        if not (place / "manifest.json").exists()
        for path in sorted(place.glob("**/manifest.json"))
        if not any(part.startswith(".prepare-") for part in path.parts)
    ]
    _check_alike(places)
    parts: dict[str, list[RunFolder]] = {}
    for folder in [*named, *(one for one in below if one.manifest().shard)]:
        if folder.path.resolve() not in [one.path.resolve() for one in parts.get(folder.id, ())]:
            parts.setdefault(folder.id, []).append(folder)
    if not parts:
        raise HarnessError(
            f"{', '.join(map(str, places))}: no shard there, expected folders that 'imhi shard' made, "
            "or one they lie in, such as runs/shards"
        )
    return parts


def _check_alike(places: Sequence[Path]) -> None:
    """Refuse places that have no run in common: most likely one was made with other options."""
    runs = {
        place: {RunFolder(path.parent).id for path in place.glob("**/manifest.json")}
        for place in places
    }
    for place, ids in runs.items():
        if ids and runs[places[0]] and not ids & runs[places[0]]:
            raise HarnessError(
                f"{place} holds parts of another run ({', '.join(sorted(ids))}) than {places[0]} "
                f"({', '.join(sorted(runs[places[0]]))}): give 'imhi shard' the same options for every "
                "part, or merge the two apart"
            )


def merge(parts: Sequence[RunFolder], out: Path) -> Merged:
    """Put parts of one run together below ``out``. Where the run is there already, it is given what
    it lacks.

    Raises:
        HarnessError: a folder is no part, or the parts overlap, are of different data, or are at work.
    """
    shards = _checked(parts)
    place = out / parts[0].id
    with ExitStack() as locks:
        for part in parts:
            locks.enter_context(part.lock())
        if not (place / "manifest.json").exists():
            _begin(parts[0], place)
        folder = RunFolder(place)
        locks.enter_context(folder.lock())
        first = parts[0].manifest()
        if folder.manifest().content_checksums != first.content_checksums:
            raise HarnessError(
                f"{place}: it is of other rows than {parts[0].path}; use another --out"
            )
        behind = _put_together(folder, parts, shards)
        _write_manifest(folder, [part.manifest() for part in parts])
    given = {shard.number for shard in shards}
    of = shards[0].of
    missing = tuple(Shard(n, of) for n in range(1, of + 1) if n not in given)
    return Merged(folder, missing, tuple((shard, left) for shard, left in behind if left))


def _checked(parts: Sequence[RunFolder]) -> list[Shard]:
    first = parts[0].manifest()
    shards: list[Shard] = []
    for part in parts:
        manifest = part.manifest()
        if not manifest.shard:
            raise HarnessError(f"{part.path}: not a shard but a whole run; leave it out")
        if any(getattr(manifest, name) != getattr(first, name) for name in _WHOLE):
            raise HarnessError(
                f"{part.path}: not of the same run as {parts[0].path}: the data or the model differ"
            )
        shard = Shard.parse(manifest.shard)
        for other, known in zip(parts, shards, strict=False):
            if known == shard or known.of != shard.of:
                raise HarnessError(
                    f"{part.path}: shard {shard} overlaps with shard {known} ({other.path}); expected "
                    "each of N parts once: leave one of the two out"
                )
        shards.append(shard)
    return shards


def _begin(part: RunFolder, place: Path) -> None:
    """Make the run, without an answer, of what every part of it has."""
    place.parent.mkdir(parents=True, exist_ok=True)
    sweep(place.parent)
    staging = staging_folder(place.parent)
    held = staging / "run"
    with held_folder(staging):
        make_run_folder(held)
        for kind in ("examples", "requests"):
            shutil.copytree(part.path / kind, held / kind)
        whole = dataclasses.replace(
            part.manifest(), shard="", status="prepared", totals=None, model_details={}, notes=()
        )
        RunFolder(held).write_manifest(whole)
        settle(held, place)


def _put_together(
    folder: RunFolder, parts: Sequence[RunFolder], shards: Sequence[Shard]
) -> list[tuple[Shard, int]]:
    """Write answers, in the order of the requests, and failures; return how many requests of each
    part have neither."""
    left = dict.fromkeys(shards, 0)
    for dataset in folder.datasets():
        asked = [request.id for request in folder.requests(dataset)]
        rows = _by_id(folder, dataset)
        done = set(rows)
        for part, shard in zip(parts, shards, strict=True):
            own = {id for position, id in enumerate(asked) if shard.holds(position)}
            found = _by_id(part, dataset)
            if strangers := sorted(found.keys() - own):
                raise HarnessError(
                    f"{part.file('responses', dataset)}: an answer to example {strangers[0]}, which is not "
                    f"in shard {shard}; the folder was edited, or mixed with another"
                )
            rows = {**found, **rows}
            failed = {str(row["id"]) for _, row in read_rows(part.file("failures", dataset))}
            left[shard] += len(own - done - found.keys() - failed)
        write_rows(folder.file("responses", dataset), (rows[id] for id in asked if id in rows))
        _add_rows(folder, parts, Path("failures") / f"{dataset}.jsonl")
    _add_rows(folder, parts, Path(ENERGY))
    # Batches that a server is at work on are found again by the whole run.
    for name in sorted({path.name for part in parts for path in (part.path / "asked").glob("*")}):
        _add_rows(folder, parts, Path("asked") / name)
    return list(left.items())


def _by_id(folder: RunFolder, dataset: str) -> dict[str, dict[str, Any]]:
    folder.answered(dataset)  # refuses what is there twice
    return {str(row["id"]): row for _, row in read_rows(folder.file("responses", dataset))}


def _add_rows(folder: RunFolder, parts: Sequence[RunFolder], file: Path) -> None:
    """Write what the run and its parts have in a file of rows: each row as often as the folder that
    has it most often, since attempts that fail alike are alike, and a part may be merged twice."""
    rows: list[dict[str, Any]] = []
    written: Counter[str] = Counter()
    for one in (folder, *parts):
        here: Counter[str] = Counter()
        for _, row in read_rows(one.path / file):
            text = json.dumps(row, sort_keys=True)
            here[text] += 1
            if here[text] > written[text]:
                written[text] += 1
                rows.append(row)
    if rows:
        write_rows(folder.path / file, rows)


def _write_manifest(folder: RunFolder, parts: Sequence[Manifest]) -> None:
    whole = folder.manifest()
    told = [part.totals for part in parts if part.totals is not None]
    details = [part.model_details for part in parts if part.model_details]
    folder.write_manifest(
        dataclasses.replace(
            whole,
            status="responded",
            model_details=details[0] if details else whole.model_details,
            notes=all_notes(whole.notes, *(part.notes for part in parts), _differing(parts)),
            cross_fitted=all_notes(whole.cross_fitted, *(part.cross_fitted for part in parts)),
            totals=dataclasses.replace(
                totals(folder),
                respond_seconds=round(sum(total.respond_seconds for total in told), 3),
                stopped_by_budget=any(total.stopped_by_budget for total in told),
            ),
        )
    )


def _differing(parts: Sequence[Manifest]) -> Iterator[str]:
    """Say what may change answers and is not the same in all parts."""
    for name in ("engine", "dtype", "quantisation", "device", "batch_size", "served_models"):
        values: dict[str, list[str]] = {}
        for part in parts:
            if part.model_details:
                value = json.dumps(part.model_details.get(name), sort_keys=True)
                values.setdefault(value, []).append(part.shard)
        if len(values) > 1:
            told = "; ".join(f"{value} in {', '.join(of)}" for value, of in values.items())
            yield f"the shards of this run were not answered alike: {name} was {told}"
