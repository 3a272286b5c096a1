"""A trainer that measures itself by the harness: the mixin every trainer here has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Measured:
    """Adds to each evaluation what ``measure`` returns, as ``eval_NAME``; early stopping and the
    choice of the best checkpoint see it like the loss. It goes before a
    :class:`transformers.Trainer` among the bases of a class.

    ``evaluation_loop`` is where :meth:`transformers.Trainer.evaluate` gets its values from, before
    it logs them and tells its callbacks.
    """

    measure: Callable[[Any], dict[str, float]] | None = None

    def evaluation_loop(self, *arguments: Any, **more: Any) -> Any:
        trainer: Any = super()
        output = trainer.evaluation_loop(*arguments, **more)
        if self.measure is not None:
            prefix = more.get("metric_key_prefix", "eval")
            whole: Any = self
            found = self.measure(whole.accelerator.unwrap_model(whole.model))
            output.metrics.update({f"{prefix}_{name}": value for name, value in found.items()})
        return output

    def create_model_card(self, *arguments: Any, **more: Any) -> None:
        """Write none into checkpoints: the finished model has one of its own."""
