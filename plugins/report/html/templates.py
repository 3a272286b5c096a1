"""What fills in the templates of the page and of its sections."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from imhi.plugins.report.html.harmless import shown
from imhi.plugins.report.html.wording import capital

_HERE = Path(__file__).parent


@functools.cache
def environment() -> Any:
    """Return what fills in templates: texts are escaped, and harmless (:func:`shown`)."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader([_HERE, _HERE / "sections"]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["capital"] = capital
    return made
