"""A model at work for an executor: made once in each process, asked portions of requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.models import ModelSpec
from imhi._core.protocols import Model
from imhi._core.records import Request, Response
from imhi._core.spreading.crew import Place
from imhi._core.spreading.lending import LentBudget


@dataclass(frozen=True)
class Described:
    """What a process says of the model it made, after its answers."""

    details: Mapping[str, Any]
    notes: tuple[str, ...]
    cross_fitted: tuple[str, ...] = ()


Ask: TypeAlias = Callable[[Sequence[Request]], Iterator["Response | Described"]]
"""Hands requests to the model of a run, which is made once and stays."""


class Answering:
    """The work an executor spreads: make the model once per process, answer portions of requests.

    It can be sent to another process (pickled): observers and what was learnt stay behind. There it
    spends what it borrows, and knows how many ask besides it.
    """

    def __init__(self, spec: ModelSpec, context: Context) -> None:
        self.spec = spec
        self.context = context
        self.model: Model | None = None
        self.gpus = gpus_of(spec)

    def begin(self, place: Place) -> None:
        """Make the model, in a worker."""
        context, budget = self.context, self.context.budget
        if place.lend is not None:
            budget = LentBudget(budget.limit, lend=place.lend)
        workers = context.workers * place.workers
        self.context = replace(context, budget=budget, workers=workers)
        self.model = self.spec.create(self.context)

    def __call__(self, requests: Sequence[Request]) -> Iterator[Response | Described]:
        if self.model is None:
            self.model = self.spec.create(self.context)
        yield from self.model.generate(requests)
        self.context.budget.give_back()
        report = self.context.report
        yield Described(
            dict(self.model.describe()), tuple(report.notes), tuple(report.cross_fitted)
        )

    @staticmethod
    def key(thing: Request | Response | Described) -> tuple[str, str, str] | None:
        """Return what a request and its answer have in common."""
        if isinstance(thing, Described):
            return None
        return thing.dataset, thing.id, thing.prompt_hash

    @staticmethod
    def failed(request: Request, why: str) -> Response:
        """Return what stands for the answer to a request that no worker survives."""
        return Response(request.id, request.dataset, request.prompt_hash, error=why)

    def __getstate__(self) -> dict[str, Any]:
        context = self.context.without_observers()
        return {"spec": self.spec, "context": context, "model": None, "gpus": self.gpus}

    def close(self) -> None:
        """Free what the model holds."""
        if self.model is not None:
            self.model.close()
            self.model = None


def gpus_of(spec: ModelSpec) -> int:
    """Return how many GPUs one copy of a model takes, where there are any."""
    gpus = spec.family.gpus
    return gpus if isinstance(gpus, int) else int(resolve(gpus)(spec))
