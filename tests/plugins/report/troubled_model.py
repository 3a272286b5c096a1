"""A single-file plugin for the tests: a model with every trouble a report has to show.

Of eight answers one fails with an error that quotes the post, one is empty, one names no label; all
others quote the post. Tokens, cost and time are given, and the answer depends on the request alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Context, ModelFamily, ModelSpec, Request, Response, answer_format, hookimpl

LEAK = "<script>alert('answer')</script>"


class Troubled:
    def __init__(self, context: Context) -> None:
        self.context = context

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        for request in requests:
            known = (request.id, request.dataset, request.prompt_hash)
            number = int(hashlib.sha256("/".join(known).encode()).hexdigest(), 16)
            dataset = self.context.dataset(request.dataset)
            label = dataset.label_names[number % len(dataset.labels)]
            spent: dict[str, Any] = {
                "latency": 0.1 + number % 7 / 10,
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "cost": 0.001,
            }
            match number % 8:
                case 0:
                    yield Response(*known, error=f"400 refused: {request.post}")
                case 1:
                    yield Response(*known, "", finish_reason="length", **spent)
                case 2:
                    yield Response(*known, "Qwerty.", **spent)
                case _:
                    text = answer_format.compose(
                        dataset, label, f'The post says "{request.post[:80]}". {LEAK}'
                    )
                    yield Response(*known, text, **spent)

    def describe(self) -> Mapping[str, Any]:
        return {"api_key": "sk-never-shown", "weights": "/home/somebody/weights/secret-place"}

    def close(self) -> None:
        return None


def create(spec: ModelSpec, context: Context) -> Troubled:
    return Troubled(context)


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily("troubled", "a model with every trouble", create, target="NAME")
