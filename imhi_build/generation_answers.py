"""What generation runs have brought: the answers to rows, and what all of them came to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

from imhi import Registry, Response, from_row, take_apart
from imhi.build.generation_runs import (
    GenerationRuns,
    answered_keys,
    key_in,
    number_of,
    requested_keys,
)
from imhi.build.records import BuiltRow
from imhi.io import jsonl
from imhi.runs import totals


@dataclass(frozen=True)
class AskingTotals:
    """What asking came to, over all runs: rows, tokens, seconds; ``cost`` in US dollars, None where
    no answer has a price."""

    answered: int = 0
    failed: int = 0
    not_asked: int = 0
    cost: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    models: Sequence[str] = ()
    notes: Sequence[str] = ()


def asking_totals(runs: GenerationRuns) -> AskingTotals:
    """Return what all runs came to. A row that failed in one and was answered in a later one is
    answered."""
    folders = runs.folders()
    # Counted from the answers: a run that was killed had no time to write its totals.
    each = [totals(run) for run in folders]
    costs = [one.cost for one in each if one.cost is not None]
    answered = requested = failed = 0
    for dataset in dict.fromkeys(name for run in folders for name in run.datasets()):
        having = [run for run in folders if dataset in run.datasets()]
        done = {key for run in having for key in answered_keys(run, dataset)}
        lost = {key_in(id) for run in having for id in run.failed(dataset)} - done
        answered += len(done)
        failed += len(lost)
        requested += len(done.union(*(requested_keys(run, dataset) for run in having)))
    return AskingTotals(
        answered=answered,
        failed=failed,
        not_asked=requested - answered - failed,
        cost=sum(costs) if costs else None,
        prompt_tokens=sum(one.prompt_tokens for one in each),
        completion_tokens=sum(one.completion_tokens for one in each),
        seconds=sum((one.respond_seconds for one in each), 0.0),
        models=list(dict.fromkeys(run.manifest().model for run in folders)),
        notes=list(dict.fromkeys(note for run in folders for note in run.manifest().notes)),
    )


class Answers:
    """The answers to the rows of one dataset, read from where they lie. Close it after use.
    ``models`` are the models by number of the run."""

    def __init__(self, runs: GenerationRuns, dataset: str, registry: Registry) -> None:
        self._key = runs.key
        self._formats = tuple(registry.thought_formats)
        self._stack = ExitStack()
        self._files: dict[int, BinaryIO] = {}
        self._places: dict[str, tuple[int, int]] = {}  # of a row's key: run and byte
        self.models: dict[int, str] = {}
        for run in runs.folders():
            number = number_of(run)
            self.models[number] = run.manifest().model
            path = run.file("responses", dataset)
            if path.exists():
                jsonl.recover(path)  # a process that was killed leaves a torn line
                self._files[number] = self._stack.enter_context(path.open("rb"))
                for offset, row in jsonl.rows_with_offsets(path):
                    self._places[key_in(str(row["id"]))] = (number, offset)

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def of(self, row: BuiltRow) -> tuple[int, Response] | None:
        """Return the number of the run (from 1) and the answer to a row, without its thought; None
        without one."""
        place = self._places.get(self._key(row))
        if place is None:
            return None
        number, offset = place
        file = self._files[number]
        file.seek(offset)
        where = f"{file.name}: byte {offset}"
        response = from_row(Response, json.loads(file.readline()), where)
        return number, take_apart([response], self._formats)[0]
