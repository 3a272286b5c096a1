"""Meters of energy by name (``NAME:VALUE,key=value``), and one at work around something."""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from imhi._core.arguments import parse_chosen, parse_reference
from imhi._core.declarations import resolve
from imhi._core.extensions import EnergyMeter
from imhi._core.registry import Registry
from imhi._core.run_store.energy import FILE, Energy, write_reading
from imhi._core.run_store.jsonl import AppendLog

FLUSH_SECONDS = 30.0
"""How much of a killed process may be missing from what was measured."""

T = TypeVar("T")


class OpenMeter(Protocol):
    """What an :class:`imhi.EnergyMeter` makes."""

    def read(self) -> Energy:
        """Return what was measured since it was made."""

    def close(self) -> None:
        """Measure no more."""


@dataclasses.dataclass(frozen=True)
class MeterSpec:
    """A meter as asked for."""

    meter: EnergyMeter
    value: str
    arguments: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str, registry: Registry) -> MeterSpec | None:
        """Read the name of a meter; None of an empty one: nothing is measured.

        Raises:
            HarnessError: there is none of that name, or its value is missing or not one.
        """
        if not text:
            return None
        meter = registry.energy_meters.get(parse_reference(text).name)
        value, arguments = parse_chosen(
            "energy", text, "energy meter", meter.value, meter.arguments, meter.summary
        )
        return cls(meter, value, arguments)

    def start(self, folder: Path, note: Callable[[str], None], where: str = "") -> Metering:
        """Begin to measure for what lies in a folder; ``where`` says which processes are at work.

        Raises:
            HarnessError: the meter cannot be made.
        """
        opened: OpenMeter = resolve(self.meter.create)(self.value, **self.arguments)
        return Metering(opened, folder, note, where)


class Metering:
    """A meter at work. What it measures is written into the folder's ``energy.jsonl`` from time to time,
    so that a killed process loses half a minute of it. A meter that fails is a note, and no more."""

    def __init__(
        self, meter: OpenMeter, folder: Path, note: Callable[[str], None], where: str
    ) -> None:
        self._meter = meter
        self._log = AppendLog(folder / FILE)
        self._session = uuid.uuid4().hex
        self._note, self._where = note, where
        self._read = time.monotonic()
        self._failed = self._stopped = False

    def over(self, things: Iterator[T]) -> Iterator[T]:
        """Hand things on as they come; look at the clock with each."""
        try:
            for thing in things:
                yield thing
                self.tick()
        finally:
            close = getattr(things, "close", None)
            if close is not None:
                close()

    def tick(self) -> None:
        """Write down what was measured so far, if that is long ago."""
        if time.monotonic() - self._read >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write down what was measured so far."""
        self._read = time.monotonic()
        if self._failed:
            return
        try:
            energy = self._meter.read()
        except Exception as error:
            self._failed = True
            told = " ".join(str(error).split())
            self._note(
                f"energy: the meter failed ({type(error).__name__}: {told}); what it had measured before "
                "counts"
            )
            return
        covers = tuple(f"{one}, {self._where}" if self._where else one for one in energy.covers)
        write_reading(self._log, self._session, dataclasses.replace(energy, covers=covers))

    def stop(self) -> None:
        """Measure to here, and no more; safe to be called again."""
        if self._stopped:
            return
        self._stopped = True
        self.flush()
        self._log.close()
        try:
            self._meter.close()
        except Exception as error:
            self._note(f"energy: the meter could not be closed ({type(error).__name__})")
