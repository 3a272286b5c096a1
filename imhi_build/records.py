"""What is said about the rows of a build (:class:`imhi.BuiltRow`), each a JSON object."""

from __future__ import annotations

import dataclasses

from imhi import BuiltRow as BuiltRow, Finding as Finding


@dataclasses.dataclass(frozen=True, slots=True)
class Removal:
    """A raw row that was left out. ``reason`` is one of a few words (``empty post``, ``duplicate``,
    ``unmapped label`` ...), ``detail`` the whole sentence."""

    dataset: str
    file: str
    row: int
    reason: str
    detail: str = ""
    aspect: str = ""
