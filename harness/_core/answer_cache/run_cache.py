"""The cache at work in a run: what it can answer is written down, what comes new is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from imhi._core.answer_cache.cache_folder import CacheFolder, ModelFolder
from imhi._core.answer_cache.entries import Entry, Search, Segment
from imhi._core.answer_cache.keys import AnswerKeys, model_facts
from imhi._core.errors import HarnessError
from imhi._core.events import AnswersCached, ResponsesWritten
from imhi._core.records import JsonObject, Request, Response, as_row
from imhi._core.run_store.jsonl import AppendLog

if TYPE_CHECKING:
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec
    from imhi._core.run_store import RunFolder

_TOLD_EVERY = 1000

# What a model says of itself that the key should have decided already.
_DECIDED = ("engine", "dtype", "quantisation", "attention")

# HarnessError is how a full disk is told, NotImplementedError a file system without locks.
_UNWRITABLE = (OSError, HarnessError, NotImplementedError)

Item = TypeVar("Item")


class RunCache:
    """The cache of one run: :meth:`answer` what it knows, then :meth:`keeping` what is asked."""

    def __init__(self, run: RunFolder, called: str, facts: JsonObject, context: Context) -> None:
        assert context.answer_cache is not None
        self.run = run
        self.called = called
        self.context = context
        self.keys = AnswerKeys(facts, context)
        self.folder: ModelFolder = CacheFolder.open(context.answer_cache, make=True).model(
            self.keys.model
        )
        self._segments: dict[str, Segment] = {}
        self._broken = False
        self._compared = False

    @classmethod
    def of(cls, run: RunFolder, spec: ModelSpec, context: Context) -> RunCache | None:
        """Return the cache of a run; None where none is asked for, or the model's answers are not to be
        kept, which observers are told.

        Raises:
            HarnessError: the folder asked for cannot be used.
        """
        if context.answer_cache is None or spec.family.stored:
            return None
        facts = model_facts(spec, context)
        if isinstance(facts, str):
            context.notify(AnswersCached(run.id, spec.name, refused=facts))
            return None
        return cls(run, spec.name, facts, context)

    def answer(self, pending: Mapping[str, Iterable[Request]]) -> int:
        """Write down the answers that are there to the requests of each dataset, as responses that say
        so; return how many.

        What is held in memory is a key for each pending request of a dataset.
        """
        found = total = damaged = 0
        for dataset, requests in pending.items():
            waiting: dict[bytes, list[tuple[str, str]]] = {}
            for request in requests:
                places = waiting.setdefault(self.keys.of(request).encode(), [])
                places.append((request.id, request.prompt_hash))
                total += 1
            search = Search()
            found += self._write_down(dataset, waiting, search)
            damaged += search.damaged
        if found:
            self._take_description()
        self.context.notify(AnswersCached(self.run.id, self.called, found, total, damaged))
        return found

    def _write_down(
        self, dataset: str, waiting: dict[bytes, list[tuple[str, str]]], search: Search
    ) -> int:
        labels = self.context.dataset(dataset).label_names
        log: AppendLog | None = None
        written = told = 0
        try:
            for entry in search.find(self.folder.path, self.keys.group(dataset), waiting):
                for id, prompt_hash in waiting[entry.key.encode()]:
                    response = _response(entry, id, dataset, prompt_hash)
                    if response is None or (
                        response.label is not None and response.label not in labels
                    ):
                        search.damaged += 1
                        continue
                    log = log or AppendLog(self.run.file("responses", dataset))
                    log.append(as_row(response))
                    written += 1
                if written - told >= _TOLD_EVERY:
                    self.context.notify(ResponsesWritten(self.run.id, dataset, written - told))
                    told = written
        finally:
            if log is not None:
                log.close()
        if written > told:
            self.context.notify(ResponsesWritten(self.run.id, dataset, written - told))
        return written

    def _take_description(self) -> None:
        """Let the run's manifest tell what the model was that gave the answers."""
        manifest, described = self.run.manifest(), self.folder.described()
        if described and not manifest.model_details:
            self.run.write_manifest(replace(manifest, model_details=described))

    def keeping(self, results: Iterator[Item], requests: Sequence[Request]) -> Iterator[Item]:
        """Yield what a model answers, and keep it once whoever takes it has found it good (asks for the
        next). An error is not kept, and one in writing here stops the keeping, never the run."""
        keys = {(one.dataset, one.id): self.keys.of(one) for one in requests}
        try:
            for item in results:
                yield item
                if not isinstance(item, Response):
                    self._describe(getattr(item, "details", {}))
                elif item.error is None:
                    self._put(keys[item.dataset, item.id], item)
        finally:
            self.close()
            close = getattr(results, "close", None)
            if close is not None:
                close()

    def _put(self, key: str, response: Response) -> None:
        if self._broken:
            return
        group = self.keys.group(response.dataset)
        try:
            if group not in self._segments:
                self.folder.begin(self.called, self.keys.facts)
                self._segments[group] = Segment(self.folder.path, group)
            self._segments[group].put(key, response)
        except _UNWRITABLE as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Keep nothing more, and say so: the answers themselves are safe in the run."""
        self._broken = True
        why = f"{self.folder.path} cannot be written: {getattr(error, 'strerror', None) or error}"
        self.context.notify(AnswersCached(self.run.id, self.called, refused=why))

    def _describe(self, details: Any) -> None:
        """Compare what the model says of itself now with what it said when earlier answers were made,
        and keep it."""
        before = self.folder.described()
        for name in _DECIDED:
            now, then = details.get(name), before.get(name)
            if before and now != then and not self._compared:
                self._compared = True
                self.context.note(
                    f"{self.called}: answers in the cache were made with {name} {then}, those asked now "
                    f"with {now}"
                )
        if not self._broken and self.folder.path.is_dir():
            try:
                self.folder.describe(details)
            except _UNWRITABLE as error:
                self._give_up(error)

    def close(self) -> None:
        """Let go of the files."""
        for segment in self._segments.values():
            segment.close()
        self._segments = {}


def _response(entry: Entry, id: str, dataset: str, prompt_hash: str) -> Response | None:
    """Return the response of an entry; None where another version has written it. What it cost is
    paid already."""
    try:
        response = Response(id, dataset, prompt_hash, **{**entry.answer, "cached": True})
    except TypeError:
        return None
    return replace(response, cost=None if response.cost is None else 0.0)
