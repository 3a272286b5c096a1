"""Makes the stored figures of the pages again: runs the command of each source and keeps what it measured.

    python docs/figures/make.py --data FOLDER [SOURCE ...]

FOLDER holds imhi/ (the published files), raw/ and model_outputs/. What is recorded in sources.yaml and
not made is named. `make docs` then writes the figures into the pages.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import importlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

STORED = HERE / "stored"
# What a source may need, and where it lies for its command.
PLACES = {"imhi": "data/imhi", "raw": "data/raw", "outputs": "model_outputs"}
_IN_DATA = {need: Path(place).name for need, place in PLACES.items()}


def sources() -> dict[str, dict[str, Any]]:
    """Return what sources.yaml says, by the name of the stored file."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "sources.yaml").read_text())
    return found


def make(name: str, source: Mapping[str, Any], data: Path) -> None:
    """Run the command of a source and store its figures.

    Raises:
        SystemExit: what it needs is not there; the command failed.
    """
    needs: Sequence[str] = source.get("needs", ())
    for need in needs:
        if not (data / _IN_DATA[need]).is_dir():
            sys.exit(f"{name}: found no {data / _IN_DATA[need]}, expected it: give --data FOLDER")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for need in needs:
            place = folder / PLACES[need]
            place.parent.mkdir(exist_ok=True)
            place.symlink_to((data / _IN_DATA[need]).resolve())
        (folder / "benchmarks").symlink_to(ROOT / "benchmarks")
        _run(name, source["command"], folder)
        figures = _figures(source["figures"], folder)
    text = json.dumps(
        {
            "command": source["command"],
            "commit": _commit(),
            "measured": datetime.date.today().isoformat(),
            "data": {need: _checksum(data / _IN_DATA[need]) for need in needs},
            "figures": figures,
        },
        indent=1,
    )
    STORED.mkdir(exist_ok=True)
    (STORED / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def _run(name: str, command: str, folder: Path) -> None:
    own = folder / "bin"
    own.mkdir()
    for program, words in (("imhi", ["-m", "imhi"]), ("python", [])):
        written = shlex.join([sys.executable, *words])
        (own / program).write_text(f'#!/bin/sh\nexec {written} "$@"\n')
        (own / program).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{own}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "200",
    }
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment)
    if done.returncode:
        sys.exit(f"{name}: {command} ended with {done.returncode}")


def _figures(reader: str, folder: Path) -> Any:
    if ":" not in reader:
        return json.loads((folder / reader).read_text(encoding="utf-8"))
    module, _, function = reader.partition(":")
    return getattr(importlib.import_module(f"docs.figures.{module}"), function)(folder)


def _checksum(folder: Path) -> str:
    """Return a SHA-256 over the paths and contents of all files of a folder."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{content}  {path.relative_to(folder).as_posix()}\n".encode())
    return whole.hexdigest()


def _commit() -> str:
    def git(*words: str) -> str:
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", ":/", ":(exclude)docs", ":(exclude)*.md")
    return git("rev-parse", "--short=12", "HEAD") + ("+changes" if changed else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data"), help="default: data")
    parser.add_argument("sources", nargs="*", metavar="SOURCE", help="default: all that are made")
    given = parser.parse_args()
    known = sources()
    if unknown := [name for name in given.sources if name not in known]:
        parser.error(f"found {unknown[0]}, expected one of: {', '.join(known)}")
    for name in given.sources or known:
        if "recorded" in known[name]:
            print(f"{name}: recorded ({known[name]['recorded']})")
            continue
        make(name, known[name], given.data)
        print(f"{name}: made", flush=True)


if __name__ == "__main__":
    main()
