"""A plugin: a model that costs CPU and nothing else, and as many made-up posts as asked for.

``burning`` is the source (``burning:50000`` rows of DR); ``burning:UNITS`` a model that adds up so many
numbers for each answer, in plain Python (1,000 are about 30 microseconds).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import Dataset, Example, ModelFamily, Request, Response, Source, digest, hookimpl

_DATASET = "DR"


class _Source:
    def __init__(self, rows: int, dataset: Dataset) -> None:
        self._rows, self._dataset = rows, dataset

    def datasets(self) -> Sequence[str]:
        return [_DATASET]

    def splits(self, dataset: str) -> Sequence[str]:
        return ["test"]

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        labels = self._dataset.labels
        for number in range(self._rows):
            yield Example(
                id=str(number),
                dataset=dataset,
                split=split,
                post=f"Post {number}: nothing stands here that anybody wrote. " * 8,
                question=self._dataset.questions[0].text,
                label=labels[number % len(labels)].name,
                explanation="Made up.",
            )

    def checksum(self, dataset: str, split: str) -> str:
        return digest([self._rows])

    def describe(self) -> Mapping[str, Any]:
        return {"synthetic": True}


class _Model:
    def __init__(self, units: int) -> None:
        self._units = units

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        for request in requests:
            total = sum(number * number for number in range(self._units))
            yield Response(request.id, request.dataset, request.prompt_hash, f"Yes. {total}")

    def describe(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        pass


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source(
        "burning",
        "Made-up posts, as many as asked for",
        lambda argument, datasets: _Source(int(argument or 1000), datasets[_DATASET]),
        argument="ROWS",
    )


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "burning",
        "a model that costs CPU",
        lambda spec, context: _Model(int(spec.target)),
        target="UNITS",
        gpus=0,
    )
