"""How long a leaderboard's site takes: 500 entries of 19,351 rows each, then one more, then no change.

Entries are invented (``tests/plugins/leaderboard/entries.py``). Prints wall and processor time, the
files written, and whether the site built step by step is the one built at once. Run from the
project's root::

    python benchmarks/leaderboard_site.py [--entries 500]
"""

from __future__ import annotations

import argparse
import filecmp
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi.plugins.leaderboard.site.building import build_site  # noqa: E402
from tests.plugins.leaderboard.entries import a_board, an_entry  # noqa: E402

ANSWERS = 103_000  # bytes of hashes of answers to 19,351 rows, in base64


def add(board: Path, number: int) -> None:
    skill = 0.3 + 0.6 * (number * 37 % 500) / 500
    an_entry(board, f"Model {number}", skill, number=number, full_size=True, answer_bytes=ANSWERS)


def equal(one: Path, other: Path) -> bool:
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    others = sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file())
    names = [str(path) for path in files]
    return files == others and filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--entries", type=int, default=500)
    options = parser.parse_args()
    registry = load_plugins().registry
    with tempfile.TemporaryDirectory() as folder:
        board = a_board(Path(folder) / "board")
        for number in range(options.entries):
            add(board, number)

        def build(what: str, to: str = "site") -> float:
            wall, processor = time.perf_counter(), time.process_time()
            built = build_site(board, board / to, registry)
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            print(
                f"{what:18} {wall:6.1f} s ({processor:.1f} s of processor), "
                f"{len(built.written):,} of {built.files:,} files written"
            )
            return wall

        whole = build(f"{options.entries} entries")
        add(board, options.entries)
        more = build("one more entry")
        build("no change")
        build("from scratch", "again")
        print(f"one more entry takes {more / whole:.2f} of a whole build")
        print(
            f"step by step and at once: {'equal' if equal(board / 'site', board / 'again') else 'DIFFERENT'}"
        )
        size = sum(path.stat().st_size for path in (board / "site").rglob("*") if path.is_file())
        print(f"the site has {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
