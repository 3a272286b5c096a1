"""The measures made of marks: means over judges, what could not be read, agreement."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imhi.plugins.metrics.judge.marks import Marks
from imhi.plugins.metrics.judge.rubric import OVERALL
from imhi.runs import judging

if TYPE_CHECKING:
    from imhi import Array, Measure

_SCALE = (0.0, 3.0)  # of marks


def marks_table(
    read: Sequence[Sequence[Mapping[str, Marks]]],
    asked: Sequence[judging.JudgePrompt | None],
    names: Sequence[str],
) -> Array:
    """Return marks of shape (judges, repeats, n, criteria), NaN where there is none."""
    import numpy as np

    repeats = max((len(of_judge) for of_judge in read), default=0)
    table = np.full((len(read), repeats, len(asked), len(names)), np.nan)
    for judge, of_judge in enumerate(read):
        for repeat, by_prompt in enumerate(of_judge):
            for index, one in enumerate(asked):
                marks = by_prompt.get(one.prompt) if one is not None else None
                for column, name in enumerate(names):
                    if marks is not None and name in marks.values:
                        table[judge, repeat, index, column] = marks.values[name]
    return table


def measures_of(
    table: Array,
    empty: Sequence[int],
    skipped: Sequence[int],
    judges: Sequence[judging.Judge],
    names: Sequence[str],
    details: Mapping[str, Any],
) -> list[Measure]:
    """Make the measures.

    Args:
        table: marks of shape (judges, repeats, n, criteria), NaN for none.
        empty: examples whose explanation is empty: 0 on every criterion.
        skipped: examples that do not count at all.
        names: of the criteria.
        details: kept with ``judge_overall``.
    """
    import numpy as np

    from imhi import Measure

    overall = names.index(OVERALL)
    # A judge counts the same however often it was read; so does each of its repeats.
    by_judge = _mean(table, axis=1)
    by_judge[:, list(empty), :] = 0.0
    values = _mean(by_judge, axis=0)
    agreement = {"agreement": _agreement(table, judges, names)}
    measures = [
        Measure.mean(
            f"judge_{name}",
            values[:, column].tolist(),
            decimals=2,
            higher_is_better=True,
            scale=_SCALE,
            **({**details, **agreement} if name == OVERALL else {"see": f"judge_{OVERALL}"}),
        )
        for column, name in enumerate(names)
    ]
    unread = np.where(np.isnan(values[:, overall]), 100.0, 0.0)
    unread[list(skipped)] = np.nan
    measures.append(Measure.mean("judge_unread", unread.tolist(), higher_is_better=False))
    if len(judges) > 1:
        measures += [
            Measure.mean(
                f"judge_{OVERALL}[{judge.short}]",
                by_judge[index, :, overall].tolist(),
                headline=False,
                decimals=2,
                higher_is_better=True,
                scale=_SCALE,
                judge=judge.name,
            )
            for index, judge in enumerate(judges)
        ]
    return measures + _agreement_measures(table[..., overall], judges)


def _mean(values: Array, axis: int) -> Array:
    """Return the mean of what is not NaN; NaN where there is nothing."""
    import numpy as np

    known = ~np.isnan(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=axis) / known.sum(axis=axis))


def _agreement(
    table: Array, judges: Sequence[judging.Judge], names: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Return, for each criterion of a table of shape (judges, repeats, n, criteria), kappa of each
    pair of judges, alpha of all (by the library) and each judge's kappa with itself."""
    from imhi.plugins.metrics.judge.agreement import library_alpha, pair_tables, self_tables
    from imhi.runs import statistics

    by_criterion: dict[str, dict[str, object]] = {}
    for column, name in enumerate(names):
        marks = table[..., column]
        of: dict[str, object] = {}
        if len(judges) > 1:
            of["alpha"] = library_alpha(marks)
            of["kappa"] = {
                f"{judges[a].short}|{judges[b].short}": _number(
                    statistics.agreement.weighted_kappa(pair_tables(marks[a], marks[b]).sum(axis=0))
                )
                for a, b in itertools.combinations(range(len(judges)), 2)
            }
        if marks.shape[1] > 1:
            of["self_kappa"] = {
                judge.short: _number(
                    statistics.agreement.weighted_kappa(self_tables(marks[index]).sum(axis=0))
                )
                for index, judge in enumerate(judges)
            }
        if of:
            by_criterion[name] = of
    return by_criterion


def _number(value: Any) -> float | None:
    number = float(value)
    return None if number != number else round(number, 6)


def _agreement_measures(marks: Array, judges: Sequence[judging.Judge]) -> list[Measure]:
    """Make measures of how far judges agree on ``overall``; marks (judges, repeats, n). Examples
    that were not asked about have no part in them."""
    from imhi import Measure
    from imhi.plugins.metrics.judge.agreement import coincidences, pair_tables, self_tables
    from imhi.runs import statistics

    def measure(name: str, statistics: Array, value_of: Any, headline: bool, **of: Any) -> Measure:
        # An example alone cannot agree: there is no column of values.
        return Measure(name, statistics, value_of, None, of, headline, 2, True, scale=(-1.0, 1.0))

    measures = []
    if len(judges) > 1:
        measures.append(
            measure(
                "judge_alpha",
                coincidences(marks),
                statistics.agreement.alpha_of_sums,
                True,
                level="ordinal",
            )
        )
        measures += [
            measure(
                f"judge_kappa[{judges[a].short}|{judges[b].short}]",
                pair_tables(marks[a], marks[b]),
                statistics.agreement.weighted_kappa,
                False,
                weights="quadratic",
                judges=[judges[a].name, judges[b].name],
            )
            for a, b in itertools.combinations(range(len(judges)), 2)
        ]
    if marks.shape[1] > 1:
        measures += [
            measure(
                f"judge_self_kappa[{judge.short}]",
                self_tables(marks[index]),
                statistics.agreement.weighted_kappa,
                False,
                weights="quadratic",
                judge=judge.name,
            )
            for index, judge in enumerate(judges)
        ]
    return measures
