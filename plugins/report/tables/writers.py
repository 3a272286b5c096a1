"""The formats by name, for ``imhi report --format NAME``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from imhi.plugins.report.tables.latex import latex
from imhi.plugins.report.tables.long_csv import comma_separated
from imhi.plugins.report.tables.markdown import markdown

if TYPE_CHECKING:
    from imhi import Comparison
    from imhi.runs import PublishedResult

Write = Callable[[str], None]

# Each writes a whole file, its last line ended. Published results that are not about the datasets
# and metrics compared are passed over.
WRITERS: Mapping[str, Callable[[Comparison, Sequence[PublishedResult], Write], None]] = {
    "markdown": markdown,
    "latex": latex,
    "csv": comma_separated,
}
