"""What is known of the files of the published repository: how each must read, byte for byte.

``official_checksums.json`` was computed from the pinned commit, of every file of its data folders,
its licence and its README. Most are known by SHA-256 and size. Six large ones are known by the id
that git has for their content in the tree of that commit, which is a SHA-1. Files that are not
listed cannot be checked: ``imhi data fetch`` and ``imhi data check`` count and name them.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imhi import file_checksum

REPOSITORY = "https://github.com/SteveKGYang/MentalLLaMA"
COMMIT = "42cd29d"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Checksum:
    """SHA-256 (hex) and size in bytes of a file."""

    sha256: str
    size: int

    def difference(self, path: Path) -> str:
        """Return what a file has and what was expected, ``found ..., expected ...``; nothing where it
        is the file that was published."""
        found, size = file_checksum(path), path.stat().st_size
        if found == self.sha256:
            return ""
        return f"found SHA-256 {found} ({size} bytes), expected {self.sha256} ({self.size} bytes)"


@dataclass(frozen=True, slots=True)
class GitBlob:
    """The id that git has for a file's content: SHA-1 (hex) over ``blob SIZE``, a NUL and the bytes."""

    git_blob: str

    def difference(self, path: Path) -> str:
        """Return what a file has and what was expected, as :meth:`Checksum.difference` does."""
        size = path.stat().st_size
        # Not for security: it is what git names the content by.
        digest = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        if digest.hexdigest() == self.git_blob:
            return ""
        return f"found the git blob {digest.hexdigest()} ({size} bytes), expected {self.git_blob}"


@functools.cache
def official_checksums() -> Mapping[str, Checksum | GitBlob]:
    """Return what is known of each file by its path within the repository (with ``/``)."""
    text = (importlib.resources.files(__package__) / "official_checksums.json").read_text("utf-8")
    return {path: _known(entry) for path, entry in json.loads(text)["files"].items()}


def _known(entry: Mapping[str, str | int]) -> Checksum | GitBlob:
    if "git_blob" in entry:
        return GitBlob(str(entry["git_blob"]))
    return Checksum(str(entry["sha256"]), int(entry["size"]))
