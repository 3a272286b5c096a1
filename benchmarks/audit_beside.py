"""``imhi audit`` beside an earlier commit's: processor time, memory, and whether findings are the same.

Both audit the same source, in turn. Findings count as lost where the earlier commit has one (dataset,
split, kind, sentence) that this one has not. Run from the project's root::

    git worktree add --detach ../earlier d3fd539
    python benchmarks/audit_beside.py ../earlier [--source official:../shared/imhi] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from beside import Installed, Measured

RAW = ("irf=../shared/raw/Irf", "multiwd=../shared/raw/MultiWD")


def findings(folder: Path) -> set[tuple[str, ...]]:
    """Return the findings that an audit has left."""
    found = json.loads((folder / "audit.json").read_text(encoding="utf-8"))["findings"]
    return {tuple(one[name] for name in ("dataset", "split", "kind", "text")) for one in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("earlier", type=Path, help="a checkout of the earlier commit")
    parser.add_argument("--source", default="official:../shared/imhi")
    parser.add_argument("--raw", action="append", help="PRESET=FOLDER; repeatable")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    raw = [word for given in asked.raw or RAW for word in ("--raw", given)]
    taken: dict[str, list[Measured]] = {"earlier": [], "now": []}
    with tempfile.TemporaryDirectory() as place:
        versions = {
            "earlier": Installed.checkout(asked.earlier, Path(place, "earlier")),
            "now": Installed.ours(),
        }
        for run in range(asked.runs + 1):
            for name, version in versions.items():
                to = str(Path(place, f"audit-{name}"))
                used = version.measure(["audit", asked.source, *raw, "--to", to, "--all"])
                if run:  # the first one compiles what it imports
                    taken[name].append(used)
        left = {name: findings(Path(place, f"audit-{name}")) for name in versions}
    print(f"{'':10}{'processor s':>13}{'memory MB':>11}{'findings':>10}")
    for name, several in taken.items():
        middle = Measured.middle(several)
        print(f"{name:10}{middle.cpu:>13.1f}{middle.memory:>11.0f}{len(left[name]):>10}")
    for what in ("cpu", "memory"):
        pairs = zip(taken["now"], taken["earlier"], strict=True)
        ratio = statistics.median(getattr(ours, what) / getattr(base, what) for ours, base in pairs)
        print(f"{what}: {ratio:.2f} of the earlier commit's")
    lost, new = left["earlier"] - left["now"], left["now"] - left["earlier"]
    print(f"findings lost: {len(lost)}; new: {len(new)}")
    for mark, some in (("-", lost), ("+", new)):
        for finding in sorted(some):
            print(f"  {mark} {': '.join(finding)}")


if __name__ == "__main__":
    main()
