"""What a check is given: its settings, and the rows with the means to work on them.

Checks are declared as :class:`imhi.BuildCheck`. A *row check* looks at one row at a time; its
``find(rows, settings)`` yields findings and can be sent to other processes. A *corpus check* needs
all rows at once; its ``find(corpus, settings)`` gets a :class:`Corpus`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from imhi import Dataset
from imhi.build.records import BuiltRow, Finding

if TYPE_CHECKING:
    from pydantic import JsonValue

Action = Literal["quarantine", "report", "off"]
FindInRows = Callable[[Sequence[BuiltRow], Any], Iterable[Finding]]
T = TypeVar("T")


class CheckSettings(BaseModel):
    """What every check can be told. ``action``: ``quarantine`` keeps a row with a finding out of
    what is written, ``report`` only counts and lists it, ``off`` does not look."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    action: Action = "quarantine"


class Corpus(Protocol):
    """All rows of a build, streamed, and the means to work on them."""

    datasets: Sequence[str]
    seed: int
    details: dict[str, JsonValue]  # what the report says besides the findings
    looked_at: dict[str, int]  # rows by dataset, of a check that does not look at all of them
    skipped: str  # why the check did not look at all, if it did not
    cache: dict[object, Any]  # what checks computed of these rows, for each other

    def dataset(self, name: str) -> Dataset:
        """Return the declaration of a dataset: labels, questions."""

    def rows(self, dataset: str) -> Iterator[BuiltRow]:
        """Yield the rows of a dataset in order, all splits."""

    def spread(
        self, work: Callable[[Sequence[BuiltRow]], Iterator[T]], rows: Iterable[BuiltRow]
    ) -> Iterator[T]:
        """Yield what ``work(chunk)`` yields for chunks of the rows, through the chosen executor, in
        any order. ``work`` must be picklable and each result must say which row it is of."""
