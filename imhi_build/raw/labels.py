"""From a cell of a raw file to a label: by the preset's table, never by a guess."""

from __future__ import annotations

from collections.abc import Mapping

# What the formats make of one and the same truth value. Counts only where a column holds nothing
# else: the code 1 of many is not "yes".
_SAME = ({"1", "true", "yes"}, {"0", "false", "no"})


class LabelReader:
    """Reads one ``column``; ``values`` says what each raw label means, None that its rows are left
    out. ``allowed`` are the raw labels it knows, for messages; ``evidence`` is the column of the
    passage that people marked, where there is one."""

    def __init__(
        self, column: str, values: Mapping[str, str | None], evidence: str | None = None
    ) -> None:
        self.column, self.evidence = column, evidence
        self.allowed = ", ".join(map(repr, values))
        table = {raw_key(raw): label for raw, label in values.items()}
        if {raw for raw, label in table.items() if label is not None} <= set().union(*_SAME):
            for raw, label in list(table.items()):
                for same in _SAME:
                    if raw in same:
                        table.update({other: label for other in same if other not in table})
        self._table = table

    def knows(self, raw: str) -> bool:
        """Say whether the preset names a raw label."""
        return raw_key(raw) in self._table

    def read(self, raw: str) -> str | None:
        """Return the label; None where the preset leaves such rows out.

        Raises:
            KeyError: the preset does not know the raw label.
        """
        return self._table[raw_key(raw)]


def raw_key(raw: str) -> str:
    """Return a raw label without what does not change it: case, spaces, a point and zeros."""
    text = " ".join(raw.split()).casefold()
    whole, _, rest = text.partition(".")
    return whole if whole.lstrip("-").isdecimal() and rest.strip("0") == "" else text
