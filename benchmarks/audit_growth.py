"""How ``imhi audit`` grows: seconds and memory at 10,000 and at 100,000 rows.

Files in the official layout are made of a source's rows, repeated and edited (two words in five are
exchanged for words of other posts, so that copies are no near-duplicates), and audited in a process
of its own. Run from the project's root, with the official checkout beside the project::

    python benchmarks/audit_growth.py [--source official:../shared/imhi] [--rows 10000 100000]
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imhi._core.answer_format import compose  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.sources import open_source  # noqa: E402

SHARES = {"train": 0.75, "val": 0.1, "test": 0.15}
PLACES = {
    "train": "train_data/instruction_data/{}/train.csv",
    "val": "train_data/instruction_data/{}/val.csv",
    "test": "test_data/test_instruction/{}.csv",
}
EDITED = 0.4


def write(folder: Path, source: str, total: int) -> int:
    """Write about ``total`` rows; return how many."""
    registry = load_plugins().registry
    _, opened = open_source(source, registry)
    names = [name for name in opened.datasets() if "test" in opened.splits(name)]
    draw = random.Random(0)
    written = 0
    for name in names:
        dataset = registry.datasets.get(name)
        rows = [e for s in SHARES if s in opened.splits(name) for e in opened.examples(name, s)]
        words = [word for row in rows[:2000] for word in row.post.split()]
        for split, share in SHARES.items():
            path = folder / PLACES[split].format(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", newline="") as stream:
                table = csv.writer(stream)
                table.writerow(["query", "gpt-3.5-turbo"])
                for n in range(round(total * share / len(names))):
                    row = rows[n % len(rows)]
                    post = " ".join(
                        draw.choice(words) if draw.random() < EDITED else word
                        for word in row.post.split()
                    )
                    query = f'Consider this post: "{post}" Question: {row.question}'
                    table.writerow([query, compose(dataset, row.label, row.explanation)])
                    written += 1
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default="official:../shared/imhi")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    asked = parser.parse_args()
    print(f"{'rows':>9}{'seconds':>9}{'processor s':>13}{'rows/s':>8}{'memory MB':>11}", flush=True)
    for total in sorted(asked.rows):  # the memory of processes that ended is the largest one's
        with tempfile.TemporaryDirectory() as place:
            rows = write(Path(place) / "data", asked.source, total)
            started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(
                [
                    *(sys.executable, "-m", "imhi", "audit", f"official:{place}/data"),
                    *("--to", f"{place}/audit"),
                ],
                check=True,
                cwd=place,
                env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "160"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            seconds = time.perf_counter() - started
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            busy = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
            memory = used.ru_maxrss / 1024
            print(
                f"{rows:>9,}{seconds:>9.1f}{busy:>13.1f}{rows / seconds:>8.0f}{memory:>11.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
