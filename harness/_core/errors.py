"""What goes wrong, in words a user can act on.

Every error a user can cause is one line: what was found, where, what was expected, what to do.
The command line prints it without a traceback and leaves with :attr:`HarnessError.exit_code`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class HarnessError(Exception):
    """A problem the user can solve; its text is the whole message."""

    exit_code = 2

    def add_note_to_line(self, note: str) -> None:
        """Say more, in the same line."""
        self.args = (f"{self}; {note}", *self.args[1:])


class DataError(HarnessError):
    """A file or row that does not have the form it should have."""


class UnknownName(HarnessError):
    """A name that nothing registered answers to.

    >>> str(UnknownName("dataset", "dredit", ["DR", "dreaddit"]))
    "unknown dataset 'dredit': did you mean 'dreaddit'? (known: DR, dreaddit)"
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        names = sorted(known, key=str.lower)
        lowered = {candidate.lower(): candidate for candidate in names}
        close = difflib.get_close_matches(name.lower(), lowered, n=1)
        guess = f": did you mean '{lowered[close[0]]}'?" if close else ""
        listing = f"(known: {', '.join(names) or 'none'})"
        super().__init__(f"unknown {kind} '{name}'{guess} {listing}{hint and '; ' + hint}")
        self.kind = kind
        self.name = name
        self._made_of = (kind, name, names, hint)

    def add_note_to_line(self, note: str) -> None:
        """Say more, in the same line."""
        kind, name, names, hint = self._made_of
        UnknownName.__init__(self, kind, name, names, f"{hint}; {note}" if hint else note)

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, str, list[str], str]]:
        # Errors come back from other processes.
        return type(self), self._made_of


class RunIncomplete(HarnessError):
    """The run stopped in good order with work left; running it again goes on from there."""

    exit_code = 1


@contextmanager
def faults_of(owner: str, what: str = "failed") -> Iterator[None]:
    """Say of whatever a plugin's code raises whose it is; what it says itself in one line stays, and
    so does what a disk has to say.

    Args:
        owner: ``metric depth (plugin 'mine')``.
        what: happened to it.

    Raises:
        HarnessError: instead of any other exception of the block.
    """
    try:
        yield
    except (HarnessError, OSError):
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        raise HarnessError(
            f"{owner} {what}: {type(error).__name__}: {text}; this is a fault of the plugin: run again "
            "with --debug to see where, and report it"
        ) from error
