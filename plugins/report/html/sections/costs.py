"""Cost and speed, as far as runs recorded them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from imhi.io import figures
from imhi.plugins.report.html.material import Material, Run
from imhi.plugins.report.html.wording import NONE, number


@dataclass(frozen=True)
class Amount:
    """A number as shown and as sorted; what was not recorded comes last."""

    shown: str = NONE
    order: float = -1.0


@dataclass(frozen=True)
class CostLine:
    name: str
    amounts: Sequence[Amount]


HEADS = (
    "answers",
    "failed",
    "not asked",
    "truncated prompts",
    "prompt tokens",
    "answer tokens",
    "cost, US$",
    "US$ per 1,000",
    "wall time, s",
    "answers per s",
    "latency, median, s",
    "latency, 95%, s",
)
ENERGY_HEADS = ("energy, Wh", "g CO2eq", "energy measured, s")


def cost_heads(material: Material) -> tuple[str, ...]:
    """Return what the amounts of each line are; energy only where a run has measured it."""
    return HEADS + ENERGY_HEADS if _any_energy(material) else HEADS


def cost_lines(material: Material) -> list[CostLine]:
    """Return a line for each run, of the amounts in :func:`cost_heads`."""
    with_energy = _any_energy(material)
    return [
        CostLine(run.name, _amounts(run) + (_energy(run) if with_energy else []))
        for run in material.ordered()
    ]


def energy_notes(material: Material) -> list[str]:
    """Return how energy was measured: the runs of which it was, in the order of the lines, then how."""
    of_runs: dict[str, list[str]] = {}
    for run in material.ordered():
        if energy := _totals(run).get("energy"):
            of_runs.setdefault(figures.energy_method(energy), []).append(run.name)
    return [f"{', '.join(names)}: {how}" for how, names in of_runs.items()]


def _any_energy(material: Material) -> bool:
    return any(_totals(run).get("energy") for run in material.ordered())


def _energy(run: Run) -> list[Amount]:
    found = _totals(run).get("energy") or {}
    kwh = found.get("kwh")
    wh = None if kwh is None else 1000 * kwh
    return [
        Amount() if value is None else Amount(f"{value:.3g}", float(value))
        for value in (wh, found.get("grams_co2eq"))
    ] + [_amount(found.get("seconds"), 1)]


def _totals(run: Run) -> Mapping[str, Any]:
    return run.manifest.totals.to_json() if run.manifest.totals else run.scores.totals


def _amounts(run: Run) -> list[Amount]:
    totals = _totals(run)
    answered = totals.get("answered") or 0
    cost, seconds = totals.get("cost"), totals.get("respond_seconds")
    asked = answered - (totals.get("cached") or 0)  # the cache takes no time, and costs nothing
    if run.imported:
        seconds = None  # the time it took to read a file
    # Where a model counts no tokens, their sum is 0: that is no measurement.
    prompt, answer = totals.get("prompt_tokens") or None, totals.get("completion_tokens") or None
    return [
        _amount(answered, 0),
        _amount(totals.get("failed"), 0),
        _amount(totals.get("not_asked"), 0),
        _amount(totals.get("truncated"), 0),
        _amount(prompt, 0),
        _amount(answer, 0),
        _amount(cost, 4),
        _amount(None if cost is None or not asked else 1000 * cost / asked, 4),
        _amount(seconds, 1),
        _amount(asked / seconds if seconds and asked else None, 1),
        _amount(_quantile(run.latencies, 0.5), 3),
        _amount(_quantile(run.latencies, 0.95), 3),
    ]


def _amount(value: float | None, decimals: int) -> Amount:
    return Amount() if value is None else Amount(number(value, decimals), float(value))


def _quantile(values: Sequence[float], share: float) -> float | None:
    import numpy as np

    return float(np.quantile(values, share)) if values else None
