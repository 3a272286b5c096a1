"""Why a submission is refused before its contents are looked at."""

from __future__ import annotations

from imhi import DataError
from imhi.io import sanitizing

MADE_BY_SUBMIT = "pack it anew with: imhi submit RUN"


class Unacceptable(DataError):
    """A file that is not a submission, or not a sound one. ``check`` names what it failed:
    ``archive``, ``files`` or ``contents``."""

    def __init__(self, check: str, text: str) -> None:
        super().__init__(text)
        self.check = check

    def __reduce__(self) -> tuple[type[Unacceptable], tuple[str, str]]:
        return type(self), (self.check, str(self))


def shown(text: object, most: int = 60) -> str:
    """Return what a stranger wrote, fit to stand in a message."""
    line = sanitizing.one_line(str(text))
    return line if len(line) <= most else f"{line[:most]}..."
