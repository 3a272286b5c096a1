"""A single-file plugin for the tests: a model that holds labels likely, or chooses one.

``scored:LOG`` appends ``DATASET/ID WAY`` to the file LOG before it answers. How likely it holds a
label depends on the request alone; the longest wording is the least likely for each character.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from imhi import (
    Context,
    ModelFamily,
    ModelSpec,
    Request,
    Response,
    by_likelihood,
    hookimpl,
)


def likelihoods(request: Request) -> dict[str, float]:
    """How likely the model holds each label's wording, in nats."""
    found = {}
    for label, wording in request.choices.items():
        key = f"{request.dataset}/{request.id}/{wording}"
        found[label] = -1.0 - int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 2**30
    return found


class Scored:
    def __init__(self, spec: ModelSpec, context: Context) -> None:
        self.log = Path(spec.target)
        self.context = context

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        generation = self.context.generation
        for request in requests:
            file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(file, f"{request.dataset}/{request.id} {generation.way}\n".encode())
            os.close(file)
            known = (request.id, request.dataset, request.prompt_hash)
            if Path(f"{self.log}.broken").exists() and request.id.endswith("1"):
                yield Response(*known, error="the file .broken is there")
            elif generation.way == "likelihood":
                yield by_likelihood(request, likelihoods(request), generation.answer)
            elif generation.way == "choice":
                (label, wording), *_ = request.choices.items()
                yield Response(*known, wording, label)
            else:
                yield Response(*known, "lorem ipsum")

    def describe(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        return None


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "scored",
        "holds labels likely",
        Scored,
        target="LOG",
        answers=("text", "likelihood", "choice"),
    )
