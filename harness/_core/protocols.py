"""The shapes of what plugin factories make: model, opened source, labeler, prompt builder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from imhi._core.budget import PriceFacts
from imhi._core.declarations import Dataset
from imhi._core.records import Example, Prediction, Request, Response

if TYPE_CHECKING:
    from imhi._core.models import ModelSpec


@runtime_checkable
class Model(Protocol):
    """Anything that answers requests.

    ``context.seed`` and ``context.budget`` are read when ``generate`` is called, not when the model
    is made: a judge is asked with other seeds.
    """

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield one response per request, in any order, as they finish, each carrying its request's
        dataset, id and prompt hash. A request that cannot be answered yields a response with
        ``error``; raising is for what makes every further request pointless. It must honour
        ``context.budget`` when its answers cost money, and may leave requests unanswered only then.
        """

    def describe(self) -> Mapping[str, Any]:
        """Return JSON values for the manifest (resolved revision, dtype, device, ``notes`` to be
        shown under the scores); never a key. What may change answers has a name that comparisons
        know: ``engine`` (``{"name": "vllm", "version": "0.32.0"}``), ``dtype, quantisation, device,
        concurrency, batch_size, served_models, system_fingerprints, parameters,
        template_variables`` (:data:`imhi._core.comparing.engine_facts.FACTS`)."""

    def close(self) -> None:
        """Free the memory, before metrics run."""


@runtime_checkable
class OpenSource(Protocol):
    """A source bound to its argument."""

    def datasets(self) -> Sequence[str]:
        """Return the names of the datasets it has."""

    def splits(self, dataset: str) -> Sequence[str]:
        """Return the names of the splits it has of a dataset."""

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield the examples of a split in file order; raise DataError (file, row, what was found,
        what was expected) on a row it cannot read."""

    def checksum(self, dataset: str, split: str) -> str:
        """Return the SHA-256 of what the split is read from."""

    def describe(self) -> Mapping[str, Any]:
        """Return JSON values for the manifest; ``synthetic: true`` makes every table say that its
        scores are not IMHI results."""


class PriceList(Protocol):
    """The prices that a model family knows."""

    def price(self, spec: ModelSpec) -> PriceFacts:
        """Return what a model's tokens cost; raise HarnessError that names near ones where that is not
        known."""

    def providers(self) -> Mapping[str, str]:
        """Return the full names of providers that have prices, by their short ones."""

    def prices(self, provider: str) -> Sequence[PriceFacts]:
        """Return all prices of a provider, by its short name."""


class ReadLabels(Protocol):
    """A labeler at work. ``aspects[i]`` is the aspect of the question that ``responses[i]``
    answers. Returns one prediction per response, in order."""

    def __call__(
        self, dataset: Dataset, aspects: Sequence[str], responses: Sequence[Response]
    ) -> Sequence[Prediction]: ...


class BuildPrompt(Protocol):
    """A prompt style at work."""

    def __call__(self, example: Example, dataset: Dataset) -> str: ...
