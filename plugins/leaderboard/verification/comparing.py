"""Claims against what was made again: labels, values, intervals, averages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version as metadata_version
from typing import Any

from imhi import Registry
from imhi.plugins.leaderboard.submission.reading import Submission
from imhi.plugins.leaderboard.submission.refusal import shown
from imhi.plugins.leaderboard.verification.checks import Check, few, of_reasons, warning
from imhi.plugins.leaderboard.verification.matching import Matched
from imhi.plugins.leaderboard.verification.rescoring import GROUPS, Remade, default_arguments

# Scores are written with six decimals; sums of floats differ a little from machine to machine.
ROUNDING = 2e-6
# With one version of NumPy bounds are equal. Another one may draw other numbers (NEP 19 promises no
# streams), and then they differ: a 2.5% quantile of R = 10,000 draws of a normal distribution has a
# standard error of 0.0068 of the interval's width, so the difference of two has 0.0097. 0.05 is five
# of those, since a submission has hundreds of bounds. For other R it changes with the root.
BOUND = 0.05
_R = 10_000

Key = tuple[str, str, str]
Scored = Mapping[str, Any]


def prediction_check(submission: Submission, matched: Sequence[Matched], remade: Remade) -> Check:
    """Compare each label with the one read here from the same answer."""
    reasons = []
    compared = 0
    for part in matched:
        other = []
        for found in remade.columns[part.dataset].predictions:
            row = part.predictions.get(found.id)
            if row is None:
                continue  # the check of rows says so
            compared += 1
            if (row["label"], row["status"]) != (found.label, found.status):
                claimed = row["label"] or row["status"]
                other.append(f"{found.id} is {found.label or found.status}, not {shown(claimed)}")
        if other:
            reasons.append(f"{part.dataset}: {len(other):,} labels differ ({few(other, 2)})")
    good = f"{compared:,} labels were read again from the answers, and are the same"
    return of_reasons("predictions", reasons, good)


def unverified(submission: Submission, registry: Registry) -> dict[str, str]:
    """Return the claimed metrics that cannot be made again here, each with the reason."""
    found = {}
    for name, claim in submission.claims["metrics"].items():
        if name not in registry.metrics.things:
            found[name] = "no such metric here"
        elif registry.metrics.things[name].group not in GROUPS:
            found[name] = "needs a model or a judge"
        elif claim["arguments"] != default_arguments(name, registry):
            found[name] = "made with other arguments than by default"
    return found


def score_checks(submission: Submission, remade: Remade, registry: Registry) -> list[Check]:
    """Compare every claim that can be made again."""
    left_out = unverified(submission, registry)
    claims = submission.claims
    drawn_alike = _numpy(submission.about["environment"]) == metadata_version("numpy")
    share = 0.0 if drawn_alike else BOUND * math.sqrt(_R / claims["resamples"])
    values: list[str] = []
    bounds: list[str] = []
    averages: list[str] = []
    for rows, own, group, (off_value, off_bound) in (
        (claims["scores"], remade.scores.scores, "dataset", (values, bounds)),
        (claims["averages"], remade.scores.averages, "over", (averages, averages)),
    ):
        made = {_key(row, group): row for row in own}
        seen: set[Key] = set()
        for row in rows:
            key = _key(row, group)
            where = " ".join(shown(part) for part in (key[0], key[2]))
            if row["made_by"] in left_out:
                continue
            if key in seen:
                off_value.append(f"{where}: claimed twice")
            elif key not in made:
                off_value.append(f"{where}: claimed, but {shown(key[1])} gives no such score")
            else:
                _compare(where, row, made[key], share, off_value, off_bound)
            seen.add(key)
    listed = {row["metric"] for row in claims["scores"]}
    if listed != set(submission.about["metrics"]):
        values.append("the measures that submission.json lists are not those of scores.json")
    if unmade := {row["made_by"] for row in claims["scores"]} - set(claims["metrics"]):
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


def _key(row: Scored, group: str) -> Key:
    return str(row[group]), str(row["made_by"]), str(row["metric"])


def _compare(
    where: str,
    claimed: Scored,
    made: Scored,
    share: float,
    values: list[str],
    bounds: list[str],
) -> None:
    if not _near(claimed["value"], made["value"], ROUNDING):
        values.append(f"{where}: claimed {claimed['value']}, made again {made['value']}")
    width = 0.0
    if made["low"] is not None and made["high"] is not None:
        width = made["high"] - made["low"]
    allowed = max(ROUNDING, share * width)
    for bound in ("low", "high"):
        if not _near(claimed[bound], made[bound], allowed):
            bounds.append(
                f"{where}: {bound}er bound of the interval claimed {claimed[bound]}, made again "
                f"{made[bound]}"
            )


def _numpy(environment: Mapping[str, Any]) -> str:
    packages = environment.get("packages")
    return str(packages.get("numpy")) if isinstance(packages, dict) else ""


def _near(one: float | None, other: float | None, allowed: float) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= allowed


def version_checks(submission: Submission, registry: Registry, labeler: Mapping[str, Any]) -> Check:
    """Compare the versions of what read and scored the answers with those here."""
    claimed = submission.about["labeler"]
    reasons = []
    if dict(claimed) != dict(labeler):
        reasons.append(
            f"labels were read by {shown(claimed['name'])} {shown(claimed['version'])}, here it is "
            f"{labeler['name']} {labeler['version']} (another version of the labeler): label and "
            "submit again"
        )
    for name, claim in submission.claims["metrics"].items():
        metric = registry.metrics.things.get(name)
        if metric and metric.group in GROUPS and metric.version != claim["version"]:
            reasons.append(
                f"metric {name} has version {shown(claim['version'])}, here it is {metric.version}: "
                "score and submit again"
            )
    return of_reasons("versions", reasons, "labeler and metrics are of the versions here")
