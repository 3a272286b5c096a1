"""The page: sections put together, with everything they need inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from imhi import Comparison
from imhi.plugins.report.html.assets import policy_hash, script, style
from imhi.plugins.report.html.harmless import json_for_page, shown
from imhi.plugins.report.html.material import Material
from imhi.plugins.report.html.sections.calibration import reliability
from imhi.plugins.report.html.sections.classes import dataset_classes
from imhi.plugins.report.html.sections.costs import HEADS, cost_lines
from imhi.plugins.report.html.sections.differences import differences
from imhi.plugins.report.html.sections.errors import errors
from imhi.plugins.report.html.sections.examples import browser
from imhi.plugins.report.html.sections.glance import glance
from imhi.plugins.report.html.sections.headline import headlines
from imhi.plugins.report.html.sections.intervals import interval_pictures
from imhi.plugins.report.html.sections.losses import loss_lines, run_losses
from imhi.plugins.report.html.sections.reproduce import settings
from imhi.plugins.report.html.sections.scores import all_scores
from imhi.plugins.report.html.sections.slices import dataset_slices
from imhi.plugins.report.html.wording import capital

GENERATOR = "imhi-harness report"
_HERE = Path(__file__).parent


def page(material: Material) -> bytes:
    """Return the page; the same material makes the same bytes.

    Raises:
        HarnessError: the package itables is of another kind than this version knows.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment: Any = Environment(
        loader=FileSystemLoader([_HERE, _HERE / "sections"]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["capital"] = capital
    code = script()
    found = browser(material)
    text: str = environment.get_template("page.html.jinja").render(
        generator=GENERATOR,
        material=material,
        comparison=material.comparison,
        sources=_sources(material.comparison),
        style=style(),
        script=code,
        script_hash=policy_hash(code),
        glance=glance(material),
        headlines=headlines(material),
        intervals=interval_pictures(material),
        differences=differences(material),
        classes=dataset_classes(material),
        reliability=reliability(material),
        slices=dataset_slices(material),
        loss_lines=loss_lines(material),
        losses=run_losses(material),
        errors=errors(material),
        browser=found,
        browser_data=json_for_page(found.data),
        scores=all_scores(material),
        cost_heads=HEADS,
        costs=cost_lines(material),
        settings=settings(material),
    )
    return text.encode("utf-8", "replace")


def _sources(comparison: Comparison) -> str:
    """Return the names of the sources, without the places they were read from."""
    return ", ".join(dict.fromkeys(s.partition(":")[0] for s in comparison.source.split("; ")))
