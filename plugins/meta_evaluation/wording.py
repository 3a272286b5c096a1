"""What stands under the tables, in words: how to read them, and what may not be read into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from imhi.plugins.meta_evaluation.correlations import SYMBOLS
from imhi.plugins.meta_evaluation.figures import Panel
from imhi.plugins.meta_evaluation.metric_values import BASELINE, Column
from imhi.plugins.meta_evaluation.result import MetaEvaluation

_SHOWN_PAIRS = 3

WHY_NOT_POOLED = (
    "Pooled figures mislead: they mix differences between answers with differences between "
    "systems. The row 'system alone' is what a metric would reach that knew only which system "
    "wrote an answer and nothing about the answer. Judge metrics by the tables of single systems."
)


def remarks(panel: Panel, columns: Sequence[Column], coefficient: str) -> list[str]:
    """Return the sentences that belong to one panel."""
    found = []
    none = no_ceiling(panel)
    if none:
        found.append(
            f"No ceiling: annotators do not agree on {_and(none)} (the interval of alpha is not "
            "above 0). No metric can be judged by these marks here: what correlates may follow one "
            "annotator's habits."
        )
    shown = {column.name for column in columns}
    gaps = Counter(
        (figure.why, mark if "marks" in figure.why else metric)
        for (metric, mark, name), figure in panel.correlations.items()
        if name == coefficient and figure.value is None and metric in shown
    )
    for mark, agreement in panel.agreement.items():
        for who, figure in (
            ("annotators", agreement.leave_one_out[coefficient]),
            ("alpha", agreement.alpha),
        ):
            if figure.value is None:
                gaps[figure.why, f"{who}, {mark}"] += 1
    for (why, what), count in gaps.items():
        found.append(f"'-' ({count}x): {what}: {why}, so there is no correlation.")
    found += _beaten(panel, coefficient)
    if panel.pooled:
        found.append(WHY_NOT_POOLED)
    return found


def no_ceiling(panel: Panel) -> list[str]:
    """Return the marks on which annotators do not demonstrably agree."""
    return [mark for mark, agreement in panel.agreement.items() if agreement.no_ceiling]


def _beaten(panel: Panel, coefficient: str) -> list[str]:
    """Say which metrics beat which, those over the baseline first; only for marks that annotators
    agree on: on the others there is nothing to be better at."""
    none = no_ceiling(panel)
    tests = [
        pair
        for pair in panel.comparisons
        if pair.coefficient == coefficient and pair.mark not in none
    ]
    if not tests:
        return []
    won = sorted(
        (pair for pair in tests if pair.better),
        key=lambda pair: (pair.worse != BASELINE, pair.p_holm or 0.0, pair.better),
    )
    tested = sum(pair.p is not None for pair in tests)
    test = "Williams' test" if coefficient == "pearson" else "paired bootstrap"
    but = f" on {_and([mark for mark in panel.agreement if mark not in none])}" if none else ""
    method = f"{test}, Holm-corrected within a mark, p < 0.05"
    if not won:
        return [f"No metric beats another{but} ({tested} pairs; {method})."]
    listed = [f"{pair.better} > {pair.worse} ({pair.mark})" for pair in won[:_SHOWN_PAIRS]]
    more = f" and {len(won) - _SHOWN_PAIRS} more in meta.json" if len(won) > _SHOWN_PAIRS else ""
    text = f"{len(won)} of {tested} pairs differ{but} ({method}): {'; '.join(listed)}{more}."
    over = any(pair.worse == BASELINE for pair in won)
    return [text if over else f"{text} None beats {BASELINE}."]


def legend(result: MetaEvaluation, coefficient: str) -> list[str]:
    """Return the sentences that hold for all tables."""
    symbol = SYMBOLS[coefficient]
    found = [
        f"{symbol} with the annotators' mean mark, 95% interval by bootstrap over posts "
        f"({result.settings['resamples']} resamples). annotators: each one with the mean of the "
        "others; alpha: Krippendorff's, ordinal."
    ]
    lower = [column.name for column in result.shown() if column.higher_is_better is False]
    if lower:
        found.append(
            f"Lower is better for {_and(lower)}: there a good metric correlates negatively; in "
            "comparisons the sign is turned."
        )
    return found


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
