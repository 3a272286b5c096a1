"""Published results beside a board: by model, never ranked, never on a board of fictional posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from imhi.plugins.leaderboard.site.board import Board
from imhi.plugins.leaderboard.site.entries import RANKED
from imhi.plugins.leaderboard.site.texts import harmless
from imhi.runs import PublishedResult


@dataclass(frozen=True)
class PublishedModel:
    """A model's published values of the ranked metric, by dataset, from one source."""

    name: str
    source: str
    values: Mapping[str, float]
    tables: Sequence[str]
    obtained: Sequence[str]


def published_models(results: Iterable[PublishedResult], board: Board) -> list[PublishedModel]:
    """Return the published models that have a value on one of the board's datasets. They were
    measured on real test posts, so other boards have none."""
    if board.synthetic or board.split != "test":
        return []
    by_model: dict[tuple[str, str], list[PublishedResult]] = {}
    for result in results:
        if result.metric == RANKED and result.dataset in board.datasets:
            by_model.setdefault((result.model, result.source), []).append(result)
    return [
        PublishedModel(
            name=harmless(model),
            source=harmless(source),
            values={row.dataset: row.value for row in rows},
            tables=sorted({harmless(row.table) for row in rows}),
            obtained=sorted({harmless(row.obtained) for row in rows}),
        )
        for (model, source), rows in by_model.items()
    ]
