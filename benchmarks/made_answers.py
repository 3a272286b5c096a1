"""A plugin: a model that answers at once, whatever is asked. For measurements of the harness's own time.

``made:readable`` gives a label of the dataset in the usual form, one time in fifty none; ``made:silent``
never does. Where ``MADE_FIRST`` names a file, the time of the first request is written to it and the
process ends there. It runs under earlier versions of the harness too.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

try:
    from imhi import ModelFamily, Response, hookimpl
except ImportError:  # version 0.1, whose parts were packages of their own
    from harness import ModelFamily, Response, hookimpl  # type: ignore[import-not-found,no-redef]

_COMMON = """the a day night work school home friend mother time help sleep tired talk feel think know
want always never again people alone together morning week year money job class room"""
WORDS = _COMMON.split()


class _Made:
    def __init__(self, readable: bool, context: Any) -> None:
        self.readable, self.context = readable, context

    def generate(self, requests: Sequence[Any]) -> Iterator[Any]:
        for request in requests:
            if first := os.environ.get("MADE_FIRST"):
                Path(first).write_text(repr(time.time()))
                os._exit(0)
            chosen = random.Random(f"{request.dataset} {request.id}")
            text = " ".join(chosen.choices(WORDS, k=chosen.randint(30, 60)))
            if self.readable and chosen.random() < 0.98:
                label = chosen.choice(self.context.dataset(request.dataset).labels)
                text = f"{label.sentence} Reasoning: {text}"
            yield Response(
                request.id,
                request.dataset,
                request.prompt_hash,
                text,
                finish_reason="stop",
                prompt_tokens=200,
                completion_tokens=60,
            )

    def describe(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        pass


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "made",
        "answers at once",
        lambda spec, context: _Made(spec.target == "readable", context),
        target="NAME",
    )
