"""What a check is: a declaration, its settings, and the work it does.

A *row check* looks at one row at a time; its ``find(rows, settings)`` yields findings and can be
sent to other processes. A *corpus check* needs all rows at once; its ``find(corpus, settings)``
gets a :class:`Corpus`. Both are given as ``"module:attribute"`` and loaded when they are run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from imhi import Dataset
from imhi.build.records import BuiltRow

Action = Literal["quarantine", "report", "off"]


class CheckSettings(BaseModel):
    """What every check can be told. ``action``: ``quarantine`` keeps a row with a finding out of
    what is written, ``report`` only counts and lists it, ``off`` does not look."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    action: Action = "quarantine"


class Corpus(Protocol):
    """All rows of a build, streamed, and the means to work on them."""

    datasets: Sequence[str]
    seed: int
    details: dict[str, Any]  # what the report says besides the findings, as JSON values

    def dataset(self, name: str) -> Dataset:
        """Return the declaration of a dataset: labels, questions."""

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows of a dataset in order, all splits."""

    def spread(
        self, work: Callable[[Sequence[BuiltRow]], Iterator[Any]], rows: Iterable[BuiltRow]
    ) -> Iterator[Any]:
        """Yield what ``work(chunk)`` yields for chunks of the rows, through the chosen executor, in
        any order. ``work`` must be picklable and each result must say which row it is of."""


@dataclass(frozen=True)
class Check:
    """A check by name. ``settings`` is the class of its settings, defaults included."""

    name: str
    summary: str
    find: str
    kind: Literal["row", "corpus", "model"]
    settings: type[CheckSettings] = CheckSettings
