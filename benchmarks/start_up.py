"""What it takes to start a command: processor time, as multiples of starting Python with typer alone.

    python benchmarks/start_up.py [--times 7] [--json FILE]

The least of several starts each, in turn, with everything compiled before.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = {"imhi --help": ["--help"], "imhi tasks": ["tasks"], "imhi runs": ["runs"]}


def seconds(words: list[str]) -> float:
    """Return the processor time of one process of this Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=7, help="starts of each")
    parser.add_argument("--json", type=Path, help="write the ratios to this file")
    given = parser.parse_args()
    ways = {"typer": ["-c", "import typer"]}
    ways |= {name: ["-m", "imhi", *words] for name, words in COMMANDS.items()}
    least = dict.fromkeys(ways, float("inf"))
    for _ in range(given.times + 1):
        for name, words in ways.items():
            least[name] = min(least[name], seconds(words))
    ratios = {name: least[name] / least["typer"] for name in COMMANDS}
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f} times the start of Python with typer")
    if given.json:
        given.json.write_text(json.dumps(ratios, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
