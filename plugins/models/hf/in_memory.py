"""A model whose weights are in memory already: a training that is measured on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imhi import Request, Response
from imhi.checkpoints import Checkpoint, kind_of, window_of
from imhi.plugins.models.hf.classification import Classifier
from imhi.plugins.models.hf.generation import Generator
from imhi.plugins.models.hf.loading import Loaded, plain_generation

if TYPE_CHECKING:
    from imhi import Context


class InMemory:
    """Asks a model as :class:`imhi.plugins.models.hf.model.HfModel` would, and gives it back as it was:
    training or not, with its own decoding defaults and its cache setting."""

    def __init__(
        self, model: Any, tokenizer: Any, name: str, arguments: Mapping[str, Any], context: Context
    ) -> None:
        kind = kind_of(model.config, name)
        self._model = model
        self._training = model.training
        self._generation = getattr(model, "generation_config", None)
        self._cache = getattr(model.config, "use_cache", None)
        window, window_from = window_of(
            model, model.config, tokenizer, arguments["max_length"], kind
        )
        unused = {} if kind == "classifier" else plain_generation(model, tokenizer)
        if kind != "classifier":
            model.config.use_cache = True
        model.eval()
        dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
        loaded = Loaded(
            kind, model, tokenizer, str(model.device), dtype, window, window_from,
            Checkpoint(name), None, unused,
        )  # fmt: skip
        made = Classifier if kind == "classifier" else Generator
        self._worker: Classifier | Generator = made(loaded, name, arguments, context)

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        yield from self._worker.generate(requests)

    def describe(self) -> Mapping[str, Any]:
        return self._worker.describe()

    def close(self) -> None:
        self._model.train(self._training)
        if self._generation is not None:
            self._model.generation_config = self._generation
        if self._cache is not None:
            self._model.config.use_cache = self._cache


def wrap(
    model: Any, tokenizer: Any, name: str, arguments: Mapping[str, Any], context: Context
) -> InMemory:
    """Return the model as one that can be asked; ``arguments`` are those of ``hf:``, as written
    out by :func:`imhi._core.models.parse_model`."""
    return InMemory(model, tokenizer, name, arguments, context)
