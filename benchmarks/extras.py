"""What each extra brings: distributions and their size on disk, as they are installed here.

    python benchmarks/extras.py [--json FILE]

Counts what an extra needs beyond the light core, following the requirements of every distribution
whose markers hold for this Python. An extra of which something is not installed is named as such.
Sizes are of the files of a distribution; torch is counted as the build that is installed (builds with
CUDA take some gigabytes).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = "imhi-harness"
NOT_FOR_USERS = {"dev"}


def needed(name: str, extras: Iterable[str] = ()) -> set[str]:
    """Return the distributions that one needs, itself included, by canonical name.

    Raises:
        PackageNotFoundError: one of them is not installed.
    """
    seen: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(name), extra) for extra in ("", *extras)]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        waiting += [more for more in _required(*one) if more not in seen]
    return {found for found, _ in seen}


def _required(name: str, extra: str) -> Iterator[tuple[str, str]]:
    for line in metadata.distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is None:
            wanted = extra == ""
        else:
            wanted = requirement.marker.evaluate({"extra": extra})
            # What it needs without an extra belongs to the distribution, not to each of its extras.
            wanted = wanted and (extra == "" or not requirement.marker.evaluate({"extra": ""}))
        if wanted:
            for more in ("", *requirement.extras):
                yield canonicalize_name(requirement.name), more


def size(name: str) -> int:
    """Return the bytes that a distribution takes, without what Python compiled of it."""
    files = [file for file in metadata.distribution(name).files or () if file.suffix != ".pyc"]
    places = (Path(str(file.locate())) for file in files)
    return sum(place.stat().st_size for place in places if place.is_file())


def measured() -> list[dict[str, object]]:
    """Return name, distributions and megabytes of the core and of every extra."""
    core = needed(OURS)
    rows: list[dict[str, object]] = [_row("", core)]
    for extra in sorted(metadata.metadata(OURS).get_all("Provides-Extra") or ()):
        if extra in NOT_FOR_USERS:
            continue
        try:
            rows.append(_row(extra, needed(OURS, [extra]) - core))
        except metadata.PackageNotFoundError as missing:
            rows.append({"extra": extra, "missing": str(missing.name)})
    return rows


def _row(extra: str, names: set[str]) -> dict[str, object]:
    sizes = {name: size(name) for name in names if name != OURS}
    largest = sorted(sizes, key=lambda name: sizes[name], reverse=True)[:3]
    return {
        "extra": extra,
        "distributions": len(sizes),
        "megabytes": round(sum(sizes.values()) / 1e6),
        "largest": {name: round(sizes[name] / 1e6) for name in largest},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    given = parser.parse_args()
    rows = measured()
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    for row in rows:
        if "missing" in row:
            print(f"[{row['extra']}]: {row['missing']} is not installed here")
        else:
            name = f"[{row['extra']}]" if row["extra"] else "core"
            print(f"{name}: {row['distributions']} distributions, {row['megabytes']} MB "
                  f"({row['largest']})")  # fmt: skip


if __name__ == "__main__":
    main()
