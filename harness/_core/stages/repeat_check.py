"""Do a model's answers repeat? Some requests of an answered run are asked again: each alone, alone
once more, and all in flight at once, by the model that gave the answers of the run.

What is answered lies in ``repeats/``, so that a check that was stopped goes on, and nothing is paid for
twice. Only the last asking is made whole or not at all: what is in flight together is what it is about.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from imhi._core.context import Context
from imhi._core.events import StageFinished, StageStarted, tell_nobody
from imhi._core.fingerprints import digest
from imhi._core.records import Response
from imhi._core.run_store import RunFolder
from imhi._core.run_store.jsonl import read_rows, rows_with_offsets
from imhi._core.run_store.repeat_record import RepeatCheck, Share
from imhi._core.run_store.stored_requests import StoredRequests, joined
from imhi._core.stages.answering import Ask
from imhi._core.stages.respond import write_answers

Place: TypeAlias = tuple[str, str]
"""Dataset and id of a request."""

Answers: TypeAlias = Mapping[Place, Response]

_FOLDER = "repeats"


def check_repeats(folder: RunFolder, context: Context, wanted: int, ask: Ask) -> None:
    """Ask up to ``wanted`` of a run's answered requests again, and write into its manifest how many
    answers are the same; nothing is asked where that was done for these requests.

    Raises:
        HarnessError: the model cannot go on; what it has answered is kept.
    """
    manifest = folder.manifest()
    chosen = chosen_requests({name: folder.answered(name) for name in manifest.datasets}, wanted)
    if not chosen or context.budget.exhausted or is_made(manifest.repeat_check, chosen):
        return
    started = time.perf_counter()
    context.notify(StageStarted(folder.id, "repeat", 3 * len(chosen)))
    asking = _Asking(folder, replace(context, notify=tell_nobody), chosen, ask)
    asking.one_by_one("alone")
    asking.one_by_one("again")
    asking.all_at_once()
    folder.write_manifest(replace(folder.manifest(), repeat_check=asking.result()))
    context.notify(StageFinished(folder.id, "repeat", time.perf_counter() - started))


def chosen_requests(answered: Mapping[str, Iterable[str]], wanted: int) -> list[Place]:
    """Return the requests that are asked again, given the ids of each dataset: always the same ones,
    spread over the datasets as evenly as can be."""
    ranked = []
    for dataset, ids in answered.items():
        ordered = sorted((digest([dataset, id]), id) for id in ids)
        ranked += [(rank, key, dataset, id) for rank, (key, id) in enumerate(ordered)]
    return sorted((dataset, id) for _, _, dataset, id in sorted(ranked)[:wanted])


def is_made(check: RepeatCheck | None, chosen: Sequence[Place]) -> bool:
    """Say whether a check was made of these requests, and nothing of it is left."""
    return check is not None and check.complete and check.ids == _known_by(chosen)


def cost_of_repeats(folder: RunFolder) -> float:
    """Return what all checks of a run have cost so far, in US dollars."""
    return sum(_costs(folder.path / _FOLDER))


def _known_by(chosen: Sequence[Place]) -> str:
    return digest(chosen)[:16]


def _costs(place: Path) -> Iterator[float]:
    """Yield the cost of every answer below a folder that has one, failed attempts included."""
    for path in sorted(place.rglob("*.jsonl")):
        for _, row in read_rows(path):
            if row.get("cost") is not None:
                yield row["cost"]


@dataclass(frozen=True)
class _Asking:
    """A check at work."""

    folder: RunFolder
    context: Context
    chosen: Sequence[Place]
    ask: Ask

    @property
    def kind(self) -> str:
        """Where the answers lie: other requests are another check."""
        return f"{_FOLDER}/{_known_by(self.chosen)}"

    def one_by_one(self, name: str) -> None:
        """Ask for every answer that is missing, one after the other."""
        requests = self._requests(self.answers(name))
        for place in range(len(requests)):
            if self.context.budget.exhausted:
                return
            self._write(requests[place : place + 1], name)

    def all_at_once(self) -> None:
        """Ask for all answers in one call, unless they were given so."""
        at = self.last_at_once()
        missing = len(self.chosen) - len(self.answers(f"in-flight-{at}"))
        if missing and not self.context.budget.exhausted:
            self._write(self._requests({}), f"in-flight-{at + 1}")

    def last_at_once(self) -> int:
        """Return the number of times all requests were asked at once."""
        return len(list((self.folder.path / self.kind).glob("in-flight-*")))

    def _write(self, requests: StoredRequests, name: str) -> None:
        kind = f"{self.kind}/{name}"
        write_answers(
            self.folder, self.ask(requests), requests, self.context, kind, f"{kind}/failures"
        )

    def _requests(self, answered: Answers) -> StoredRequests:
        """Return the chosen requests without those that are answered; they stay on disk."""
        parts = []
        wanted = {place for place in self.chosen if place not in answered}
        for dataset in dict.fromkeys(dataset for dataset, _ in self.chosen):
            path = self.folder.file("requests", dataset)
            rows = rows_with_offsets(path)
            places = [(0, at) for at, row in rows if (dataset, str(row["id"])) in wanted]
            parts.append(StoredRequests([path], places))
        return joined(parts)

    def answers(self, name: str) -> Answers:
        """Return what was answered so far when requests were asked in one way."""
        return {(row.dataset, row.id): row for row in self._rows(f"{self.kind}/{name}")}

    def _failures(self, name: str) -> set[Place]:
        return {(row.dataset, row.id) for row in self._rows(f"{self.kind}/{name}/failures")}

    def _stored(self) -> Answers:
        chosen = set(self.chosen)
        rows = self._rows("responses")
        return {place: row for row in rows if (place := (row.dataset, row.id)) in chosen}

    def _rows(self, kind: str) -> Iterator[Response]:
        for dataset in dict.fromkeys(dataset for dataset, _ in self.chosen):
            yield from self.folder.responses_of(kind, dataset)

    def result(self) -> RepeatCheck:
        """Return how many answers are the same, as far as there are any."""
        alone, again = self.answers("alone"), self.answers("again")
        last = f"in-flight-{max(self.last_at_once(), 1)}"
        at_once, stored = self.answers(last), self._stored()
        given = [alone, again, at_once]
        failed = sum(
            len(self._failures(name) - answers.keys())
            for name, answers in zip(("alone", "again", last), given, strict=True)
        )
        costs = list(_costs(self.folder.path / self.kind))
        return RepeatCheck(
            requests=len(self.chosen),
            ids=_known_by(self.chosen),
            sampled=self.context.generation.temperature > 0,
            again=_equal(alone, again),
            in_flight=_equal(alone, at_once),
            stored=_equal(alone, stored),
            failed=failed,
            not_asked=3 * len(self.chosen) - sum(map(len, given)) - failed,
            cost=round(sum(costs), 6) if costs else None,
        )


def _equal(some: Answers, others: Answers) -> Share:
    """Count the requests with both answers, and those where they are the same in all that a model
    says: text, thought, label."""
    pairs = [(answer, others[place]) for place, answer in some.items() if place in others]
    return Share(sum(_said(one) == _said(other) for one, other in pairs), len(pairs))


def _said(response: Response) -> tuple[str, str, str | None]:
    return response.thought, response.text, response.label
