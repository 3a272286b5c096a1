"""Energy that was measured: the record, and the file of a folder that survives being killed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imhi._core.errors import DataError
from imhi._core.run_store.jsonl import AppendLog, read_rows

FILE = "energy.jsonl"


@dataclasses.dataclass(frozen=True)
class Energy:
    """What computing took, as a meter measured or estimated it.

    ``kwh`` is the sum of ``kwh_by_part`` (``cpu gpu ram``; a part that was not looked at is not there),
    ``grams_co2eq`` what the electricity of the place stands for, ``seconds`` how long was measured. The
    rest says how, each a text: ``meters`` (name and version), ``places`` (ISO 3166 codes), ``covers``
    (which processes), ``methods`` (where each part's figure is from). A sum holds those of all its parts.
    """

    kwh: float
    grams_co2eq: float
    seconds: float
    kwh_by_part: Mapping[str, float]
    meters: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Energy:
        """Read it; what another version has written besides is passed over.

        Raises:
            TypeError: a field is missing.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        known: dict[str, Any] = {name: value[name] for name in names if name in value}
        lists = {name: tuple(one) for name, one in known.items() if isinstance(one, list)}
        return cls(**{**known, **lists})

    @staticmethod
    def total(parts: Iterable[Energy]) -> Energy | None:
        """Return the sum; None of nothing."""
        found = list(parts)
        if not found:
            return None
        by_part: dict[str, float] = {}
        for one in found:
            for part, kwh in one.kwh_by_part.items():
                by_part[part] = by_part.get(part, 0.0) + kwh

        def said(name: str) -> tuple[str, ...]:
            return tuple(dict.fromkeys(text for one in found for text in getattr(one, name)))

        return Energy(
            kwh=sum(one.kwh for one in found),
            grams_co2eq=sum(one.grams_co2eq for one in found),
            seconds=sum(one.seconds for one in found),
            kwh_by_part=by_part,
            meters=said("meters"),
            places=said("places"),
            covers=said("covers"),
            methods=said("methods"),
        )


def write_reading(log: AppendLog, session: str, energy: Energy) -> None:
    """Write down what a session has come to so far; its last line counts."""
    log.append({"session": session, **energy.to_json()})
    log.sync()


def energy_of(folder: Path) -> Energy | None:
    """Return the energy of all sessions that left something in a folder, None where none did.

    Raises:
        DataError: the file is damaged.
    """
    sessions: dict[str, Energy] = {}
    for _, row in read_rows(folder / FILE):
        try:
            sessions[str(row["session"])] = Energy.from_json(row)
        except (KeyError, TypeError):
            raise DataError(
                f"{folder / FILE}: found a line that is no reading of energy; remove that line"
            ) from None
    return Energy.total(sessions.values())
