"""A model whose weights are in memory already: a training that is measured on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imhi.checkpoints import Checkpoint, kind_of, plain_generation, window_of
from imhi.plugins.models.hf.arguments import HfArguments
from imhi.plugins.models.hf.loading import Loaded
from imhi.plugins.models.hf.model import HfModel

if TYPE_CHECKING:
    from imhi import Context


def wrap(
    model: Any, tokenizer: Any, name: str, arguments: Mapping[str, Any], context: Context
) -> HfModel:
    """Return the model as one that can be asked; ``arguments`` are those of ``hf:``, as written
    out by :func:`imhi.ModelSpec.parse`. Closing it gives the model back as it was: training or not,
    with its own decoding defaults and its cache setting."""
    given = HfArguments(**arguments)
    kind = kind_of(model.config, name)
    was_training = model.training
    generation = getattr(model, "generation_config", None)
    cached = getattr(model.config, "use_cache", None)

    def restore() -> None:
        model.train(was_training)
        if generation is not None:
            model.generation_config = generation
        if cached is not None:
            model.config.use_cache = cached

    window, window_from = window_of(model, model.config, tokenizer, given.max_length, kind)
    unused = {} if kind == "classifier" else plain_generation(model, tokenizer)
    if kind != "classifier":
        model.config.use_cache = True
    model.eval()
    dtype = str(next(model.parameters()).dtype).removeprefix("torch.")
    loaded = Loaded(
        kind,
        model,
        tokenizer,
        str(model.device),
        dtype,
        window,
        window_from,
        Checkpoint(name),
        None,
        unused,
    )
    return HfModel(loaded, name, given, context, restore)
