"""A single-file plugin for the tests: a model whose answers depend on what else is in flight, and on
how often it was asked.

``repeating:STATE`` counts in the file STATE what it was asked, a line for each call: how many requests
it held. ``alone=N``: N of ten requests get another answer when others are in flight with them;
``again=N``: N of ten get another answer whenever they are asked once more. While ``STATE.broken`` is
there, requests asked alone fail. ``labels=true`` answers with labels, as a classifier does.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from imhi import Argument, Context, ModelFamily, ModelSpec, Request, Response, hookimpl


class Repeating:
    def __init__(self, spec: ModelSpec, context: Context) -> None:
        self.state = Path(spec.target)
        self.given = spec.arguments
        self.context = context
        self.asked: Counter[str] = Counter()

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        with self.state.open("a") as file:
            file.write(f"{len(requests)}\n")
        self.context.note(f"asked for {len(requests)} at once")
        cost = self.given["cost"]
        for request in list(requests):
            if not self.context.budget.reserve(cost):
                return
            self.context.budget.settle(cost, cost)
            yield self._answer(request, len(requests))

    def _answer(self, request: Request, in_flight: int) -> Response:
        known = (request.id, request.dataset, request.prompt_hash)
        price = self.given["cost"] or None
        if in_flight == 1 and Path(f"{self.state}.broken").exists():
            return Response(*known, error="the file .broken is there", cost=price)
        self.asked["/".join(known)] += 1
        place = int(hashlib.sha256(request.id.encode()).hexdigest(), 16) % 10
        other = place < self.given["alone"] and in_flight > 1
        count = self.asked["/".join(known)] if place >= 10 - self.given["again"] else 0
        if not self.given["labels"]:
            return Response(*known, f"Yes. Reasoning: {other}, {count}", cost=price)
        names = self.context.dataset(request.dataset).label_names
        return Response(*known, label=names[(other + count) % len(names)], cost=price)

    def describe(self) -> Mapping[str, Any]:
        return {"calls": len(self.state.read_text().split())}

    def close(self) -> None:
        return None


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "repeating",
        "answers otherwise among others",
        Repeating,
        target="STATE",
        arguments=(
            Argument("alone", "requests of ten that mind others", 0, int),
            Argument("again", "requests of ten that mind being asked again", 0, int),
            Argument("labels", "answers are labels", False, Argument.flag),
            Argument("cost", "US dollars per answer", 0.0, float, changes_answers=False),
        ),
    )
