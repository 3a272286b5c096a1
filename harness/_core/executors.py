"""Executor names: ``NAME``, or ``NAME:ARGUMENT``; what the argument means is the executor's to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from imhi._core.arguments import parse_reference
from imhi._core.context import Context
from imhi._core.declarations import resolve
from imhi._core.extensions import Executor
from imhi._core.registry import Registry

RunOn = Callable[[Any, Any], Iterator[Any]]


@dataclass(frozen=True)
class ExecutorSpec:
    """An executor as asked for."""

    executor: Executor
    argument: str = ""

    @classmethod
    def parse(cls, text: str, registry: Registry) -> ExecutorSpec:
        """Read the name of an executor.

        Raises:
            UnknownName: there is none of that name.
        """
        asked = parse_reference(text, pairs=False)
        return cls(registry.executors.get(asked.name), asked.value or "")

    def start(self, context: Context) -> RunOn:
        """Return the function ``(work, items) -> iterator of results``."""
        run_on: RunOn = resolve(self.executor.create)(context, self.argument)
        return run_on
