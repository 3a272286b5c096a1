"""What a board's workflows install: a wheel beside the board, or a repository at a commit.

Never a name on an index: whoever registers it there would run code in the board's repository.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

from imhi import HarnessError

FOLDER = "package"
_PINNED = re.compile(
    r"git\+https://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._-]+)+@[0-9a-f]{40}(?:[0-9a-f]{24})?"
)
_EXPECTED = (
    "expected a wheel file, or git+https://HOST/OWNER/REPOSITORY@COMMIT with the whole commit "
    "(40 hex digits)"
)


@dataclass(frozen=True)
class Package:
    """What is installed: ``git``, an address at a commit, or ``wheel``, a file's name, its content
    and its SHA-256. With neither, the one wheel that is put into ``package/`` later."""

    git: str = ""
    wheel: str = ""
    content: bytes = b""
    sha256: str = ""


def read_package(given: str | None) -> Package:
    """Return what ``--package`` names.

    Raises:
        HarnessError: a git address without the whole commit, no file, or not a wheel of the harness.
    """
    if given is None:
        return Package()
    if given.startswith("git+"):
        if not _PINNED.fullmatch(given):
            raise HarnessError(f"--package {given}: {_EXPECTED}; a branch or tag can be moved")
        return Package(git=given)
    path = Path(given)
    if not path.is_file() or path.suffix != ".whl":
        raise HarnessError(f"--package {given}: found no wheel file, {_EXPECTED}")
    if not re.fullmatch(r"[A-Za-z0-9._+-]+", path.name) or _distribution(path) != "imhi-harness":
        raise HarnessError(
            f"--package {given}: found a wheel of something else, expected one of imhi-harness; make "
            "it in a checkout: python -m build --wheel"
        )
    content = path.read_bytes()
    return Package("", path.name, content, hashlib.sha256(content).hexdigest())


def _distribution(wheel: Path) -> str:
    """Return the name in the wheel's metadata, or nothing where it cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            inside = [
                n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n)
            ]
            return str(message_from_bytes(archive.read(inside[0]))["Name"]) if inside else ""
    except (zipfile.BadZipFile, OSError):
        return ""
