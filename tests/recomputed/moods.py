"""A plugin: invented posts, and models whose answers hang on what no run is known by.

``invented`` has posts for three datasets, one of them with two questions about each post. ``mood:NAME``
answers by the environment: ``MOOD`` is drawn from, ``SKILL`` how often it is right, ``SILENT`` how often
it does not answer, ``LOST`` how often no label is in its answer. So one command, given twice, makes two
runs of one id with other answers: what happens with every server whose weights were exchanged. With
``sure=1`` it gives probabilities.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi import (
    Argument,
    Context,
    Dataset,
    Example,
    ModelFamily,
    ModelSpec,
    Request,
    Response,
    Source,
    answer_format,
    digest,
    hookimpl,
)

DATASETS = {"DR": 60, "SAD": 80, "IRF": 50}  # rows
PRICE = 0.002  # US dollars an answer


def gold(dataset: Dataset, id: str) -> str:
    return random.Random(f"gold {dataset.name} {id}").choice(dataset.label_names)


class Invented:
    def __init__(self, argument: str, datasets: Mapping[str, Dataset]) -> None:
        self.all = {name: datasets[name] for name in DATASETS}

    def datasets(self) -> Sequence[str]:
        return list(self.all)

    def splits(self, dataset: str) -> Sequence[str]:
        return ["test"]

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        declared = self.all[dataset]
        for number in range(DATASETS[dataset]):
            post, place = divmod(number, len(declared.questions))
            question = declared.questions[place]
            yield Example(
                id=str(number),
                dataset=dataset,
                split=split,
                post=f"Invented {post} " + " ".join(f"word{i}" for i in range(post % 40)),
                question=question.text,
                label=gold(declared, str(number)),
                explanation="as it was invented",
                aspect=question.aspect,
                post_id=str(post),
            )

    def checksum(self, dataset: str, split: str) -> str:
        return digest([dataset, split, DATASETS[dataset]])

    def describe(self) -> Mapping[str, Any]:
        return {"synthetic": True}


class Mood:
    def __init__(self, spec: ModelSpec, context: Context) -> None:
        self.spec, self.context = spec, context

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        now = os.environ
        for request in requests:
            if not self.context.budget.reserve(PRICE):
                return
            self.context.budget.settle(PRICE, PRICE)
            known = (request.id, request.dataset, request.prompt_hash)
            chosen = random.Random("/".join((now["MOOD"], request.dataset, request.id)))
            dataset = self.context.dataset(request.dataset)
            truth = gold(dataset, request.id)
            others = [name for name in dataset.label_names if name != truth]
            label = truth if chosen.random() < float(now["SKILL"]) else chosen.choice(others)
            spent: dict[str, Any] = {
                "latency": round(0.1 + chosen.random(), 3),
                "prompt_tokens": chosen.randint(50, 150),
                "completion_tokens": chosen.randint(5, 25),
                "cost": PRICE,
            }
            fate, sure = chosen.random(), 0.5 + chosen.random() / 2
            if fate < float(now.get("SILENT", "0")):
                yield Response(*known, error="503 nobody there")
                continue
            if fate > 1 - float(now.get("LOST", "0.1")):
                yield Response(*known, "Qwerty.", **spent)
                continue
            if self.spec.arguments["sure"]:
                rest = (1 - sure) / len(others)
                spent["probabilities"] = {
                    name: sure if name == label else rest for name in dataset.label_names
                }
            yield Response(*known, answer_format.compose(dataset, label, "so it is"), **spent)

    def describe(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        return None


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source("invented", "Invented posts", Invented)


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "mood",
        "answers by the environment",
        Mood,
        target="NAME",
        arguments=(Argument("sure", "gives probabilities", 0, int),),
    )
