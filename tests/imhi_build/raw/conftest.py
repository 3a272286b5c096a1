"""The raw datasets as their authors distribute them, where they lie beside the project."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def raw_data() -> Path:
    """The folder with the authors' files of IRF and MultiWD."""
    folder = ROOT.parent / "shared" / "raw"
    for name in ("Irf", "MultiWD"):
        if not (folder / name).is_dir():
            pytest.skip(f"the raw data are not here: no folder ../shared/raw/{name}")
    return folder
