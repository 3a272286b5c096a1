"""Opens ``hf:`` models as a run does, and asks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imhi._core.context import Context
from imhi._core.fingerprints import prompt_hash
from imhi._core.models import ModelSpec
from imhi._core.records import Request, Response
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from tests import tiny_models

QUESTION = "Does the poster suffer from depression?"


class Asker:
    """Makes the model a name stands for and asks it; keeps the context and the model."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.context: Context
        self.model: Any = None

    def open(self, name: str, seed: int = 0, **generation: Any) -> Any:
        settings = {"max_new_tokens": 32, **generation}
        source: Any = None  # models never look at the source
        self.context = Context(
            self.registry, source, "test", seed=seed, generation=Generation(**settings)
        )
        self.model = self.spec(name).create(self.context)
        return self.model

    def spec(self, name: str) -> ModelSpec:
        return ModelSpec.parse(name, self.registry)

    def __call__(
        self, name: str, requests: Sequence[Request], seed: int = 0, **generation: Any
    ) -> dict[str, Response]:
        responses = list(self.open(name, seed, **generation).generate(requests))
        assert sorted(r.id for r in responses) == sorted(r.id for r in requests)
        return {response.id: response for response in responses}


def requests(count: int = 12, system: str = "", posts: Sequence[str] = ()) -> list[Request]:
    chosen = posts or tiny_models.demo_posts()[:count]
    made = []
    for number, post in enumerate(chosen):
        prompt = f'Consider this post: "{post}" Question: {QUESTION}'
        made.append(
            Request(
                f"test-{number}",
                "DR",
                prompt,
                prompt_hash(system, prompt),
                post,
                QUESTION,
                system=system,
            )
        )
    return made


def texts(responses: dict[str, Response]) -> dict[str, str]:
    return {key: response.text for key, response in responses.items()}


def decoded_prompts(asker: Asker, asked: Sequence[Request]) -> list[str]:
    generator = asker.model._worker
    encoded = generator.prompts.encode(asked)[0]
    return [generator.loaded.tokenizer.decode(found.ids) for _, found in encoded]
