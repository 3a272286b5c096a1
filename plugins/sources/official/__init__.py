"""Source ``official:PATH``: a checkout, whole or in part, of the published IMHI repository."""

from __future__ import annotations

from collections.abc import Iterator

from harness.declarations import Source
from harness.hookspecs import hookimpl


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source(
        "official",
        "A checkout of the published IMHI data (imhi data fetch)",
        open="plugins.sources.official.source:open_official",
        argument="PATH",
    )
