"""The executor ``local``: in this process, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from imhi import Context, Executor, HarnessError, hookimpl


def create(context: Context, argument: str) -> Callable[..., Iterator[Any]]:
    """Make the executor; raise HarnessError where it is given an argument."""
    if argument:
        raise HarnessError(f"executor local:{argument}: local takes no argument, write local")

    def run(work: Callable[[Sequence[Any]], Iterator[Any]], items: Sequence[Any]) -> Iterator[Any]:
        return work(items)

    return run


@hookimpl
def imhi_executors() -> Iterator[Executor]:
    yield Executor("local", "In this process", create)
