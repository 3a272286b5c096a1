"""The directions of BARTScore: which text is read (source), which is found likely (target)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Text = Literal["hypothesis", "reference", "post"]


@dataclass(frozen=True)
class Direction:
    """``measure`` is the name of its scores."""

    source: Text
    target: Text
    measure: str

    @property
    def name(self) -> str:
        """Return how it is written: ``source->target``."""
        return f"{self.source}->{self.target}"


# The first two are the paper's recall and precision (section 3.2); the first is what IMHI reports.
RECALL = Direction("hypothesis", "reference", "bartscore")
PRECISION = Direction("reference", "hypothesis", "bartscore_precision")
FAITHFULNESS = Direction("post", "hypothesis", "bartscore_faithfulness")
DIRECTIONS = (RECALL, PRECISION, FAITHFULNESS)
# The mean of the first two (the paper's F).
BOTH = "bartscore_f"


def parse_directions(text: str) -> tuple[str, ...]:
    """Return the names of directions, in their own order, from names joined by ``;`` or ``all``.

    Raises:
        ValueError: a name that is none of them.
    """
    known = tuple(direction.name for direction in DIRECTIONS)
    asked = known if text == "all" else tuple(name.strip() for name in text.split(";"))
    if not set(asked) <= set(known):
        raise ValueError(f"expected all, or some of {';'.join(known)}")
    return tuple(name for name in known if name in asked)
