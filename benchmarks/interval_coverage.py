"""How often do 95% intervals hold the true value? Simulated, where the truth is known.

Answers of a model whose chances are known are drawn again and again; each time the product's own
function makes the interval. Accuracy and weighted F1 (2, 4 and 9 labels, balanced and skewed) of .5,
.8, .9, .95 and .97, with one and with six questions about each post; of six, *alike* is the chance
that an answer falls as luck has it for the whole post: its square is the correlation of two answers'
errors. Six questions are looked at in two ways: n posts, and n rows about n / 6 posts.

Besides: means over five datasets, differences of two models on the same rows, means of scores that
are no counts, and with ``--others`` what other methods reach on the same draws.

Run from the project's root; 1,000 experiments take about ten minutes::

    python benchmarks/interval_coverage.py [--experiments 1000] [--rows 30 35 100 400] [--others] [--json F]
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from scipy.stats import norm  # noqa: E402

from imhi._core.comparing.intervals import Intervals  # noqa: E402
from imhi._core.statistics import (  # noqa: E402
    Array,
    Interval,
    Measure,
    cluster_sums,
    interval_of,
    mean_interval,
)
from imhi.plugins.metrics.labels import accuracy, weighted_f1  # noqa: E402

VALUES = (0.5, 0.8, 0.9, 0.95, 0.97)
LABELS = tuple(itertools.product((2, 4, 9), (False, True)))
VALUE_OF = {"accuracy": accuracy, "weighted_f1": weighted_f1}
FEW = 100  # rows up to which all experiments are made; half of them above


@dataclass(frozen=True)
class Model:
    """A model whose true value (0 to 1) of a metric is known: it gives every class the right label
    with one chance, and wrong ones by how frequent they are."""

    metric: str
    value: float
    classes: int = 2
    skewed: bool = False

    def shares(self) -> Array:
        """Return how frequent the classes are, shape (classes,)."""
        if not self.skewed:
            return np.full(self.classes, 1 / self.classes)
        shares = np.array([0.8, 0.2]) if self.classes == 2 else 0.6 ** np.arange(self.classes)
        return np.asarray(shares / shares.sum())

    @functools.cache  # noqa: B019  # there are a few dozen models
    def chances(self) -> Array:
        """Return the chance of each answer to each class, shape (classes, classes)."""
        shares = self.shares()
        wrong = np.tile(shares, (self.classes, 1)) * (1 - np.eye(self.classes))
        wrong /= wrong.sum(axis=1, keepdims=True)

        def of(right: float) -> Array:
            return np.asarray(right * np.eye(self.classes) + (1 - right) * wrong)

        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            cells = np.zeros((self.classes, self.classes + 1))
            cells[:, :-1] = of(middle) * shares[:, None]
            reached = VALUE_OF[self.metric](cells.reshape(-1), self.classes)
            low, high = (middle, high) if reached < 100 * self.value else (low, middle)
        return of(low)

    def measure(
        self, gold: np.ndarray, luck: np.ndarray, generator: np.random.Generator
    ) -> Measure:
        """Return the measure of its answers; ``gold`` and ``luck`` have shape (rows,): little luck
        is a right answer."""
        chances = self.chances()
        right = luck < np.diag(chances)[gold]
        others = chances * (1 - np.eye(self.classes))
        edges = (others / others.sum(axis=1, keepdims=True)).cumsum(axis=1)
        wrong = (generator.random(len(gold))[:, None] > edges[gold]).sum(axis=1)
        said = np.where(right, gold, np.minimum(wrong, self.classes - 1))
        cells = np.zeros((len(gold), self.classes * (self.classes + 1)))
        cells[np.arange(len(gold)), gold * (self.classes + 1) + said] = 1.0
        value_of = VALUE_OF[self.metric]
        return Measure(self.metric, cells, lambda sums: value_of(sums, self.classes))


@dataclass(frozen=True)
class Rows:
    """So many posts with so many questions about each; ``alike``: see the module."""

    posts: int
    questions: int = 1
    alike: float = 0.0

    def clusters(self) -> list[str]:
        return [str(row // self.questions) for row in range(self.posts * self.questions)]

    def luck(self, generator: np.random.Generator) -> np.ndarray:
        rows = self.posts * self.questions
        of_post = np.repeat(generator.random(self.posts), self.questions)
        shared = generator.random(rows) < (self.alike if self.questions > 1 else 0.0)
        return np.where(shared, of_post, generator.random(rows))


def held(model: Model, rows: Rows, experiments: int, seed: int = 0) -> float:
    """Return the share of experiments whose interval holds the model's true value."""
    generator = np.random.default_rng(seed)
    clusters, truth = rows.clusters(), 100 * model.value
    count = 0
    for _ in range(experiments):
        gold = generator.choice(model.classes, size=len(clusters), p=model.shares())
        found = interval_of(model.measure(gold, rows.luck(generator), generator), clusters)
        count += _holds(found, truth)
    return count / experiments


def _holds(found: Interval, truth: float) -> bool:
    return bool(found.low <= truth + 1e-9 and truth <= found.high + 1e-9)


def models() -> Iterator[Model]:
    """Yield every model of the grid."""
    for value in VALUES:
        yield Model("accuracy", value)
        for classes, skewed in LABELS:
            yield Model("weighted_f1", value, classes, skewed)


def arrangements(count: int) -> Iterator[tuple[str, Rows]]:
    """Yield how ``count`` rows, and rows about ``count`` posts, may belong together."""
    yield "1 question", Rows(count)
    for alike in (0.0, 0.5, 0.7):
        yield f"6 questions, n posts, alike {alike}", Rows(count, 6, alike)
    for alike in (0.0, 0.5, 0.7):
        yield f"6 questions, n rows, alike {alike}", Rows(count // 6, 6, alike)


def difference_held(
    pair: tuple[Model, Model], rows: Rows, together: float, experiments: int, seed: int = 0
) -> float:
    """Return the share of experiments whose interval holds the true difference of two models, which
    share their luck with a row with the chance ``together``."""
    generator = np.random.default_rng(seed)
    clusters, truth = rows.clusters(), 100 * (pair[0].value - pair[1].value)
    count = 0
    for _ in range(experiments):
        gold = generator.choice(pair[0].classes, size=len(clusters), p=pair[0].shares())
        common = rows.luck(generator)
        measures = []
        for model in pair:
            same = generator.random(len(gold)) < together
            luck = np.where(same, common, rows.luck(generator))
            measures.append(model.measure(gold, luck, generator))
        (found,) = Intervals.of(measures, clusters).differences
        count += _holds(found, truth)
    return count / experiments


PAIRS = ((0.5, 0.5), (0.8, 0.7), (0.9, 0.9), (0.95, 0.9), (0.97, 0.97))


def differences(count: int, experiments: int) -> Iterator[tuple[str, float]]:
    """Yield each difference of the grid with its coverage."""
    for rows in (Rows(count), Rows(count, 6, 0.5)):
        for (one, other), together in itertools.product(PAIRS, (0.3, 0.7, 0.95)):
            for metric, classes, skewed in (("accuracy", 2, False), ("weighted_f1", 4, True)):
                pair = tuple(Model(metric, value, classes, skewed) for value in (one, other))
                name = f"{metric} {one} - {other}, {rows.questions} questions, together {together}"
                yield name, difference_held(pair, rows, together, experiments)  # type: ignore[arg-type]


def mean_held(rows: Rows, experiments: int, seed: int = 0) -> float:
    """Return the share of experiments that hold the true mean over five datasets, one of each value."""
    generator = np.random.default_rng(seed)
    clusters = rows.clusters()
    count = 0
    for _ in range(experiments):
        found = []
        for value in VALUES:
            model = Model("weighted_f1", value, 4, True)
            gold = generator.choice(4, size=len(clusters), p=model.shares())
            measure = model.measure(gold, rows.luck(generator), generator)
            found.append([interval_of(measure, clusters)])
        count += _holds(mean_interval(found), 100 * float(np.mean(VALUES)))
    return count / experiments


# Means that are no counts: how they are drawn, their true mean, their scale.
SCORES: dict[str, tuple[Callable[[np.random.Generator, int], Array], float, bool]] = {
    "middling scores": (lambda g, n: 100 * g.beta(2, 6, n), 25.0, True),
    "scores near 100": (lambda g, n: 100 * g.beta(19, 1, n), 95.0, True),
    "lengths (no scale)": (lambda g, n: g.gamma(4, 10, n), 40.0, False),
}


def score_held(name: str, count: int, experiments: int, seed: int = 0) -> float:
    """Return the share of experiments that hold the true mean of scores."""
    draw, truth, bounded = SCORES[name]
    generator = np.random.default_rng(seed)
    clusters = Rows(count).clusters()
    scale = (0.0, 100.0) if bounded else None
    return float(
        np.mean(
            [
                _holds(
                    interval_of(
                        Measure.mean("score", draw(generator, count).tolist(), scale=scale),
                        clusters,
                    ),
                    truth,
                )
                for _ in range(experiments)
            ]
        )
    )


def percentiles(sums: Array, measure: Measure, generator: np.random.Generator) -> Interval:
    """The percentile bootstrap over posts."""
    drawn = _resampled(sums, measure, generator)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Interval(measure.value(), float(low), float(high))


def bias_corrected(sums: Array, measure: Measure, generator: np.random.Generator) -> Interval:
    """BCa (Efron 1987), with the jackknife's acceleration."""
    drawn, value = _resampled(sums, measure, generator), measure.value()
    if np.ptp(drawn) == 0:
        return Interval(value, value, value)
    below = (drawn < value).mean() + (drawn == value).mean() / 2
    shift = norm.ppf(min(max(below, 1e-4), 1 - 1e-4))
    alone = measure.value_of(sums.sum(axis=0) - sums)
    centred = alone.mean() - alone
    speed = (centred**3).sum() / (6 * (centred**2).sum() ** 1.5) if centred.any() else 0.0
    edges = norm.ppf([0.025, 0.975]) + shift
    low, high = np.quantile(drawn, norm.cdf(shift + edges / (1 - speed * edges)))
    return Interval(value, float(low), float(high))


def smoothed(sums: Array, measure: Measure, generator: np.random.Generator) -> Interval:
    """Posts with Dirichlet weights, and one post's worth of rows over all cells."""
    cells = sums.shape[1]
    more = np.concatenate([sums, np.eye(cells) * sums.sum() / len(sums) / cells])
    weights = generator.dirichlet(np.r_[np.ones(len(sums)), np.ones(cells) / cells * 2], 1000)
    low, high = np.quantile(measure.value_of(weights @ more), [0.025, 0.975])
    return Interval(measure.value(), float(low), float(high))


def _resampled(sums: Array, measure: Measure, generator: np.random.Generator) -> Array:
    posts = len(sums)
    return measure.value_of(generator.multinomial(posts, np.full(posts, 1 / posts), 1000) @ sums)


OTHERS = (percentiles, bias_corrected, smoothed)


def others_held(
    chosen: Sequence[Model], rows: Rows, experiments: int, seed: int = 0
) -> dict[str, list[float]]:
    """Return the coverage of other methods, by name, for each model; ``experiments`` draws."""
    clusters = rows.clusters()
    found: dict[str, list[float]] = {}
    for method in OTHERS:
        for model in chosen:
            generator = np.random.default_rng(seed)
            count = 0
            for _ in range(experiments):
                gold = generator.choice(model.classes, size=len(clusters), p=model.shares())
                measure = model.measure(gold, rows.luck(generator), generator)
                sums = cluster_sums(measure.statistics, clusters)
                count += _holds(method(sums, measure, generator), 100 * model.value)
            found.setdefault(method.__name__, []).append(count / experiments)
    return found


class Lines:
    """The lines printed: each says what was drawn, and the mean and the least coverage, in percent."""

    def __init__(self) -> None:
        self.coverage: dict[str, tuple[float, float]] = {}

    def add(self, name: str, coverages: Sequence[float]) -> None:
        """Print and keep the coverages of several models as one line."""
        mean, least = 100 * float(np.mean(coverages)), 100 * min(coverages)
        self.coverage[name] = mean, least
        print(f"{name:44}{mean:8.1f}{least:8.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="+", default=[30, 35, 100, 400])
    parser.add_argument("--others", action="store_true", help="other methods, on 35 rows")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the lines there too")
    options = parser.parse_args()
    lines = Lines()
    print(f"{'coverage of 95% intervals, percent':44}{'mean':>8}{'least':>8}")
    for count in options.rows:
        times = options.experiments if count <= FEW else options.experiments // 2
        for name, rows in arrangements(count):
            found = {m: held(m, rows, times, seed) for seed, m in enumerate(models())}
            for metric in VALUE_OF:
                of_metric = [share for m, share in found.items() if m.metric == metric]
                lines.add(f"n {count}, {name}, {metric[:8]}", of_metric)
    for count in (35, 100):
        found_pairs = [share for _, share in differences(count, options.experiments)]
        lines.add(f"n {count}, differences of two models", found_pairs)
        means = [
            mean_held(rows, options.experiments) for rows in (Rows(count), Rows(count, 6, 0.5))
        ]
        lines.add(f"n {count}, means over five datasets", means)
    for name in SCORES:
        scores = [score_held(name, count, options.experiments) for count in (30, 35, 100)]
        lines.add(f"n 30, 35, 100, {name}", scores)
    if options.others:
        chosen = [m for m in models() if m.metric == "accuracy" or m.classes == 4]
        for method, coverages in others_held(chosen, Rows(35), options.experiments).items():
            lines.add(f"n 35, 1 question, {method}", coverages)
    if options.json:
        figures = {"experiments": options.experiments, "coverage": lines.coverage}
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
