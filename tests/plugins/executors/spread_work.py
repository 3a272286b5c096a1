"""Work for executors under test. Processes import this module, so it imports nothing of the tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imhi.runs import Place


@dataclass
class Squares:
    """Squares numbers, and writes down in ``folder`` which process was asked which. ``poison`` kills
    whoever is asked it; ``at_start`` is killed while it makes ready, as often as that."""

    folder: Path
    poison: int = -1
    at_start: int = 0
    seconds: float = 0.0
    gpus: int = 0

    def begin(self, place: Place) -> None:
        file = self.folder / "started"
        with file.open("a") as stream:
            stream.write(f"{place.number}/{place.workers} {os.getpid()}\n")
        if len(file.read_text().splitlines()) <= self.at_start:
            os.kill(os.getpid(), signal.SIGKILL)

    def key(self, thing: int | tuple[int, int | str]) -> int:
        return thing if isinstance(thing, int) else thing[0]

    def failed(self, item: int, why: str) -> tuple[int, str]:
        return item, why

    def __call__(self, items: Sequence[int]) -> Iterator[tuple[int, int]]:
        for item in items:
            with (self.folder / "asked").open("a") as stream:
                stream.write(f"{item} {os.getpid()}\n")
            if item == self.poison:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(self.seconds)
            yield item, item * item

    def asked(self) -> list[int]:
        """Every number that some process was asked, as often as it was."""
        lines = (self.folder / "asked").read_text().splitlines()
        return [int(line.split()[0]) for line in lines]

    def processes(self) -> list[int]:
        """The processes that have begun, in that order."""
        lines = (self.folder / "started").read_text().splitlines()
        return [int(line.split()[1]) for line in lines]


@dataclass
class Stuck(Squares):
    """The same, but whoever is asked ``item`` first says so and stays there, until it is killed."""

    item: int = 0

    def __call__(self, items: Sequence[int]) -> Iterator[tuple[int, int]]:
        for item in items:
            if item == self.item and not (self.folder / "stuck").exists():
                (self.folder / "stuck").write_text(str(os.getpid()))
                time.sleep(300)
            yield from super().__call__([item])

    def kill_it(self) -> None:
        """Wait until a process is stuck, and kill it."""
        file = self.folder / "stuck"
        while not file.exists() or not file.read_text():
            time.sleep(0.02)
        os.kill(int(file.read_text()), signal.SIGKILL)
