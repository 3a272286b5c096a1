"""A plugin: a source of made-up posts, as many as IMHI's test sets have, and models of a chosen skill.

For measurements of speed at full size where the official files are not all at hand. ``simulated``
is the source; ``simulated:NAME,skill=0.7`` a model that gives the right label that often and else
any. The posts are strings of common words and mean nothing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi._core.answer_format import compose
from imhi._core.declarations import Argument, Dataset, ModelFamily, Source
from imhi._core.fingerprints import digest
from imhi._core.hookspecs import hookimpl
from imhi._core.records import Example, Request, Response

_WORDS = """the a day night work school home friend mother time help sleep tired talk feel think
know want always never again people alone together morning week year money job class room"""


def _text(chosen: random.Random, low: int, high: int) -> str:
    return " ".join(chosen.choices(_WORDS.split(), k=chosen.randint(low, high)))


def _rows(dataset: Dataset, split: str) -> Iterator[Example]:
    questions = dataset.questions
    for number in range(dataset.counts[split]):
        post, aspect = divmod(number, len(questions))
        chosen = random.Random(f"{dataset.name} {post}")
        text = _text(chosen, 40, 160)
        label = random.Random(f"{dataset.name} {number}").choice(dataset.labels)
        yield Example(
            id=str(number),
            dataset=dataset.name,
            split=split,
            post=text,
            question=questions[aspect].text,
            label=label.name,
            explanation=_text(chosen, 30, 60),
            aspect=questions[aspect].aspect,
            post_id=str(post),
        )


class _Source:
    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        self._datasets = {name: one for name, one in datasets.items() if one.counts.get("test")}

    def datasets(self) -> Sequence[str]:
        return list(self._datasets)

    def splits(self, dataset: str) -> Sequence[str]:
        return ["test"]

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        return _rows(self._datasets[dataset], split)

    def checksum(self, dataset: str, split: str) -> str:
        return digest([dataset, split, "simulated"])

    def describe(self) -> Mapping[str, Any]:
        return {"synthetic": True}


class _Model:
    def __init__(self, name: str, skill: float, datasets: Mapping[str, Dataset]) -> None:
        self.name, self.skill, self.datasets = name, skill, datasets

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        for request in requests:
            dataset = self.datasets[request.dataset]
            gold = random.Random(f"{dataset.name} {request.id}").choice(dataset.labels)
            chosen = random.Random(f"{self.name} {dataset.name} {request.id}")
            right = chosen.random() < self.skill
            label = gold if right else chosen.choice(dataset.labels)
            text = compose(dataset, label.name, _text(chosen, 30, 60))
            yield Response(
                request.id, request.dataset, request.prompt_hash, text,
                latency=chosen.random(), prompt_tokens=200, completion_tokens=60,
            )  # fmt: skip

    def describe(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        pass


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source("simulated", "Made-up posts", lambda argument, datasets: _Source(datasets))


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "simulated",
        "a model of a chosen skill",
        lambda spec, context: _Model(
            spec.target, spec.arguments["skill"], context.registry.dataset_map()
        ),
        target="NAME",
        arguments=(Argument("skill", "how often it is right", 0.5, float),),
    )
