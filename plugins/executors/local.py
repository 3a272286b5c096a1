"""The executor ``local``: in this process, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from harness.context import Context
from harness.declarations import Executor
from harness.hookspecs import hookimpl


def create(context: Context) -> Callable[..., Iterator[Any]]:
    def run(work: Callable[[Sequence[Any]], Iterator[Any]], items: Sequence[Any]) -> Iterator[Any]:
        return work(items)

    return run


@hookimpl
def imhi_executors() -> Iterator[Executor]:
    yield Executor("local", "In this process", create)
