"""What the pages about the whole board show: history, comparing, about."""

from __future__ import annotations

from collections.abc import Iterator

from imhi.plugins.leaderboard.records.json_schemas import schema_files
from imhi.plugins.leaderboard.site import page_values
from imhi.plugins.leaderboard.site.entries import Entry
from imhi.plugins.leaderboard.site.page_values import Contents, Page
from imhi.plugins.leaderboard.site.standings import Standings


def pages(standings: Standings) -> Iterator[Page]:
    """Yield the pages about the board as a whole."""
    yield Page("history.html", "history.html", "history", _history(standings))
    yield Page("compare.html", "compare.html", "compare", _compare(standings))
    yield Page("about.html", "about.html", "about", _about(standings))


def _history(standings: Standings) -> Contents:
    """Entries by the date of their verification, and the best value of each dataset over time."""
    return {
        "rows": [_event(standings, entry) for entry in _latest_first(standings)],
        "records": [_records(standings, name) for name in standings.board.datasets],
    }


def _latest_first(standings: Standings) -> list[Entry]:
    return sorted(standings.entries.values(), key=lambda entry: entry.since, reverse=True)


def _event(standings: Standings, entry: Entry) -> Contents:
    scores = standings.comparable.get(entry.id, {})
    after = standings.superseded.get(entry.id)
    before = standings.entries.get(entry.record.supersedes)
    place = standings.overall.get(entry.id)
    left_out = entry.id not in standings.standings and after is None
    return {
        **page_values.named(entry),
        "coverage": len(scores),
        "of": len(standings.board.datasets),
        "score": page_values.score(standings.means["datasets"].get(entry.id)),
        "place": page_values.place(place),
        "superseded_by": page_values.named(standings.entries[after]) if after else None,
        "supersedes": page_values.named(before) if before else None,
        "left_out": left_out,
    }


def _records(standings: Standings, name: str) -> Contents:
    """Return the entries that were the best on a dataset when they came, superseded ones too."""
    steps: list[Contents] = []
    best = float("-inf")
    for entry in sorted(standings.entries.values(), key=lambda entry: entry.since):
        score = standings.comparable.get(entry.id, {}).get(name)
        if score is None or score.value <= best:
            continue
        gain = "" if not steps else page_values.signed(score.value - best)
        best = score.value
        steps.append({**page_values.named(entry), "score": page_values.score(score), "gain": gain})
    return {"name": name, "steps": steps}


def _compare(standings: Standings) -> Contents:
    """What the script of the compare page reads: current entries, the best first."""
    names = list(standings.overall)
    names += [name for name in standings.standings if name not in standings.overall]
    means = standings.means["datasets"]

    def cells(name: str) -> list[list[float] | None]:
        scores = standings.standings[name].scores
        row = [means.get(name), *(scores.get(dataset) for dataset in standings.board.datasets)]
        return [score and [round(part, 3) for part in score] for score in row]

    entries = [
        {
            "id": name,
            "name": standings.entries[name].name,
            "by": standings.entries[name].record.by,
            "marks": page_values.marks(standings.entries[name]),
            "scores": cells(name),
        }
        for name in names
    ]
    rows = ["Mean over datasets", *standings.board.datasets]
    return {
        "data": {"rows": rows, "entries": entries},
        "links": [page_values.named(standings.entries[name]) for name in names[:50]],
        "entries": len(names),
    }


def _about(standings: Standings) -> Contents:
    board = standings.board
    return {
        "board": {
            "source": board.source,
            "split": board.split,
            "labeler": board.labeler,
            "synthetic": board.synthetic,
        },
        "data": [
            {
                "name": name,
                "checksum": standings.data.get(name, ""),
                "pinned": name in board.data,
            }
            for name in board.datasets
        ],
        "schemas": list(schema_files()),
        "left_out": [
            {**page_values.named(one.entry), "reason": one.reason} for one in standings.left_out
        ],
    }
