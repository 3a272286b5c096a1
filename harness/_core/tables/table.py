"""A table before it is drawn: title, columns, rows of cells, notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Frame = Literal["", "narrow", "ruled", "close"]


@dataclass(frozen=True)
class Cell:
    """A text with an emphasis (``bold``, ``italic``, ``red``); ``low`` and ``high`` are the bounds of
    a value, ``after`` is what follows them, both without emphasis. ``figure``: it is of numbers and
    holds nothing that a stranger wrote."""

    text: str
    style: str = ""
    low: str = ""
    high: str = ""
    after: str = ""
    figure: bool = False

    @property
    def rest(self) -> str:
        """What follows the text: bounds and ``after``."""
        bounds = f" [{self.low}, {self.high}]" if self.low else ""
        return bounds + self.after

    def __str__(self) -> str:
        return self.text + self.rest


@dataclass(frozen=True)
class Column:
    """A column. Texts stand left and are folded where room is short, unless they are ``whole``;
    numbers stand right and are never folded."""

    head: str
    number: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells (texts, numbers or :class:`Cell`), each with one for every column.

    ``notes`` stand below the table, ``legend`` between title and table. ``rules`` are the numbers
    of rows, from 0, above which a line is drawn where the form has lines, with what it says of the
    rows below. A terminal has lines where there is a ``frame``: ``ruled`` has a line
    below the heads, ``close`` the same with narrow gaps, ``narrow`` has
    no lines and narrow gaps.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    notes: Sequence[str] = ()
    legend: Sequence[str] = ()
    rules: Mapping[int, str] = field(default_factory=dict)
    frame: Frame = ""

    @classmethod
    def of(
        cls,
        title: str,
        rows: Iterable[Mapping[str, object]],
        left: int = 1,
        *,
        notes: Sequence[str] = (),
    ) -> Table:
        """Return the table of rows that name their cells by the head of the column, at least one row.
        The first ``left`` columns are texts, the others numbers."""
        listed = list(rows)
        heads = list(listed[0]) if listed else []
        columns = [*Table.texts(*heads[:left]), *Table.numbers(*heads[left:])]
        return cls(title, columns, [[row[head] for head in heads] for row in listed], notes)

    @staticmethod
    def texts(*heads: str) -> list[Column]:
        """Return columns of texts."""
        return [Column(head) for head in heads]

    @staticmethod
    def whole_texts(*heads: str) -> list[Column]:
        """Return columns of texts that are never folded."""
        return [Column(head, whole=True) for head in heads]

    @staticmethod
    def numbers(*heads: str) -> list[Column]:
        """Return columns of numbers."""
        return [Column(head, number=True) for head in heads]

    @property
    def heads(self) -> list[str]:
        """What stands above the columns."""
        return [column.head for column in self.columns]


def bold(cells: Iterable[object]) -> list[Cell]:
    """Return the cells of a row that sums others up."""
    return [Cell(str(cell), "bold") for cell in cells]
