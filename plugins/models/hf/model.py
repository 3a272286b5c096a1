"""The model at work: loaded once, asked many times, described for the manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from imhi import HarnessError, Request, Response
from imhi.checkpoints import free_memory, tokenizer_note
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.batches import default_tokens
from imhi.plugins.models.hf.classification import Classifier
from imhi.plugins.models.hf.constrained import Chooser
from imhi.plugins.models.hf.generation import Generator
from imhi.plugins.models.hf.likelihood import Scorer
from imhi.plugins.models.hf.loading import Loaded, load

if TYPE_CHECKING:
    from imhi import Context, ModelSpec


Worker = Classifier | Generator | Scorer | Chooser


def _worker(loaded: Loaded, name: str, context: Context) -> type[Worker]:
    """Return what answers, by the kind of model and the way of answering.

    Raises:
        HarnessError: a classifier is asked for anything but its labels.
    """
    way = context.generation.way
    if loaded.kind == "classifier":
        if way != "text":
            raise HarnessError(
                f"{name}: --answer {context.generation.answer} is asked for, and the checkpoint is a "
                "classifier, which gives labels and probabilities of its own: leave --answer out"
            )
        samples = context.generation.samples
        if samples > 1:
            raise HarnessError(
                f"{name}: --samples {samples} is asked for, and the checkpoint is a classifier, which draws "
                "nothing, so that all samples would be alike: leave --samples out"
            )
        return Classifier
    ways: dict[str, type[Worker]] = {"likelihood": Scorer, "choice": Chooser}
    return ways.get(way, Generator)


class HfModel:
    """Implements :class:`imhi.Model` for one checkpoint. ``release`` is called when it is closed."""

    def __init__(
        self,
        loaded: Loaded,
        name: str,
        arguments: HfArguments,
        context: Context,
        release: Callable[[], None],
    ) -> None:
        self._name = name
        self._loaded: Loaded | None = loaded
        self._arguments = arguments
        self._release = release
        self._description: dict[str, object] = {}
        self._worker: Worker | None = _worker(loaded, name, context)(
            loaded, name, arguments, context
        )

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response to each request, as batches finish.

        Raises:
            HarnessError: the model was closed, or cannot answer these requests at all.
        """
        if self._worker is None:
            raise HarnessError(f"{self._name}: the model was closed; make it again to ask more")
        yield from self._worker.generate(requests)

    def describe(self) -> Mapping[str, object]:
        """Return what the manifest holds about the model; it stays when the model is closed."""
        if self._loaded is not None and self._worker is not None:
            self._description = _description(self._loaded, self._arguments)
            self._description |= self._worker.describe()
        return self._description

    def close(self) -> None:
        """Let go of the weights; what :meth:`describe` said stays."""
        self.describe()
        self._worker = self._loaded = None
        self._release()


def _description(loaded: Loaded, arguments: HfArguments) -> dict[str, object]:
    import torch
    import transformers

    config = loaded.model.config
    description: dict[str, object] = {
        "id": loaded.checkpoint.written,
        "revision": loaded.checkpoint.identity(),
        "architecture": (config.architectures or [type(loaded.model).__name__])[0],
        "kind": loaded.kind,
        "parameters": sum(parameter.numel() for parameter in loaded.model.parameters()),
        "dtype": loaded.dtype,
        "device": loaded.device,
        "device_name": _device_name(loaded.device),
        "attention": getattr(config, "_attn_implementation", None),
        "window": loaded.window,
        "window_from": loaded.window_from,
        "batch_size": arguments.batch_size or "auto",
        "batch_tokens": arguments.batch_tokens
        or ("by batch_size" if arguments.batch_size else default_tokens(loaded)),
        "transformers": transformers.__version__,
        "engine": {
            "name": "transformers",
            "version": transformers.__version__,
            "torch": str(torch.__version__),
        },
    }
    quantised = getattr(config, "quantization_config", None)
    if quantised:
        of = quantised.get if isinstance(quantised, dict) else partial(getattr, quantised)
        method = of("quant_method", "unknown")
        description["quantisation"] = str(getattr(method, "value", method))
    if loaded.adapter is not None:
        description["adapter"] = loaded.adapter.written
        description["adapter_revision"] = loaded.adapter.identity()
        description["adapter_tokenizer"] = loaded.own_words or "as the base's"
    return description


def _device_name(device: str) -> str:
    import torch

    if device.startswith("cuda"):
        return str(torch.cuda.get_device_name(device))
    return f"{torch.get_num_threads()} threads" if device == "cpu" else device


def create(spec: ModelSpec, context: Context) -> HfModel:
    """Load the weights and return the model.

    Raises:
        HarnessError: see :func:`imhi.plugins.models.hf.loading.load`.
    """
    arguments = HfArguments(**spec.arguments)
    loaded = load(spec.target, arguments)
    for note in loaded.notes:
        context.note(f"{spec.name}: {note}")
    if loaded.own_words:
        context.note(f"{spec.name}: {tokenizer_note(loaded.own_words)}")
    if loaded.unused_defaults:
        names = ", ".join(f"{k}={v}" for k, v in sorted(loaded.unused_defaults.items()))
        context.note(
            f"{spec.name}: the checkpoint's own decoding defaults ({names}) are not used; the run's "
            "settings decide"
        )
    if arguments.gguf_file:
        context.note(
            f"{spec.name}: its weights were unpacked to {loaded.dtype}, which takes long at every start; "
            f"gguf:{spec.target}/{arguments.gguf_file} asks the file as it is"
        )
    return HfModel(loaded, spec.name, arguments, context, partial(free_memory, loaded.device))
