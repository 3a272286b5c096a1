"""Do the tests and intervals of ``imhi compare`` keep their promises? Simulated, where the truth is known.

For each setting, many comparisons of two simulated models on simulated posts, by weighted F1:

* *alike*: both models have the same chances of every answer: how often are they called different?
* *equal F1*: they differ (one says yes too often, the other no), and their true F1 does not;
* *six questions*: alike, with six questions about each post and errors that come together;
* *5 points*: a true difference of 5 points: how often is it found, and how often by theory (normal
  approximation with the delta method on the true chances);
* in all: how often the 95% intervals of the value and of the difference hold the true one.

Run from the project's root; 1,000 comparisons of 400 rows take a minute for each setting::

    python benchmarks/comparison_errors.py [--comparisons 1000] [--resamples 2000] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from scipy.stats import norm  # noqa: E402

from imhi._core.comparing.intervals import Intervals  # noqa: E402
from imhi._core.statistics import Array, Measure  # noqa: E402
from imhi._core.statistics.paired import Paired  # noqa: E402
from imhi._core.statistics.significance import mcnemar_p, permutation_p  # noqa: E402
from imhi.plugins.metrics.labels import weighted_f1  # noqa: E402

CLASSES = 2
ROWS = 400


@dataclass(frozen=True)
class Setting:
    """``gold`` is the share of class 1; ``rates[model][gold class]`` the chance of answering 1.
    ``shared`` is the chance that an answer is the same for both models and, with several
    ``questions``, for all rows of a post: errors come together, as those of real models do."""

    name: str
    rates: tuple[tuple[float, float], tuple[float, float]]
    gold: float = 0.5
    questions: int = 1
    shared: float = 0.5


def equal_f1_rates() -> tuple[tuple[float, float], tuple[float, float]]:
    """Two different models of one true F1: mirror images on balanced classes."""
    return ((0.25, 0.9), (0.1, 0.75))


def five_points() -> tuple[tuple[float, float], tuple[float, float]]:
    """Balanced errors: F1 is the share of right answers, 75 and 70."""
    return ((0.25, 0.75), (0.30, 0.70))


SETTINGS = (
    Setting("alike", ((0.2, 0.75), (0.2, 0.75))),
    Setting("alike, 10% in one class", ((0.1, 0.5), (0.1, 0.5)), gold=0.1),
    Setting("equal F1", equal_f1_rates()),
    Setting("six questions", ((0.2, 0.75), (0.2, 0.75)), questions=6),
    Setting("5 points", five_points()),
)


def draw(setting: Setting, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return gold classes, shape (rows,), and both models' answers, shape (2, rows)."""
    posts = ROWS // setting.questions
    rows = posts * setting.questions
    gold = (generator.random(rows) < setting.gold).astype(int)
    # One number says how hard a post is for everybody; each model has its own besides.
    post_luck = np.repeat(generator.random(posts), setting.questions)
    row_luck = generator.random(rows)
    answers = []
    for model in range(2):
        own = generator.random(rows)
        common = generator.random(rows) < setting.shared
        luck = np.where(common, post_luck if setting.questions > 1 else row_luck, own)
        rate = np.asarray(setting.rates[model])[gold]
        # High luck is a right answer for either class.
        answers.append(np.where(gold == 1, luck > 1 - rate, luck < rate).astype(int))
    return gold, np.array(answers)


def measure(gold: np.ndarray, answers: np.ndarray) -> Measure:
    cells = np.zeros((len(gold), CLASSES * (CLASSES + 1)))
    cells[np.arange(len(gold)), gold * (CLASSES + 1) + answers] = 1
    return Measure("weighted_f1", cells, lambda sums: weighted_f1(sums, CLASSES))


def truth(setting: Setting, model: int) -> float:
    """Return a model's true weighted F1, from its chances."""
    return float(weighted_f1(_chances(setting, model), CLASSES))


def _chances(setting: Setting, model: int) -> Array:
    cells = np.zeros(CLASSES * (CLASSES + 1))
    for gold, share in ((0, 1 - setting.gold), (1, setting.gold)):
        rate = setting.rates[model][gold]
        cells[gold * 3 + 1], cells[gold * 3] = share * rate, share * (1 - rate)
    return cells


def theory(setting: Setting) -> float:
    """Return the power of a two-sided test of the difference at 5%: normal approximation, variance
    by the delta method from a million drawn rows."""
    generator = np.random.default_rng(99)
    pieces = [draw(setting, generator) for _ in range(1_000_000 // ROWS)]
    gold = np.concatenate([piece[0] for piece in pieces])
    answers = np.concatenate([piece[1] for piece in pieces], axis=1)
    influence = np.zeros(len(gold))
    for sign, model in ((1, 0), (-1, 1)):
        cells = measure(gold, answers[model]).statistics
        at = cells.mean(axis=0)
        slopes = _slopes(lambda c: float(weighted_f1(c, CLASSES)), at)
        influence += sign * (cells - at) @ slopes
    posts = influence.reshape(-1, setting.questions).sum(axis=1)
    error = math.sqrt(posts.var() / (ROWS // setting.questions)) / setting.questions
    shift = (truth(setting, 0) - truth(setting, 1)) / error
    edge = norm.ppf(0.975)
    return float(norm.cdf(shift - edge) + norm.cdf(-shift - edge))


def _slopes(value: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    moved = np.eye(len(at)) * step
    return np.array([(value(at + move) - value(at - move)) / (2 * step) for move in moved])


@dataclass(frozen=True)
class Outcome:
    """Shares of all comparisons: called different (permutation test, McNemar), intervals that hold
    the true value and the true difference."""

    different: float
    mcnemar: float
    value_held: float
    difference_held: float


def simulate(setting: Setting, comparisons: int, resamples: int, seed: int = 0) -> Outcome:
    generator = np.random.default_rng(seed)
    true = [truth(setting, model) for model in range(2)]
    found = np.zeros((comparisons, 4))
    for index in range(comparisons):
        gold, answers = draw(setting, generator)
        posts = [str(row // setting.questions) for row in range(len(gold))]
        measures = [measure(gold, one) for one in answers]
        data, bounds = Paired.of(measures, posts), Intervals.of(measures, posts)
        values = data.values()
        swapped = data.permuted(resamples, index, "simulated")[0]
        right = answers == gold
        only = [int((right[a] & ~right[1 - a]).sum()) for a in range(2)]
        one, both = bounds.values[0], bounds.differences[0]
        found[index] = (
            permutation_p(values[0] - values[1], swapped) < 0.05,
            mcnemar_p(*only) < 0.05,
            one.low <= true[0] <= one.high,
            both.low <= true[0] - true[1] <= both.high,
        )
    return Outcome(*(float(share) for share in found.mean(axis=0)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--comparisons", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=2000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the shares there too")
    options = parser.parse_args()
    figures = []
    print(
        f"{options.comparisons} comparisons of {ROWS} rows, {options.resamples} permutations; percent"
    )
    print(f"{'':26}{'different':>10}{'theory':>8}{'McNemar':>9}{'value in':>10}{'diff. in':>10}")
    for setting in SETTINGS:
        found = simulate(setting, options.comparisons, options.resamples)
        expected = theory(setting) if abs(truth(setting, 0) - truth(setting, 1)) > 1e-9 else 0.05
        shares = (found.different, expected, found.mcnemar, found.value_held, found.difference_held)
        widths = (10, 8, 9, 10, 10)
        cells = [f"{100 * x:{w}.1f}" for x, w in zip(shares, widths, strict=True)]
        print(f"{setting.name:26}" + "".join(cells), flush=True)
        figures.append({"setting": setting.name, "theory": expected, **asdict(found)})
    if options.json:
        settings = {"comparisons": options.comparisons, "rows": ROWS}
        options.json.write_text(
            json.dumps({**settings, "settings": figures}, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
