"""The sections of the page: each module makes the values of one, the template of the same name
shows them. All keep the order of :meth:`~imhi.plugins.report.html.material.Material.ordered`.

They are added by the hook that other plugins add theirs by, ``imhi_report_sections``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from imhi import ReportSection

if TYPE_CHECKING:
    from imhi.plugins.report.html.material import Material

LAST = "ethics"  # what is added without a place comes before it

# Anchor, heading, template, and the values it is given: ``module:name``.
_SECTIONS: Sequence[tuple[str, str, str, Mapping[str, str]]] = (
    ("results", "Results", "headline", {
        "glance": "glance:glance", "headlines": "headline:headlines", "means": "headline:means",
    }),
    ("intervals", "Intervals", "intervals", {"intervals": "intervals:interval_pictures"}),
    ("differences", "Differences", "differences", {"differences": "differences:differences"}),
    ("classes", "Labels one by one", "classes", {"classes": "classes:dataset_classes"}),
    ("confusion", "Confusion", "confusion", {"classes": "classes:dataset_classes"}),
    ("calibration", "Calibration", "calibration", {"reliability": "calibration:reliability"}),
    ("slices", "Slices", "slices", {"slices": "slices:dataset_slices"}),
    ("losses", "Without a label", "losses", {
        "loss_lines": "losses:loss_lines", "losses": "losses:run_losses",
    }),
    ("errors", "Errors", "errors", {"errors": "errors:errors"}),
    ("examples", "Examples", "examples", {"browser": "examples:browser"}),
    ("scores", "All scores", "scores", {"scores": "scores:all_scores"}),
    ("costs", "Cost and speed", "costs", {
        "cost_heads": "costs:cost_heads", "costs": "costs:cost_lines",
        "energy_notes": "costs:energy_notes",
    }),
    ("settings", "To reproduce", "reproduce", {"settings": "reproduce:settings"}),
    (LAST, "Limits and ethics", "ethics", {}),
)  # fmt: skip


OURS = tuple(name for name, *_ in _SECTIONS)


def sections() -> Iterator[ReportSection]:
    """Yield the sections that every page has, in order."""
    for name, title, template, values in _SECTIONS:
        yield ReportSection(name, title, partial(_render, template, values))


def _render(template: str, values: Mapping[str, str], report: Material) -> str:
    from imhi.plugins.report.html.templates import environment

    found = {}
    for name, place in values.items():
        module, _, attribute = place.partition(":")
        found[name] = getattr(import_module(f"{__name__}.{module}"), attribute)
    text: str = (
        environment()
        .get_template(f"{template}.html.jinja")
        .render(
            material=report,
            comparison=report.comparison,
            **{name: one(report) if callable(one) else one for name, one in found.items()},
        )
    )
    return text
