"""Claims against what was made again: labels, values, intervals, averages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from imhi import Registry
from imhi.plugins.leaderboard.records.fields import ScoreRecord
from imhi.plugins.leaderboard.records.submission import ClaimedAverage, ClaimedScore, Claims
from imhi.plugins.leaderboard.submission.reading import Submission
from imhi.plugins.leaderboard.submission.refusal import shown
from imhi.plugins.leaderboard.verification.checks import Check, few, of_reasons, warning
from imhi.plugins.leaderboard.verification.matching import Matched
from imhi.plugins.leaderboard.verification.rescoring import (
    GROUPS,
    Remade,
    default_arguments,
    score_record,
)
from imhi.runs import statistics

# Scores are written with six decimals; sums of floats differ a little from machine to machine.
ROUNDING = 2e-6


def prediction_check(matched: Sequence[Matched], remade: Remade) -> Check:
    """Compare each label with the one read here from the same answer."""
    reasons = []
    compared = 0
    for part in matched:
        differing = []
        for prediction in remade.columns[part.dataset].predictions:
            claim = part.predictions.get(prediction.id)
            if claim is None:
                continue  # the check of rows says so
            compared += 1
            if (claim.label, claim.status) != (prediction.label, prediction.status):
                differing.append(
                    f"{prediction.id} is {prediction.label or prediction.status}, not "
                    f"{shown(claim.label or claim.status)}"
                )
        if differing:
            reasons.append(
                f"{part.dataset}: {len(differing):,} labels differ ({few(differing, 2)})"
            )
    good = f"{compared:,} labels were read again from the answers, and are the same"
    return of_reasons("predictions", reasons, good)


def unverified(claims: Claims, registry: Registry) -> dict[str, str]:
    """Return the claimed metrics that cannot be made again here, each with the reason."""
    reasons = {}
    for name, claim in claims.metrics.items():
        if name not in registry.metrics.things:
            reasons[name] = "no such metric here"
        elif registry.metrics.things[name].group not in GROUPS:
            reasons[name] = "needs a model or a judge"
        elif claim.arguments != default_arguments(name, registry):
            reasons[name] = "made with other arguments than by default"
    return reasons


def score_checks(submission: Submission, remade: Remade, registry: Registry) -> list[Check]:
    """Compare every claim that can be made again."""
    claims = submission.claims
    left_out = unverified(claims, registry)
    values: list[str] = []
    bounds: list[str] = []
    averages: list[str] = []
    remade_scores = {
        (row["dataset"], row["made_by"], row["metric"]): score_record(row)
        for row in remade.scores.scores
    }
    remade_averages = {
        (row["over"], row["made_by"], row["metric"]): score_record(row)
        for row in remade.scores.averages
    }
    for rows, made, value_reasons, bound_reasons in (
        (claims.scores, remade_scores, values, bounds),
        (claims.averages, remade_averages, averages, averages),
    ):
        seen = set()
        for row in rows:
            group = row.dataset if isinstance(row, ClaimedScore) else row.over
            key = group, row.made_by, row.metric
            where = f"{shown(group)} {shown(row.metric)}"
            if row.made_by in left_out:
                continue
            if key in seen:
                value_reasons.append(f"{where}: claimed twice")
            elif key not in made:
                value_reasons.append(
                    f"{where}: claimed, but {shown(row.made_by)} gives no such score"
                )
            else:
                if not _near(row.value, made[key].value, ROUNDING):
                    value_reasons.append(
                        f"{where}: claimed {row.value}, made again {made[key].value}"
                    )
                # Others' intervals are not shown: an entry has those that were made here.
                metric = claims.metrics.get(row.made_by)
                if metric is not None and metric.interval == statistics.METHOD:
                    bound_reasons += _differing_bounds(where, row, made[key])
            seen.add(key)
    listed = {row.metric for row in claims.scores}
    if listed != set(submission.about.metrics):
        values.append("the measures that submission.json lists are not those of scores.json")
    if unmade := {row.made_by for row in claims.scores} - set(claims.metrics):
        values.append(f"scores of metrics that are not listed: {few(map(shown, sorted(unmade)))}")
    return [
        of_reasons("scores", values, "the claimed values are those made again here"),
        of_reasons("intervals", bounds, "the claimed intervals are those made again here"),
        of_reasons("averages", averages, "the claimed averages are those made again here"),
        warning(
            "not verified",
            [f"{shown(name)} ({reason})" for name, reason in sorted(left_out.items())],
            "everything that is claimed was made again",
        ),
    ]


def _differing_bounds(
    where: str, claimed: ClaimedScore | ClaimedAverage, made: ScoreRecord
) -> Iterator[str]:
    """Yield what is wrong with an interval."""
    for name, claim, bound in (
        ("lower", claimed.low, made.low),
        ("higher", claimed.high, made.high),
    ):
        if not _near(claim, bound, ROUNDING):
            yield f"{where}: {name} bound of the interval claimed {claim}, made again {bound}"


def _near(one: float | None, other: float | None, allowed: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= allowed


def version_checks(
    submission: Submission, registry: Registry, labeler: Mapping[str, object], same_labels: bool
) -> Check:
    """Compare the versions of what read and scored the answers with those here. An earlier version of
    the labeler is no fault where it read the ``same_labels``."""
    claimed = submission.about.labeler
    reasons = []
    here = str(labeler["version"])
    earlier = claimed.version.isdigit() and here.isdigit() and int(claimed.version) < int(here)
    if claimed.model_dump(exclude_unset=True) != labeler and not (earlier and same_labels):
        reasons.append(
            f"labels were read by {shown(claimed.name)} {shown(claimed.version)}, here it is "
            f"{labeler['name']} {labeler['version']} (another version of the labeler): label and "
            "submit again"
        )
    for name, claim in submission.claims.metrics.items():
        metric = registry.metrics.things.get(name)
        if metric and metric.group in GROUPS and metric.version != claim.version:
            reasons.append(
                f"metric {name} has version {shown(claim.version)}, here it is {metric.version}: "
                "score and submit again"
            )
    return of_reasons("versions", reasons, "labeler and metrics are of the versions here")
