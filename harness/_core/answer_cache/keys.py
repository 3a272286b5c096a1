"""What an answer depends on, as the key it is kept under.

Whatever could change an answer is in the key; so a cache may be shared, merged or moved by hand, and an
entry can still be found by the one request of the one model it answers.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imhi._core.declarations import resolve
from imhi._core.fingerprints import digest
from imhi._core.records import JsonObject, Request

if TYPE_CHECKING:
    from imhi._core.context import Context
    from imhi._core.models import ModelSpec

DIGITS = 32
"""Hexadecimal digits of a key: 128 bits of SHA-256."""


def model_facts(spec: ModelSpec, context: Context) -> JsonObject | str:
    """Return what all answers of a model depend on, found without loading it; or, as a text, why its
    answers are not kept."""
    if spec.family.cache_key is None:
        return (
            f"{spec.family.scheme}: models do not say all that their answers depend on, so that "
            "one could be taken for another"
        )
    facts = resolve(spec.family.cache_key)(spec, context)
    if isinstance(facts, str):
        return facts
    return {"family": spec.family.scheme, **spec.plugin_file(), **facts}


@dataclass(frozen=True)
class AnswerKeys:
    """The keys of one model's answers in one run.

    ``model`` names the model, :meth:`group` the answers to one dataset under the run's decoding.
    """

    facts: JsonObject
    context: Context
    model: str = ""
    _groups: dict[str, str] = field(default_factory=dict, hash=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", digest(dict(self.facts))[:DIGITS])

    @property
    def _drawn(self) -> bool:
        return self.context.generation.temperature > 0

    def group(self, dataset: str) -> str:
        """Return the name of the answers to a dataset under these settings. A dataset's labels count,
        since classifiers answer with them; so do the formats by which thoughts are told apart."""
        if dataset not in self._groups:
            settings = self.context.generation.to_json()
            if not self._drawn:
                del settings["top_p"]  # nothing is drawn
            # Which sample a request is stands in its id: those of a run with fewer serve one with more.
            settings.pop("samples", None)
            labels = [dataclasses.asdict(label) for label in self.context.dataset(dataset).labels]
            formats = [dataclasses.asdict(one) for one in self.context.registry.thought_formats]
            of = [self.model, dataset, labels, settings, formats]
            self._groups[dataset] = digest(of)[:DIGITS]
        return self._groups[dataset]

    def of(self, request: Request) -> str:
        """Return the key of the answer to a request: its texts, and where answers are drawn, what they
        are drawn by (see :func:`imhi.checkpoints.request_seed`)."""
        drawn = [self.context.seed, request.id] if self._drawn else []
        texts = [request.system, request.prompt, request.post, request.question, request.aspect]
        # In the order given: which of two equally likely labels comes first may decide.
        choices = list(request.choices.items())
        return digest([self.group(request.dataset), texts, choices, drawn])[:DIGITS]
