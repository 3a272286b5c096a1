"""How figures are written in tables, the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

ALPHA = 0.05  # below it a p value has a star
CROSS_FITTED = "\N{DAGGER}"  # after a value of a model that learnt from other rows of the split
SYNTHETIC = "Demo posts are fictional: these scores are not IMHI results."
NOTICE = "For non-clinical research only."


class Directed(Protocol):
    """A measure: its name, and whether more of it is better."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def higher_is_better(self) -> bool:
        """Whether more of it is better."""


def titled(metric: Directed) -> str:
    """Return a measure's name, with an arrow where less is better."""
    return metric.name if metric.higher_is_better else f"{metric.name} \N{DOWNWARDS ARROW}"


def number(value: float, decimals: int = 1, *, signed: bool = False, commas: bool = False) -> str:
    """Return a number with so many digits after the point, ``signed`` with a plus, with ``commas``
    between thousands. What rounds to nothing has no minus."""
    shown = format(value, f"{'+' if signed else ''}{',' if commas else ''}.{decimals}f")
    # Python keeps the sign of what it rounds: -0.04 would be -0.0, which reads as a loss.
    zero = not any(digit in shown for digit in "123456789")
    return shown.replace("-", "+" if signed else "") if zero else shown


def unsigned_zeros(value: Any) -> Any:
    """Return a JSON value in which no float is minus nothing (-0.0), as it is written to files and
    printed."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, Mapping):
        return {key: unsigned_zeros(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [unsigned_zeros(one) for one in value]
    return value


def interval(
    value: float | None,
    low: float | None,
    high: float | None,
    decimals: int = 1,
    *,
    signed: bool = False,
) -> str:
    """Return a value with its bounds, as ``0.12 [-0.06, 0.29]``; without those that are None. A
    value that is None is ``-``; what rounds to nothing has no minus."""
    if value is None:
        return "-"
    shown = number(value, decimals, signed=signed)
    if low is None or high is None:
        return shown
    bounds = (number(bound, decimals, signed=signed) for bound in (low, high))
    return f"{shown} [{', '.join(bounds)}]"


def crossed(shown: str, cross_fitted: bool) -> str:
    """Return a figure with the mark of those that were cross-fitted, where it is one."""
    return f"{shown}{CROSS_FITTED}" if cross_fitted else shown


def crossed_note(any_cross_fitted: bool) -> list[str]:
    """Return the sentence that says what the mark means, where any figure has it."""
    if not any_cross_fitted:
        return []
    return [
        f"{CROSS_FITTED} cross-fitted: learnt from other rows of the split under evaluation, for want "
        "of training rows; not comparable with what training rows give. A mean with such a value in "
        "it has the mark too."
    ]


def p_value(value: float, *, star: bool = True) -> str:
    """Return a p value as ``.012``, never 0; with a star where it is below 0.05, else a space."""
    shown = (
        "<.001" if value < 0.001 else f"{value:.3f}".lstrip("0") if value < 1 or not star else "1"
    )
    return f"{shown}{'*' if value < ALPHA else ' '}" if star else shown


def share(count: int, total: int) -> str:
    """Return a number with its share of a total, as ``12 (4%)``; ``0`` of nothing."""
    return f"{count:,} ({count / total:.0%})" if total else "0"


def dollars(cost: float | None) -> str:
    """Return a cost in US dollars, ``-`` where it is not known; less than a dollar with four digits
    after the point."""
    if cost is None:
        return "-"
    return f"${cost:,.2f}" if cost >= 1 or not cost else f"${cost:,.4f}"


def means_over(datasets: Sequence[str]) -> list[str]:
    """Return what every mean of a table is over, a sentence: the same datasets for every run, or it
    would not stand beside the others; nothing where there is one dataset only."""
    if len(datasets) < 2:
        return []
    return [f"Means are over the same datasets for every run: {', '.join(datasets)}."]


def closing(synthetic: bool, sentence: str = SYNTHETIC) -> list[str]:
    """Return the sentences that end every table of scores."""
    return [sentence, NOTICE] if synthetic else [NOTICE]


def energy_figure(energy: Mapping[str, Any]) -> str:
    """Return the energy of a run's totals: ``1.2 Wh, 0.46 g CO2eq``."""
    return f"{1000 * energy['kwh']:.3g} Wh, {energy['grams_co2eq']:.3g} g CO2eq"


def energy_method(energy: Mapping[str, Any]) -> str:
    """Return how the energy of a run's totals was measured, and what of."""
    said = [", ".join(energy.get(name, ())) for name in ("meters", "places", "covers", "methods")]
    return "; ".join(text for text in said if text)
