"""A plugin: a source of coins and models whose dependence on the prompt, and confidence, is known.

``coins:N`` has N posts for each dataset, with a label that is drawn. ``moody:NAME,skill=S,moved=M``
is right with probability S; with probability M its answer hangs on the wording of the prompt.
``fooled=TEXT`` makes it wrong half of the time where the prompt has that text. ``sure:NAME,extra=E``
gives probabilities that are right as often as they say, and E added to them. ``drawn:NAME`` draws its
answer by the seed: it is right with a probability of its own for each post, from 0.5 to 1.
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

DATASETS = ("DR", "SAD", "IRF")


def gold(dataset: Dataset, id: str) -> str:
    return random.Random(f"gold {dataset.name} {id}").choice(dataset.label_names)


def other(dataset: Dataset, label: str, chosen: random.Random) -> str:
    return chosen.choice([name for name in dataset.label_names if name != label])


class Coins:
    def __init__(self, argument: str, datasets: Mapping[str, Dataset]) -> None:
        self.count = int(argument or 300)
        self.all = {name: datasets[name] for name in DATASETS}

    def datasets(self) -> Sequence[str]:
        return list(self.all)

    def splits(self, dataset: str) -> Sequence[str]:
        return ["test"]

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        declared = self.all[dataset]
        for number in range(self.count):
            post, place = divmod(number, len(declared.questions))
            question = declared.questions[place]
            yield Example(
                id=str(number),
                dataset=dataset,
                split=split,
                post=f"Coin {post} " + " ".join(f"word{i}" for i in range(post % 120)),
                question=question.text,
                label=gold(declared, str(number)),
                explanation="heads",
                aspect=question.aspect,
                post_id=str(post),
            )

    def checksum(self, dataset: str, split: str) -> str:
        return digest([dataset, split, self.count])

    def describe(self) -> Mapping[str, Any]:
        return {"synthetic": True}


class Model:
    def __init__(self, spec: Any, context: Any) -> None:
        self.spec, self.context = spec, context

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        for request in requests:
            dataset = self.context.dataset(request.dataset)
            label, probabilities = self.answer(request, dataset)
            yield Response(
                request.id,
                request.dataset,
                request.prompt_hash,
                compose(dataset, label, "as the coin fell"),
                probabilities=probabilities,
            )

    def drawn(self, *key: object) -> random.Random:
        return random.Random(" ".join(map(str, (self.spec.target, *key))))

    def describe(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        pass


class Moody(Model):
    def answer(self, request: Request, dataset: Dataset) -> tuple[str, None]:
        own = self.spec.arguments
        truth = gold(dataset, request.id)
        chosen = self.drawn(request.dataset, request.id)
        if chosen.random() < own["moved"]:
            chosen = self.drawn(request.dataset, request.id, request.prompt)
        label = truth if chosen.random() < own["skill"] else other(dataset, truth, chosen)
        if own["fooled"] and own["fooled"] in request.prompt and chosen.random() < 0.5:
            label = other(dataset, truth, chosen)
        return label, None


class Sure(Model):
    def answer(self, request: Request, dataset: Dataset) -> tuple[str, dict[str, float]]:
        truth = gold(dataset, request.id)
        # Whatever it is called and adds, it decides alike.
        chosen = random.Random(f"sure {request.dataset} {request.id}")
        count = len(dataset.labels)
        sure = 1 / count + (1 - 1 / count) * chosen.random()
        label = truth if chosen.random() < sure else other(dataset, truth, chosen)
        said = min(1.0, sure + self.spec.arguments["extra"])
        rest = (1 - said) / (count - 1)
        return label, {name: said if name == label else rest for name in dataset.label_names}


class Drawn(Model):
    def answer(self, request: Request, dataset: Dataset) -> tuple[str, None]:
        truth = gold(dataset, request.id)
        skill = 0.5 + self.drawn(request.dataset, request.id).random() / 2
        chosen = self.drawn(request.dataset, request.id, self.context.seed)
        return (truth if chosen.random() < skill else other(dataset, truth, chosen)), None


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source("coins", "Coins", Coins, argument="N")


@hookimpl
def imhi_models() -> Iterator[ModelFamily]:
    yield ModelFamily(
        "moody",
        "hangs on the prompt",
        Moody,
        arguments=(
            Argument("skill", "", 0.7, float),
            Argument("moved", "", 0.0, float),
            Argument("fooled", "", ""),
        ),
    )
    yield ModelFamily(
        "sure", "gives probabilities", Sure, arguments=(Argument("extra", "", 0.0, float),)
    )
    yield ModelFamily("drawn", "hangs on the seed", Drawn)
