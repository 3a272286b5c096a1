"""A row of a file of answers, as all forms have it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Remark = Callable[[str], None]
"""Takes a sentence about a file that whoever reads the scores should know."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row: its number from 0, how messages name it, and its values by the names of the file.

    Values are texts in CSV and Excel, anything that JSON holds elsewhere.
    """

    number: int
    where: str
    values: Mapping[str, Any]


PACKED = ".gz"
