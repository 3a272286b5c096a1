"""The SHA-256 and size of the files of the published repository, as far as they are known.

``official_checksums.json`` was computed from the files of the pinned commit. Files it does not
list cannot be checked: ``imhi data fetch`` counts and names them.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
from collections.abc import Mapping
from dataclasses import dataclass

REPOSITORY = "https://github.com/SteveKGYang/MentalLLaMA"
COMMIT = "42cd29d"


@dataclass(frozen=True, slots=True)
class Checksum:
    """SHA-256 (hex) and size in bytes of a file."""

    sha256: str
    size: int


@functools.cache
def official_checksums() -> Mapping[str, Checksum]:
    """Return the checksums by path within the repository (with ``/``)."""
    text = (importlib.resources.files(__package__) / "official_checksums.json").read_text("utf-8")
    return {path: Checksum(**entry) for path, entry in json.loads(text)["files"].items()}
