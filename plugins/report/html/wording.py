"""Numbers as the page writes them."""

from __future__ import annotations

from imhi.io import figures
from imhi.runs import ComparedMetric

NONE = "–"
_MANY = 1_000_000
_SPELLED = {"f1": "F1", "mcc": "MCC", "bleu": "BLEU", "chrf": "chrF"}


def number(value: float, decimals: int, signed: bool = False) -> str:
    """Return a number with a true minus sign, and none before a zero."""
    text = figures.number(value, decimals, signed=signed, commas=True)
    if not any(digit in text for digit in "123456789"):
        text = text.lstrip("+")
    return text.replace("-", "\N{MINUS SIGN}")


def span(low: float | None, high: float | None, decimals: int, signed: bool = False) -> str:
    """Return the bounds of an interval; nothing where there are none."""
    if low is None or high is None:
        return ""
    return f"{number(low, decimals, signed)} to {number(high, decimals, signed)}"


def titled(metric: ComparedMetric) -> str:
    """Return a measure's name as it is written in prose."""
    return spelled(metric.name)


def spelled(name: str) -> str:
    """Return a measure's name as it is written in prose: ``weighted_f1`` becomes *weighted F1*."""
    words = name.replace("_", " ").split(" ")
    return " ".join(_SPELLED.get(word, word) for word in words)


def capital(text: str) -> str:
    """Return a text that begins with a capital and is otherwise as it was."""
    return text[:1].upper() + text[1:]


def p_value(p: float) -> str:
    """Return a p value to three decimals, without the zero before the point."""
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 0.9995 else "1"


def needed(posts: int | None) -> str:
    """Return how many posts would show a difference; no number beyond a million."""
    return f"over {_MANY:,}" if posts is None or posts > _MANY else f"{posts:,}"


def ranks(low: int, high: int) -> str:
    """Return a span of ranks, or the one there is."""
    return f"{low}" if low == high else f"{low} to {high}"
