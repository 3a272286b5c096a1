"""What the servers of Anthropic's and of Gemini's batches have in common: what becomes of batches and
of their requests, whatever it looks like on the wire.

A batch is executed, and **charged**, the moment it is made; how long it then pretends to work is counted
in looks at it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.misbehaving_server import MisbehavingServer

Kind = Literal[
    "answer",
    "long",
    "filtered",
    "blocked",
    "invalid",
    "busy",
    "broken",
    "garbled",
    "silent",
    "empty",
]


@dataclass(frozen=True)
class Fate:
    """What becomes of one request. ``invalid`` is to blame itself and ``busy`` and ``broken`` are the
    server's fault (``said`` is their message); what is ``filtered`` was answered and held back,
    ``blocked`` its prompt already; ``garbled`` and ``silent`` are charged and cannot be read, or are
    not there."""

    kind: Kind = "answer"
    text: str = ""
    thought: str = ""
    said: str = ""
    usage: bool = True

    @property
    def charged(self) -> bool:
        return self.kind not in ("invalid", "busy", "broken")


@dataclass(frozen=True)
class Line:
    """A request of a batch: its id there, its prompt, and all that was sent."""

    id: str
    prompt: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Ending:
    """What becomes of a batch. ``run``: how many of its requests are executed (None: all). ``looks`` it
    is in progress for. ``error``: why it failed, as a code of google.rpc.Status, and None for a reason
    that is not told."""

    status: Literal["completed", "expired", "cancelled", "failed"] = "completed"
    run: int | None = None
    looks: int = 0
    error: int | None = None


@dataclass
class Made:
    """A batch; ``results`` are the lines of its answers."""

    id: str
    name: str
    lines: Sequence[Line]
    ending: Ending
    results: Sequence[bytes] = ()
    looks: int = 0

    @property
    def done(self) -> bool:
        return self.looks > self.ending.looks


class ProviderBatches(MisbehavingServer):
    """``answers`` says what becomes of each request; ``endings`` what becomes of the batches, in turn.
    ``made`` are the batches in order, ``charged`` counts by prompt."""

    path = ""

    def __init__(
        self, answers: Callable[[Line], Fate] = lambda line: Fate(), endings: Iterable[Ending] = ()
    ) -> None:
        super().__init__()
        self.answers = answers
        self.endings = deque(endings)
        self.charged: Counter[str] = Counter()
        self.made: dict[str, Made] = {}
        self.unlisted = 0
        """How many lists come before a new batch is in them."""

    @property
    def url(self) -> str:
        """What base_url= is to be: the address of the interface in OpenAI's form."""
        return self.host + self.path

    @property
    def sizes(self) -> list[int]:
        return [len(made.lines) for made in self.made.values()]

    def execute(self, id: str, name: str, lines: Sequence[Line]) -> Made:
        """Make a batch, answer it and charge for it."""
        ending = self.endings.popleft() if self.endings else Ending()
        run = len(lines) if ending.run is None else ending.run
        if ending.status == "failed":
            run = 0
        results: list[bytes] = []
        for number, line in enumerate(lines):
            if number < run:
                fate = self.fate(line)
                self.charged[line.prompt] += fate.charged
                written = self.written(line, fate)
            else:
                written = self.not_run(line, ending)
            results += [written] if written else []
        # Results come in any order.
        made = Made(id, name, lines, ending, results[::-1])
        self.made[id] = made
        return made

    def fate(self, line: Line) -> Fate:
        """Return what becomes of a request that is executed."""
        return self.answers(line)

    def written(self, line: Line, fate: Fate) -> bytes:
        """Return the line of the results; nothing for none."""
        raise NotImplementedError

    def not_run(self, line: Line, ending: Ending) -> bytes:
        """Return the line for a request that was not executed; nothing for none."""
        raise NotImplementedError
