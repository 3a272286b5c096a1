"""A single-file plugin for the tests: a model that writes down each request when it is asked.

``asked:LOG`` appends ``DATASET/ID`` to the file LOG before it answers, and a line to LOG.made when it
is made. Its answers depend on the request and on what the file LOG.weights holds. It takes
``ahead`` requests at a time and answers them last first, so answers come in another order than the
requests, and some are lost when the process is killed.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from imhi import (
    Argument,
    Context,
    ModelFamily,
    ModelSpec,
    Request,
    Response,
    answer_format,
    hookimpl,
)


class Asked:
    def __init__(self, spec: ModelSpec, context: Context) -> None:
        self.log = Path(spec.target)
        self.spec = spec
        self.context = context
        with Path(f"{self.log}.made").open("a") as made:
            made.write("made\n")

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        given = self.spec.arguments
        for start in range(0, len(requests), given["ahead"]):
            batch = requests[start : start + given["ahead"]]
            if not all(self.context.budget.reserve(given["cost"]) for _ in batch):
                return
            for request in batch:
                self._write_down(request)
            for request in reversed(batch):
                time.sleep(given["wait"])
                self.context.budget.settle(given["cost"], given["cost"])
                yield self._answer(request)

    def _write_down(self, request: Request) -> None:
        file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, f"{request.dataset}/{request.id}\n".encode())
        os.close(file)

    def _answer(self, request: Request) -> Response:
        known = (request.id, request.dataset, request.prompt_hash)
        number = int(
            hashlib.sha256("/".join((*known, *weights(self.spec))).encode()).hexdigest(), 16
        )
        broken = Path(f"{self.log}.broken")  # while this file is there, some requests fail
        if broken.exists() and number % 3 == 0:
            return Response(*known, error="the file .broken is there")
        dataset = self.context.dataset(request.dataset)
        label = dataset.label_names[number % len(dataset.labels)]
        text = answer_format.compose(dataset, label, f"A “reason” made of {number % 1000}.")
        return Response(*known, text, cost=self.spec.arguments["cost"] or None)

    def describe(self) -> Mapping[str, Any]:
        return {"log": str(self.log)}

    def close(self) -> None:
        return None


def weights(spec: ModelSpec) -> list[str]:
    """What the model's answers are made of, as a file of weights is."""
    file = Path(f"{spec.target}.weights")
    return [file.read_text()] if file.exists() else []


def cache_key(spec: ModelSpec, context: Context) -> dict[str, object]:
    return {"weights": weights(spec), "style": spec.arguments["style"]}


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "asked",
        "writes down what it is asked",
        Asked,
        target="LOG",
        cache_key=cache_key,
        arguments=(
            Argument("wait", "seconds per answer", 0.0, float, changes_answers=False),
            Argument("ahead", "requests taken at a time", 1, Argument.count, changes_answers=False),
            Argument("cost", "US dollars per answer", 0.0, float, changes_answers=False),
            Argument("style", "any text; stands for what changes answers", "plain"),
        ),
    )
