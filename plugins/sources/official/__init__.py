"""Source ``official:PATH``: a checkout, whole or in part, of the published IMHI repository."""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Source, hookimpl


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source(
        "official",
        "A checkout of the published IMHI data (imhi data fetch)",
        open="imhi.plugins.sources.official.source:open_official",
        argument="PATH",
    )
