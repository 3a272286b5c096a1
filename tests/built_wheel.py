"""Wheels and source distributions of this project, built and installed without the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = {
    "harness": "imhi",
    "plugins": "imhi/plugins",
    "tasks": "imhi/tasks",
    "imhi_build": "imhi/build",
    "finetune": "imhi/finetune",
}
# What work leaves behind, as .gitignore has it, and git's own.
_LEFT = {".git", ".venv", "build", "dist", "runs", "data", ".DS_Store"}
_CACHES = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


def files_of_the_project() -> Iterator[Path]:
    """Yield the files that belong to the project: a checkout, or an unpacked source distribution."""
    for folder, below, names in os.walk(ROOT):
        at_the_top = Path(folder) == ROOT
        below[:] = [
            name
            for name in below
            if name not in _CACHES
            and not name.endswith(".egg-info")
            and not (at_the_top and name in _LEFT)
        ]
        for name in names:
            made = at_the_top and name in {"PKG-INFO", "setup.cfg"}
            if not made and name not in _LEFT and not name.endswith((".pyc", ".pyo")):
                yield Path(folder, name)


def copy_of_the_project(to: Path) -> Path:
    """Copy the project into a new folder: building leaves files behind."""
    for file in files_of_the_project():
        place = to / file.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    return to


def build(project: Path, to: Path, *what: str) -> None:
    """Build a source distribution and a wheel of it, or what is asked (``--wheel``)."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", to, *what, project],
        check=True, capture_output=True,
    )  # fmt: skip


def lending_environment(folder: Path) -> tuple[Path, Path]:
    """Make an environment without pip; return its Python and its site-packages.

    What the harness needs is lent from the environment of the tests. A plain line in a .pth file
    adds a folder to the path and leaves its own .pth files alone, so editable installs are not
    found.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    lent = [place for place in sys.path if place.endswith(("site-packages", "dist-packages"))]
    (Path(packages) / "lent.pth").write_text("\n".join(lent) + "\n")
    return python, Path(packages)
