"""How long comparing and reporting take: 10 models, 10 datasets, 19,353 rows.

Makes the runs (simulated, see ``simulated_runs.py``; minutes the first time, kept in a folder), then
times ``imhi compare`` and ``imhi report`` as processes, and the 10,000 bootstrap resamples of weighted
F1 for all runs alone, beside scoring every resample with scikit-learn (timed on a few). Run from the
project's root::

    OMP_NUM_THREADS=2 python benchmarks/comparison_speed.py [--models 10] [--runs FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.metrics import f1_score  # noqa: E402

from imhi._core.comparing.run_set import RunSet  # noqa: E402
from imhi._core.plugin_manager import load_plugins  # noqa: E402
from imhi._core.run_store import RunFolder, list_runs  # noqa: E402
from imhi._core.run_store.columns import Columns  # noqa: E402
from imhi._core.statistics import Measure  # noqa: E402
from imhi._core.statistics.paired import Paired  # noqa: E402
from imhi.plugins.metrics.labels import confusion_statistics, weighted_f1  # noqa: E402

PLUGIN = ROOT / "benchmarks" / "simulated_runs.py"
RESAMPLES = 10_000
PLAIN = 3


def imhi(*words: str) -> float:
    """Run a command; return how long it took, in seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "imhi", *words, "--plugin", str(PLUGIN)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def make_runs(folder: Path, models: int) -> list[RunFolder]:
    for number in range(len(list_runs(folder)), models):
        skill = 0.5 + 0.03 * number
        model = f"simulated:m{number},skill={skill:.2f}"
        imhi(
            "run",
            "--source",
            "simulated",
            "--model",
            model,
            "--metric",
            "labels",
            "-o",
            str(folder),
        )
        print(f"made {model}", file=sys.stderr)
    return list_runs(folder)[:models]


def measure(columns: Columns, labels: tuple[str, ...]) -> Measure:
    cells = confusion_statistics(columns.examples, columns.predictions, labels)
    return Measure("weighted_f1", cells, lambda sums: weighted_f1(sums, len(labels)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--runs", type=Path, default=Path(tempfile.gettempdir()) / "imhi-simulated")
    options = parser.parse_args()
    runs = make_runs(options.runs, options.models)
    registry = load_plugins([PLUGIN]).registry

    ours = plain = 0.0
    rows = 0
    for name in runs[0].datasets():
        labels = registry.datasets.get(name).label_names
        columns = RunSet.open(runs, labeler="hybrid").aligned(name).columns
        rows += len(columns[0].examples)
        data = Paired.of([measure(one, labels) for one in columns], columns[0].clusters)
        started = time.perf_counter()
        data.resampled(RESAMPLES, 0, name)
        ours += time.perf_counter() - started
        gold = np.array([labels.index(example.label) for example in columns[0].examples])
        started = time.perf_counter()
        for one in columns:
            said = np.array(
                [labels.index(p.label) if p.label else len(labels) for p in one.predictions]
            )
            for seed in range(PLAIN):
                drawn = np.random.default_rng(seed).integers(0, len(gold), len(gold))
                f1_score(gold[drawn], said[drawn], average="weighted", zero_division=0)
        plain += (time.perf_counter() - started) * RESAMPLES / PLAIN
    print(f"{len(runs)} runs, {len(runs[0].datasets())} datasets, {rows:,} rows")
    print(f"{RESAMPLES:,} resamples of weighted F1, all runs: {ours:.1f} s")
    print(
        f"the same by scoring every resample with scikit-learn: {plain:,.0f} s, {plain / ours:,.0f} x"
    )
    names = [str(run.path) for run in runs]
    print(f"imhi compare: {imhi('compare', *names):.1f} s")
    page = options.runs / "report.html"
    seconds = imhi("report", *names, "--to", str(page))
    print(f"imhi report: {seconds:.1f} s, {page.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
