"""Published results of IMHI, and ``imhi published``, which lists what all plugins know.

* ``mentallama_paper.csv``: the figures; ``published.schema.json`` describes a row of it.
* :mod:`~imhi.plugins.published.listing`: models as rows, datasets as columns, folded to the terminal.
* :mod:`~imhi.plugins.published.published_command`: the command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from imhi import PublishedResults, hookimpl

HERE = Path(__file__).parent


@hookimpl
def imhi_published() -> Iterator[PublishedResults]:
    yield PublishedResults(
        "mentallama-paper",
        "Weighted F1 from Table 2 of the MentaLLaMA paper, as a third party quotes it",
        rows=HERE / "mentallama_paper.csv",
    )


@hookimpl
def imhi_commands(app: Any) -> None:
    from imhi.plugins.published.published_command import published

    app.command("published")(published)
