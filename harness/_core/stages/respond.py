"""Stage 2: ask the model what has no answer yet; write each answer down as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from imhi._core.answer_cache.run_cache import RunCache
from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.errors import HarnessError
from imhi._core.events import ExampleFailed, ResponsesWritten, StageFinished, StageStarted
from imhi._core.executors import ExecutorSpec, RunOn
from imhi._core.metering import Metering, MeterSpec
from imhi._core.models import ModelSpec
from imhi._core.records import Request, Response, as_row
from imhi._core.report import Relay, Report, all_notes
from imhi._core.run_store import RunFolder
from imhi._core.run_store.cache import CacheFolder
from imhi._core.run_store.energy import energy_of
from imhi._core.run_store.jsonl import AppendLog, rows_with_offsets
from imhi._core.run_store.manifest import Totals
from imhi._core.run_store.shards import Shard
from imhi._core.run_store.stored_requests import StoredRequests, joined
from imhi._core.stages.answering import Answering, Ask, Described


def pending_requests(folder: RunFolder, dataset: str) -> StoredRequests:
    """Return the requests of a dataset, or of the folder's part of it, that have no response; they
    stay on disk.

    Raises:
        HarnessError: a stored response answers another prompt than the one that would be asked.
    """
    answered = folder.answered(dataset)
    path = folder.file("requests", dataset)
    shard = Shard.parse(folder.manifest().shard or "1/1")
    pending = []
    for position, (offset, row) in enumerate(rows_with_offsets(path)):
        id, asked = str(row["id"]), row["prompt_hash"]
        stored = answered.pop(id, None)
        if stored is None and not shard.holds(position):
            continue
        if stored is None:
            pending.append(offset)
        elif stored != asked:
            raise HarnessError(
                f"{folder.file('responses', dataset)}: the response of example {id} answers "
                f"prompt {stored}, expected {asked}; the folder was edited or mixed "
                "with another run: run again into a new folder (--out)"
            )
    if answered:
        raise HarnessError(
            f"{folder.file('responses', dataset)}: responses to examples that are not in the run: "
            f"{', '.join(list(answered)[:3])}; remove those lines"
        )
    return StoredRequests([path], ((0, offset) for offset in pending))


def respond(
    folder: RunFolder,
    spec: ModelSpec,
    context: Context,
    executor: ExecutorSpec,
    afterwards: Callable[[Ask], None] | None = None,
    energy: MeterSpec | None = None,
) -> None:
    """Answer every pending request of the run; measure what that takes where ``energy`` says how.

    A request whose answer is an error goes to ``failures/`` and is asked again by the next run.
    Answers that were written survive anything that happens later. ``afterwards`` may ask the same
    model more, once the answers are there; what the model has to say of that is no part of the run.
    """
    manifest = folder.manifest()
    # Every dataset is checked before the first is asked.
    pending = {dataset: pending_requests(folder, dataset) for dataset in manifest.datasets}
    total = sum(map(len, pending.values()))
    started = time.perf_counter()
    context.notify(StageStarted(folder.id, "respond", total))
    if context.budget.limit is not None:
        # Counted from the answers: a run that was killed had no time to write its totals.
        context.budget.spent += totals(folder).cost or 0.0
    # A model that hands its requests to a server in one piece must find them there again.
    context = replace(context, cache=CacheFolder(folder.path / "asked"))
    cached = RunCache.of(folder, spec, context) if total else None
    if cached is not None and cached.answer(pending):
        pending = {dataset: pending_requests(folder, dataset) for dataset in manifest.datasets}
    listening = Relay(cross_fitted=context.report.cross_fitted, listener=context.report)
    answering = Answering(spec, replace(context, report=listening))
    try:
        run_on = executor.start(context) if total or manifest.totals is None or afterwards else None
        if run_on is not None and (total or manifest.totals is None):
            metering = _start(energy, folder, context, executor) if total else None
            _answer_pending(folder, context, answering, run_on, pending, cached, metering)
        context.notify(StageFinished(folder.id, "respond", time.perf_counter() - started))
        if run_on is not None and afterwards is not None:
            listening.listener = Report()
            afterwards(partial(run_on, answering))
    finally:
        answering.close()
        context.cache.close()


def _answer_pending(
    folder: RunFolder,
    context: Context,
    answering: Answering,
    run_on: RunOn,
    pending: Mapping[str, StoredRequests],
    cached: RunCache | None,
    metering: Metering | None = None,
) -> None:
    """Write down the answers to what is pending, and what the run has come to, whatever happens."""
    manifest = folder.manifest()
    started = time.perf_counter()
    details: dict[str, Any] = {}
    ended = False
    try:
        for datasets in _groups(answering.spec, list(manifest.datasets)):
            requests = joined([pending[dataset] for dataset in datasets])
            if requests and not context.budget.exhausted:
                results = run_on(answering, requests)
                if metering is not None:
                    results = metering.over(results)
                if cached is not None:
                    results = cached.keeping(results, requests)
                details |= write_answers(folder, results, requests, context)
                # Notes are written as they come: a killed run must not lose them.
                manifest = replace(
                    manifest,
                    notes=all_notes(manifest.notes, context.notes),
                    cross_fitted=all_notes(manifest.cross_fitted, context.report.cross_fitted),
                )
                folder.write_manifest(manifest)
        ended = True
    finally:
        if metering is not None:
            metering.stop()
        before = manifest.totals.respond_seconds if manifest.totals else 0.0
        seconds = round(before + time.perf_counter() - started, 3)
        come_to = totals(folder)
        # A model that could not be made has answered nothing, and does not look as if it had.
        began = ended or come_to.answered or come_to.failed
        folder.write_manifest(
            replace(
                manifest,
                model_details=details or manifest.model_details,
                status="responded" if began else manifest.status,
                notes=all_notes(manifest.notes, context.notes),
                cross_fitted=all_notes(manifest.cross_fitted, context.report.cross_fitted),
                totals=replace(
                    come_to,
                    respond_seconds=seconds,
                    stopped_by_budget=context.budget.exhausted,
                ),
            )
        )


def _start(
    energy: MeterSpec | None, folder: RunFolder, context: Context, executor: ExecutorSpec
) -> Metering | None:
    if energy is None:
        return None
    name = executor.executor.name
    if name != "local":
        context.note(
            f"energy was measured on the machine that handed out the requests (--executor {name}): what "
            "workers on other machines took is not in it"
        )
    written = f"{name}:{executor.argument}" if executor.argument else name
    return energy.start(folder.path, context.note, f"executor {written}")


def _groups(spec: ModelSpec, datasets: list[str]) -> list[list[str]]:
    """Return which datasets a model is asked about at one time: each by itself, as a rule."""
    together = spec.family.together
    return [datasets] if together and resolve(together)(spec) else [[name] for name in datasets]


def write_answers(
    folder: RunFolder,
    responses: Iterator[Response | Described],
    requests: Sequence[Request],
    context: Context,
    answers: str = "responses",
    failures: str = "failures",
) -> dict[str, Any]:
    """Write down what comes, in the folder's files of the kinds ``answers`` and ``failures``; return
    what the model says of itself.

    Raises:
        HarnessError: the model answers what was not asked, or leaves out what was.
    """
    details: dict[str, Any] = {}
    waiting = {(r.dataset, r.id): r.prompt_hash for r in requests}
    with ExitStack() as stack:
        close = getattr(responses, "close", None)
        if close is not None:
            stack.callback(close)
        logs: dict[Path, AppendLog] = {}

        def log(kind: str, dataset: str) -> AppendLog:
            path = folder.file(kind, dataset)
            if path not in logs:
                logs[path] = AppendLog(path)
                stack.callback(logs[path].close)
            return logs[path]

        for dataset in dict.fromkeys(dataset for dataset, _ in waiting):
            log(answers, dataset)
        for response in responses:
            if isinstance(response, Described):
                details.update(response.details)
                for note in response.notes:
                    context.note(note)
                for name in response.cross_fitted:
                    context.mark_cross_fitted(name)
                continue
            dataset, key = response.dataset, (response.dataset, response.id)
            if response.prompt_hash != waiting.get(key):
                raise HarnessError(
                    f"the model answered {dataset}/{response.id} (prompt "
                    f"{response.prompt_hash}), which was not asked or is answered already; "
                    "expected one response per request: this is an error in the model plugin"
                )
            labels = context.dataset(dataset).label_names
            if response.label is not None and response.label not in labels:
                raise HarnessError(
                    f"the model gave {dataset}/{response.id} the label '{response.label}', expected "
                    f"one of {', '.join(labels)}: this is an error in the model plugin"
                )
            del waiting[key]
            if response.error is None:
                log(answers, dataset).append(as_row(response))
                context.notify(ResponsesWritten(folder.id, dataset, 1))
            else:
                log(failures, dataset).append(as_row(response))
                context.notify(ExampleFailed(folder.id, dataset, response.id, response.error))
        if waiting and not context.budget.exhausted:
            dataset, id = next(iter(waiting))
            raise HarnessError(
                f"the model left {len(waiting)} of {len(requests)} requests of {dataset} unanswered "
                f"(first: {id}); expected a response or an error for each; run "
                "again to ask them again"
            )
    return details


def totals(folder: RunFolder) -> Totals:
    """Count what the run has come to, from its answers and failures; ``respond_seconds`` is the
    manifest's."""
    manifest = folder.manifest()
    answered = failed = truncated = cached = prompt_tokens = completion_tokens = 0
    cost, priced = 0.0, False
    for dataset in manifest.datasets:
        done: set[str] = set()
        for response in folder.responses(dataset):
            done.add(response.id)
            truncated += response.truncated
            cached += response.cached
            prompt_tokens += response.prompt_tokens or 0
            completion_tokens += response.completion_tokens or 0
            if response.cost is not None:
                cost, priced = cost + response.cost, True
        lost: set[str] = set()
        for response in folder.failures(dataset):
            if response.id not in done:
                lost.add(response.id)
            # Failed attempts may have cost something too, also where a later one succeeded.
            if response.cost is not None:
                cost, priced = cost + response.cost, True
        answered += len(done)
        failed += len(lost)
    return Totals(
        answered=answered,
        failed=failed,
        not_asked=sum(manifest.requests.values()) - answered - failed,
        truncated=truncated,
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        cost=round(cost, 6) if priced else None,
        respond_seconds=manifest.totals.respond_seconds if manifest.totals else 0.0,
        cached=cached,
        energy=energy_of(folder.path),
    )
