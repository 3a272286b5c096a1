"""The board as data: ``leaderboard.csv`` and ``leaderboard.json``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from imhi.io import sanitizing
from imhi.plugins.leaderboard.site import page_values
from imhi.plugins.leaderboard.site.entries import RANKED, Entry, Score
from imhi.plugins.leaderboard.site.published_rows import PublishedModel
from imhi.plugins.leaderboard.site.ranking import Place
from imhi.plugins.leaderboard.site.standings import Standings

_DIGITS = 6
COLUMNS = (
    "kind", "id", "name", "by", "status", "over", "task", "dataset", "metric", "value", "low",
    "high", "rank", "best_rank", "worst_rank", "n", "unparsed", "unanswered", "verified", "source",
)  # fmt: skip
Row = dict[str, object]


def rows(standings: Standings, published: Sequence[PublishedModel]) -> Iterator[Row]:
    """Yield a row for each value: of entries (datasets, then means), then published ones."""
    for entry in standings.entries.values():
        about = _about(standings, entry)
        for name, score in standings.comparable.get(entry.id, {}).items():
            row = entry.datasets[name]
            yield {
                **about,
                "over": "dataset",
                "task": standings.task_of[name],
                "dataset": name,
                **_scored(score, standings.by_dataset[name].get(entry.id)),
                "n": row.n,
                "unparsed": row.unparsed,
                "unanswered": row.failed,
            }
        for over, means in standings.means.items():
            if entry.id in means:
                place = standings.overall[entry.id] if over == "datasets" else None
                standing = standings.standings[entry.id]
                counts = {k: getattr(standing, k) for k in ("n", "unparsed", "unanswered")}
                yield {**about, "over": over, **_scored(means[entry.id], place), **counts}
    for model in published:
        for name, value in model.values.items():
            yield {
                "kind": "published, not measured here",
                "name": model.name,
                "status": "not ranked",
                "over": "dataset",
                "task": standings.task_of[name],
                "dataset": name,
                "metric": RANKED,
                "value": value,
                "source": model.source,
            }


def _about(standings: Standings, entry: Entry) -> Row:
    if entry.id in standings.superseded:
        status = "superseded"
    elif entry.id not in standings.standings:
        status = "left out"
    else:
        status = "ranked" if standings.standings[entry.id].complete else "partial"
    return {
        "kind": "fictional posts" if entry.record.synthetic else "verified",
        "id": entry.id,
        "name": entry.name,
        "by": entry.record.by,
        "status": status,
        "verified": entry.verified,
        "source": entry.record.source,
    }


def _scored(score: Score, place: Place | None) -> Row:
    row: Row = {"metric": RANKED}
    row |= {key: round(part, _DIGITS) for key, part in score._asdict().items()}
    if place is not None:
        row |= {"rank": place.rank, "best_rank": place.best, "worst_rank": place.worst}
    return row


def as_csv(table: Sequence[Row]) -> bytes:
    """Return the rows as a CSV file in which no text is a formula."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(
        {key: sanitizing.spreadsheet_cell(cell) for key, cell in row.items()} for row in table
    )
    return stream.getvalue().encode("utf-8")


def as_json(standings: Standings, table: Sequence[Row]) -> bytes:
    """Return the rows, and what the board is, as a JSON file."""
    board = standings.board
    value = {
        "format": 1,
        "title": board.title,
        "notice": page_values.NOTICE,
        "synthetic": board.synthetic,
        "split": board.split,
        "labeler": board.labeler,
        "tasks": standings.tasks,
        "data": standings.data,
        "rows": table,
        "left_out": [
            {"id": one.entry.id, "dataset": one.dataset, "reason": one.reason}
            for one in standings.left_out
        ],
    }
    return (json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n").encode("ascii")
