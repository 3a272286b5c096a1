"""Rounds of asking: each a run folder, so that it is resumed, budgeted and read like a run.

A row is asked about once. What it is known by is its content (a *key*: a digest of the post, the
question and whatever else the prompt depends on), so an answer stays with its post when rows before
it come or go, and equal rows share one answer. A later round, which is only made for rows that have
no answer or whose answer was found wanting, outdoes an earlier one.
"""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from imhi import (
    Context,
    HarnessError,
    ModelSpec,
    Request,
    Response,
    RunStarted,
    as_row,
    digest,
    fingerprint,
    from_row,
    prompt_hash,
    resolve,
)
from imhi.build.records import BuiltRow
from imhi.io import recover, row_writer
from imhi.runs import (
    Manifest,
    RunFolder,
    environment,
    parse_executor,
    pending_requests,
    respond,
    rows_with_offsets,
    totals,
)

Key = Callable[[BuiltRow], str]
Prompt = Callable[[BuiltRow], str]


@dataclass(frozen=True)
class Wanted:
    """Rows of one dataset that are to be asked about: a stream that can be read again, and what is
    asked about each."""

    dataset: str
    rows: Callable[[], Iterable[BuiltRow]]
    prompt: Prompt


@dataclass(frozen=True)
class Asked:
    """What asking came to, over all rounds."""

    answered: int = 0
    failed: int = 0
    unanswered: int = 0
    cost: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    models: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Described:
    """What a round's manifest says of how it was asked."""

    identity: str
    wording: str
    asked_with: Mapping[str, Any]


@dataclass
class Rounds:
    """The rounds in a folder. ``key`` says what a row is known by."""

    path: Path
    key: Key

    def folders(self) -> list[RunFolder]:
        """Return the rounds, oldest first."""
        found = list(self.path.glob("[0-9]*-*/"))
        for path in found:
            if not (path / "manifest.json").exists():
                raise HarnessError(
                    f"{path}: found a round of asking without its manifest.json, which says what its "
                    "answers belong to; restore it, or move the folder away (its rows are asked again)"
                )
        return [RunFolder(path) for path in sorted(found, key=_number)]

    def answered(self, dataset: str) -> set[str]:
        """Return the keys of all rows that have an answer."""
        return {key for round in self.folders() for key in _answered(round, dataset)}

    def ask(
        self,
        wanted: Sequence[Wanted],
        spec: ModelSpec,
        context: Context,
        executor: str,
        identity: Mapping[str, Any],
        wording: Mapping[str, Any] | None = None,
    ) -> None:
        """Ask about every row of ``wanted``: first what an unfinished round of the same ``identity``
        has left, then the rest in a new round. ``wording`` is what of the identity no draw changes.

        Raises:
            HarnessError: every further request is pointless; or a row may be in a batch that a
                server is at work on for another round.
        """
        known = identity_of(spec, context, identity)
        asked: dict[str, set[str]] = {}
        unfinished = self._unfinished(known, wanted, spec)
        if unfinished is not None:
            asked = {name: _requested(unfinished, name) for name in unfinished.datasets()}
            self._respond(unfinished, spec, context, executor)
        rest = [_without(one, asked.get(one.dataset, set()), self.key) for one in wanted]
        if context.budget.exhausted:
            return
        self._refuse_what_is_under_way(rest, unfinished)
        described = Described(
            known, identity_of(spec, context, wording or identity), dict(identity)
        )
        fresh = self._prepare(rest, spec, context, described)
        if fresh is not None:
            self._respond(fresh, spec, context, executor)

    def totals(self) -> Asked:
        """Return what all rounds came to. A row that failed in one round and was answered in a later
        one is answered."""
        answered: dict[str, set[str]] = {}
        requested: dict[str, set[str]] = {}
        failed: dict[str, set[str]] = {}
        cost: float | None = None
        tokens = {"prompt_tokens": 0, "completion_tokens": 0}
        seconds = 0.0
        models: dict[str, None] = {}
        notes: dict[str, None] = {}
        for round in self.folders():
            manifest = round.manifest()
            models[manifest.model] = None
            notes.update(dict.fromkeys(manifest.notes))
            # Counted from the answers: a round that was killed had no time to write its totals.
            found = totals(round)
            seconds += found.respond_seconds
            if found.cost is not None:
                cost = (cost or 0.0) + found.cost
            for name in tokens:
                tokens[name] += getattr(found, name)
            for dataset in round.datasets():
                answered.setdefault(dataset, set()).update(_answered(round, dataset))
                requested.setdefault(dataset, set()).update(_requested(round, dataset))
                failed.setdefault(dataset, set()).update(map(_key_of, round.failed(dataset)))
        done = sum(map(len, answered.values()))
        lost = sum(len(keys - answered[name]) for name, keys in failed.items())
        asked = sum(len(keys | answered[name]) for name, keys in requested.items())
        return Asked(
            answered=done,
            failed=lost,
            unanswered=asked - done - lost,
            cost=cost,
            seconds=seconds,
            models=list(models),
            notes=list(notes),
            **tokens,
        )

    # --- one round -------------------------------------------------------------------------------

    def _unfinished(
        self, identity: str, wanted: Sequence[Wanted], spec: ModelSpec
    ) -> RunFolder | None:
        """Return the last round of this identity that has something left, all of it still wanted;
        or wanted or not, where it may have been handed to a server that is at work on it."""
        handed_over = spec.family.together is not None and resolve(spec.family.together)(spec)
        for round in reversed(self.folders()):
            manifest = round.manifest()
            if manifest.identity != identity:
                continue
            left = {
                name: {_key_of(r.id) for r in pending_requests(round, name)}
                for name in manifest.datasets
            }
            if not any(left.values()):
                continue
            if handed_over:
                return round
            for one in wanted:
                keys = left.get(one.dataset)
                if keys:
                    keys -= {self.key(row) for row in one.rows()}
            if not any(left.values()):
                return round
        return None

    def _refuse_what_is_under_way(
        self, wanted: Sequence[Wanted], resumed: RunFolder | None
    ) -> None:
        """Let nobody ask anew about what a round has handed to a server and not seen fail."""
        for round in self.folders():
            handed_over = any((round.path / "asked").glob("*.jsonl"))
            if not handed_over or (resumed is not None and round.path == resumed.path):
                continue
            for one in wanted:
                if one.dataset not in round.datasets():
                    continue
                pending = {_key_of(r.id) for r in pending_requests(round, one.dataset)}
                pending -= set(map(_key_of, round.failed(one.dataset)))
                count = len(pending & {self.key(row) for row in one.rows()}) if pending else 0
                if count:
                    raise HarnessError(
                        f"{round.path}: {count:,} rows of {one.dataset} are in batches that may have "
                        f"been paid for; give the command that began them again (with "
                        f"{round.manifest().model} and without --limit) to collect their answers"
                    )

    def _respond(self, round: RunFolder, spec: ModelSpec, context: Context, executor: str) -> None:
        with round.lock():
            manifest = round.manifest()
            # A limit holds for the build; what this round has cost, the stage counts itself.
            others = [other for other in _of_build(self.path) if other.path != round.path]
            context.budget.spent = sum(totals(other).cost or 0.0 for other in others)
            total = sum(manifest.datasets.values())
            there = sum(len(round.answered(name)) for name in manifest.datasets)
            context.notify(RunStarted(round.id, spec.name, total, there))
            respond(round, spec, context, parse_executor(executor, context.registry))

    def _prepare(
        self,
        wanted: Sequence[Wanted],
        spec: ModelSpec,
        context: Context,
        described: Described,
    ) -> RunFolder | None:
        """Write the requests of a new round; None where there is nothing to ask."""
        number = max((_number(round.path) for round in self.folders()), default=0) + 1
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", f"{spec.family.scheme}-{Path(spec.target).name}")
        place = self.path / f"{number:02d}-{slug.strip('-.')[:60]}"
        staging = self.path / f".{place.name}.new"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, mode=0o700)
        try:
            counts = {one.dataset: self._write_requests(staging, one) for one in wanted}
            counts = {name: n for name, n in counts.items() if n}
            if not counts:
                return None
            now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
            RunFolder(staging).write_manifest(
                Manifest(
                    run=place.name,
                    created=now,
                    model=spec.name,
                    model_identity=fingerprint(spec, context),
                    generation=context.generation.to_json(),
                    datasets=counts,
                    environment=environment(),
                    identity=described.identity,
                    wording=described.wording,
                    asked_with=described.asked_with,
                )
            )
            staging.replace(place)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return RunFolder(place)

    def _write_requests(self, staging: Path, wanted: Wanted) -> int:
        count = 0
        seen: set[str] = set()
        with row_writer(RunFolder(staging).file("requests", wanted.dataset)) as write:
            for row in wanted.rows():
                key = self.key(row)
                if key in seen:
                    continue
                seen.add(key)
                prompt = wanted.prompt(row)
                request = Request(
                    id=f"{row.id}.{key}",
                    dataset=row.dataset,
                    prompt=prompt,
                    prompt_hash=prompt_hash("", prompt),
                    post=row.post,
                    question=row.question,
                    aspect=row.aspect,
                )
                write(as_row(request))
                count += 1
        return count


class Answers:
    """The answers to the rows of one dataset, read from where they lie. Close it after use."""

    def __init__(self, rounds: Rounds, dataset: str) -> None:
        self._rounds = rounds.folders()
        self._key = rounds.key
        self._stack = ExitStack()
        self._files: dict[int, BinaryIO] = {}
        self._places: dict[str, tuple[int, int]] = {}
        for number, round in enumerate(self._rounds):
            path = round.file("responses", dataset)
            if not path.exists():
                continue
            recover(path)  # a process that was killed leaves a torn line
            self._files[number] = self._stack.enter_context(path.open("rb"))
            for offset, row in rows_with_offsets(path):
                self._places[_key_of(str(row["id"]))] = (number, offset)
        self.models = {_number(round.path): str(round.manifest().model) for round in self._rounds}

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def of(self, row: BuiltRow) -> tuple[int, Response] | None:
        """Return the number of the round (from 1) and the answer to a row; None without one."""
        found = self._places.get(self._key(row))
        if found is None:
            return None
        number, offset = found
        file = self._files[number]
        file.seek(offset)
        where = f"{self._rounds[number].path}: byte {offset}"
        return _number(self._rounds[number].path), from_row(
            Response, json.loads(file.readline()), where
        )


def content_key(*parts: str) -> str:
    """Return what a row with these parts is known by (16 hex digits)."""
    return digest(list(parts))[:16]


def identity_of(spec: ModelSpec, context: Context, asked_with: Mapping[str, Any]) -> str:
    """Return what answers depend on besides the rows: model, decoding, and what prompts are made
    with."""
    return digest([fingerprint(spec, context), context.generation.to_json(), dict(asked_with)])


def _number(path: Path) -> int:
    return int(path.name.partition("-")[0])


def _of_build(path: Path) -> list[RunFolder]:
    """Return all rounds of the build that the rounds in ``path`` belong to."""
    build = next((p for p in path.parents if (p / "build.yaml").exists()), path)
    found = [*build.glob("explanations/*/manifest.json"), *build.glob("asked/*/*/*/manifest.json")]
    return [RunFolder(manifest.parent) for manifest in found]


def _key_of(id: str) -> str:
    return id.rpartition(".")[2]


def _answered(round: RunFolder, dataset: str) -> set[str]:
    if not round.file("responses", dataset).exists():
        return set()
    return {_key_of(id) for id in round.answered(dataset)}


def _requested(round: RunFolder, dataset: str) -> set[str]:
    path = round.file("requests", dataset)
    return (
        {_key_of(str(row["id"])) for _, row in rows_with_offsets(path)} if path.exists() else set()
    )


def _without(wanted: Wanted, keys: set[str], key: Key) -> Wanted:
    def rows() -> Iterator[BuiltRow]:
        return (row for row in wanted.rows() if key(row) not in keys)

    return Wanted(wanted.dataset, rows, wanted.prompt)
