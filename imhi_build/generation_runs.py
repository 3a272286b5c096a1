"""Rounds of asking: each a run folder, so that it is resumed, budgeted and read like a run.

A row is asked about once. What it is known by is its content (a *key*: a digest of the post, the
question and whatever else the prompt depends on), so an answer stays with its post when rows before
it come or go, and equal rows share one answer. A later round, which is only made for rows that have
no answer or whose answer was found wanting, outdoes an earlier one.
"""

from __future__ import annotations

import datetime
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imhi import (
    Context,
    HarnessError,
    ModelSpec,
    Request,
    RunStarted,
    as_row,
    digest,
    resolve,
)
from imhi.build.records import BuiltRow
from imhi.io import jsonl
from imhi.runs import (
    ExecutorSpec,
    Manifest,
    RunFolder,
    environment,
    pending_requests,
    respond,
    totals,
)

Key = Callable[[BuiltRow], str]


@dataclass(frozen=True)
class PendingRows:
    """Rows of one dataset that are to be asked about: a stream that can be read again, and what is
    asked about each."""

    dataset: str
    rows: Callable[[], Iterable[BuiltRow]]
    prompt: Callable[[BuiltRow], str]

    def without(self, keys: set[str], key: Key) -> PendingRows:
        """Return the rows that are not known by one of these keys."""
        return replace(self, rows=lambda: (row for row in self.rows() if key(row) not in keys))


@dataclass(frozen=True)
class GenerationRuns:
    """The rounds of asking in a folder. ``key`` says what a row is known by."""

    path: Path
    key: Key

    def folders(self) -> list[RunFolder]:
        """Return the rounds, oldest first.

        Raises:
            HarnessError: one of them has no manifest.
        """
        paths = list(self.path.glob("[0-9]*-*/"))
        for path in paths:
            if not (path / "manifest.json").exists():
                raise HarnessError(
                    f"{path}: found a round of asking without its manifest.json, which says what its "
                    "answers belong to; restore it, or move the folder away (its rows are asked again)"
                )
        return sorted(map(RunFolder, paths), key=number_of)

    def last_number(self) -> int:
        """Return the number of the last round; 0 where there is none."""
        return max(map(number_of, self.folders()), default=0)

    def answered(self, dataset: str) -> set[str]:
        """Return the keys of all rows that have an answer."""
        return {key for run in self.folders() for key in answered_keys(run, dataset)}

    def ask(
        self,
        wanted: Sequence[PendingRows],
        spec: ModelSpec,
        context: Context,
        executor: ExecutorSpec,
        identity: Mapping[str, object],
        wording: Mapping[str, object] | None = None,
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
            asked = {name: requested_keys(unfinished, name) for name in unfinished.datasets()}
            self._respond(unfinished, spec, context, executor)
        rest = [one.without(asked.get(one.dataset, set()), self.key) for one in wanted]
        if context.budget.exhausted:
            return
        self._refuse_what_is_under_way(rest, unfinished)
        manifest = Manifest(
            run=self._next_name(spec),
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            model=spec.name,
            model_identity=spec.fingerprint(context),
            generation=context.generation.to_json(),
            datasets={},
            environment=environment(),
            identity=known,
            wording=identity_of(spec, context, wording or identity),
            asked_with=dict(identity),
        )
        fresh = self._prepare(rest, manifest)
        if fresh is not None:
            self._respond(fresh, spec, context, executor)

    # --- one round -------------------------------------------------------------------------------

    def _unfinished(
        self, identity: str, wanted: Sequence[PendingRows], spec: ModelSpec
    ) -> RunFolder | None:
        """Return the last round of this identity that has something left, all of it still wanted;
        or wanted or not, where it may have been handed to a server that is at work on it."""
        handed_over = spec.family.together is not None and resolve(spec.family.together)(spec)
        for run in reversed(self.folders()):
            manifest = run.manifest()
            if manifest.identity != identity:
                continue
            left = {
                name: {key_in(r.id) for r in pending_requests(run, name)}
                for name in manifest.datasets
            }
            if not any(left.values()):
                continue
            if handed_over:
                return run
            for one in wanted:
                keys = left.get(one.dataset)
                if keys:
                    keys -= {self.key(row) for row in one.rows()}
            if not any(left.values()):
                return run
        return None

    def _refuse_what_is_under_way(
        self, wanted: Sequence[PendingRows], resumed: RunFolder | None
    ) -> None:
        """Let nobody ask anew about what a round has handed to a server and not seen fail."""
        for run in self.folders():
            handed_over = any((run.path / "asked").glob("*.jsonl"))
            if not handed_over or (resumed is not None and run.path == resumed.path):
                continue
            for one in wanted:
                if one.dataset not in run.datasets():
                    continue
                pending = {key_in(r.id) for r in pending_requests(run, one.dataset)}
                pending -= set(map(key_in, run.failed(one.dataset)))
                count = len(pending & {self.key(row) for row in one.rows()}) if pending else 0
                if count:
                    raise HarnessError(
                        f"{run.path}: {count:,} rows of {one.dataset} are in batches that may have "
                        f"been paid for; give the command that began them again (with "
                        f"{run.manifest().model} and without --limit) to collect their answers"
                    )

    def _respond(
        self, run: RunFolder, spec: ModelSpec, context: Context, executor: ExecutorSpec
    ) -> None:
        with run.lock():
            manifest = run.manifest()
            # A limit holds for the build; what this round has cost, the stage counts itself.
            others = [other for other in _of_build(self.path) if other.path != run.path]
            context.budget.spent = sum(totals(other).cost or 0.0 for other in others)
            total = sum(manifest.datasets.values())
            answered = sum(len(run.answered(name)) for name in manifest.datasets)
            context.notify(RunStarted(run.id, spec.name, total, answered))
            respond(run, spec, context, executor)

    def _next_name(self, spec: ModelSpec) -> str:
        slug = re.sub(r"[^A-Za-z0-9.]+", "-", f"{spec.family.scheme}-{Path(spec.target).name}")
        return f"{self.last_number() + 1:02d}-{slug.strip('-.')[:60]}"

    def _prepare(self, wanted: Sequence[PendingRows], manifest: Manifest) -> RunFolder | None:
        """Write the requests of a new round; None where there is nothing to ask."""
        staging = self.path / f".{manifest.run}.new"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True, mode=0o700)
        try:
            counts = {one.dataset: self._write_requests(staging, one) for one in wanted}
            counts = {name: count for name, count in counts.items() if count}
            if not counts:
                return None
            RunFolder(staging).write_manifest(replace(manifest, datasets=counts))
            staging.replace(self.path / manifest.run)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return RunFolder(self.path / manifest.run)

    def _write_requests(self, staging: Path, wanted: PendingRows) -> int:
        seen: set[str] = set()
        with jsonl.row_writer(RunFolder(staging).file("requests", wanted.dataset)) as write:
            for row in wanted.rows():
                key = self.key(row)
                if key in seen:
                    continue
                seen.add(key)
                prompt = wanted.prompt(row)
                request = Request.of(
                    id=f"{row.id}.{key}",
                    dataset=row.dataset,
                    prompt=prompt,
                    post=row.post,
                    question=row.question,
                    aspect=row.aspect,
                )
                write(as_row(request))
        return len(seen)


def content_key(*parts: str) -> str:
    """Return what a row with these parts is known by (16 hex digits)."""
    return digest(list(parts))[:16]


def identity_of(spec: ModelSpec, context: Context, asked_with: Mapping[str, object]) -> str:
    """Return what answers depend on besides the rows: model, decoding, and what prompts are made
    with."""
    return digest([spec.fingerprint(context), context.generation.to_json(), dict(asked_with)])


def number_of(run: RunFolder) -> int:
    """Return the number of a round, from 1."""
    return int(run.id.partition("-")[0])


def key_in(id: str) -> str:
    """Return the key of the row that a request or response is about, by its id: ``ROW.KEY``."""
    return id.rpartition(".")[2]


def answered_keys(run: RunFolder, dataset: str) -> set[str]:
    """Return the keys of the rows that a round has an answer to."""
    if not run.file("responses", dataset).exists():
        return set()
    return set(map(key_in, run.answered(dataset)))


def requested_keys(run: RunFolder, dataset: str) -> set[str]:
    """Return the keys of the rows that a round is to ask about."""
    path = run.file("requests", dataset)
    if not path.exists():
        return set()
    return {key_in(str(row["id"])) for _, row in jsonl.rows_with_offsets(path)}


def _of_build(path: Path) -> list[RunFolder]:
    """Return all rounds of the build that the rounds in ``path`` belong to."""
    build = next((p for p in path.parents if (p / "build.yaml").exists()), path)
    manifests = [
        *build.glob("explanations/*/manifest.json"),
        *build.glob("asked/*/*/*/manifest.json"),
    ]
    return [RunFolder(manifest.parent) for manifest in manifests]
