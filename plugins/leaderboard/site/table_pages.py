"""What the pages with ranked tables show: overall, of a task, of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imhi.plugins.leaderboard.site import shown
from imhi.plugins.leaderboard.site.entries import Score
from imhi.plugins.leaderboard.site.published_rows import PublishedModel
from imhi.plugins.leaderboard.site.ranking import Place
from imhi.plugins.leaderboard.site.standings import Standings
from imhi.plugins.leaderboard.site.texts import file_name

Contents = dict[str, Any]


def ranked(
    standings: Standings, found: Mapping[str, Place], scores: Mapping[str, Score]
) -> tuple[list[Contents], str]:
    """Return the rows of a table, the best first, and what its plots go from and to."""
    ends = shown.axis(scores[name] for name in found)
    rows = [
        {
            **shown.row(standings.standings[name], standings),
            "place": shown.place(place),
            "score": shown.score(scores[name], ends=ends),
        }
        for name, place in found.items()
    ]
    return rows, shown.axis_text(ends)


def overall(standings: Standings, published: Sequence[PublishedModel]) -> Contents:
    means = standings.means
    rows, axis = ranked(standings, standings.overall, means["datasets"])
    for row in rows:
        row["tasks"] = shown.score(means["tasks"][row["id"]])
    partial = [s for s in standings.standings.values() if not s.complete]
    partial.sort(key=lambda s: (-len(s.scores), s.entry.since))
    names = standings.board.datasets
    order = [*standings.overall, *(s.entry.id for s in partial)]
    return {
        "rows": rows,
        "axis": axis,
        "partial": [shown.row(standing, standings) for standing in partial],
        "columns": [_dataset_link(name) for name in names],
        "matrix": [
            {
                **shown.named(standings.entries[name]),
                "cells": [
                    shown.score(standings.standings[name].scores.get(dataset)) for dataset in names
                ],
            }
            for name in order
        ],
        "best": [_best_text(standings, name) for name in names],
        "published": _published(published, names),
        "left_out": _left_out(standings),
        "labelers": _labelers(standings),
        "current": len(standings.standings),
    }


def task_list(standings: Standings) -> Contents:
    """The page that leads to tasks and datasets, with the best entry of each dataset."""
    tasks = []
    for task, names in standings.tasks.items():
        datasets = []
        for name in names:
            found = standings.by_dataset[name]
            first = next(iter(found), None)
            datasets.append(
                {
                    **_dataset_link(name),
                    "entries": len(found),
                    "first": first and shown.named(standings.entries[first]),
                    "score": first and shown.score(standings.standings[first].scores[name]),
                }
            )
        tasks.append({**_task_link(task), "datasets": datasets})
    return {"tasks": tasks}


def task(standings: Standings, name: str, published: Sequence[PublishedModel]) -> Contents:
    datasets = standings.tasks[name]
    rows, axis = ranked(standings, standings.by_task[name], standings.task_means[name])
    for row in rows:
        scores = standings.standings[row["id"]].scores
        row["cells"] = [shown.score(scores[dataset]) for dataset in datasets]
    inside = standings.task_means[name]
    partial = [
        {
            **shown.row(standing, standings),
            "cells": [shown.score(standing.scores.get(dataset)) for dataset in datasets],
        }
        for standing in standings.standings.values()
        if standing.entry.id not in inside and any(d in standing.scores for d in datasets)
    ]
    return {
        **_task_link(name),
        "columns": [_dataset_link(dataset) for dataset in datasets],
        "rows": rows,
        "axis": axis,
        "partial": partial,
        "published": _published(published, datasets),
        "left_out": _left_out(standings, datasets),
        "labelers": _labelers(standings),
    }


def dataset(standings: Standings, name: str, published: Sequence[PublishedModel]) -> Contents:
    scores = {s.entry.id: s.scores[name] for s in standings.having([name])}
    rows, axis = ranked(standings, standings.by_dataset[name], scores)
    for row in rows:
        about = standings.entries[row["id"]].datasets[name]
        share = 100 * about.unparsed / about.n
        row["unparsed"], row["unparsed_order"] = shown.percent(share), round(share, 4)
    first = standings.entries[next(iter(scores))].datasets[name] if scores else None
    return {
        **_dataset_link(name),
        "task": _task_link(standings.task_of[name]),
        "rows": rows,
        "axis": axis,
        "n": first and first.n,
        "posts": first and first.posts,
        "data": standings.data.get(name, ""),
        "published": _published(published, [name]),
        "columns": [_dataset_link(name)],
        "left_out": _left_out(standings, [name]),
        "labelers": _labelers(standings),
    }


def _dataset_link(name: str) -> Contents:
    return {"name": name, "page": f"datasets/{file_name(name)}.html"}


def _task_link(name: str) -> Contents:
    return {"name": name, "page": f"tasks/{file_name(name)}.html"}


def _best_text(standings: Standings, name: str) -> str:
    """Return the best value of a dataset as it is shown, so that cells can be told by it."""
    values = [s.scores[name].value for s in standings.having([name])]
    return f"{max(values):.1f}" if values else ""


def _published(published: Sequence[PublishedModel], names: Sequence[str]) -> Contents:
    """Return published rows, and where they come from."""
    rows: list[Contents] = []
    origins: dict[str, None] = {}
    for model in published:
        values = [model.values.get(name) for name in names]
        found = [value for value in values if value is not None]
        if not found:
            continue
        whole = len(found) == len(names)
        rows.append(
            {
                "model": model.name,
                "cells": [_bare(value) for value in values],
                "mean": _bare(sum(found) / len(found) if whole else None),
            }
        )
        origins[f"{model.source} ({', '.join(model.tables)}): {'; '.join(model.obtained)}"] = None
    rows.sort(key=lambda row: -(row["mean"] or {"order": -1})["order"])
    return {"rows": rows, "origins": list(origins)}


def _bare(value: float | None) -> Contents | None:
    """Return a value that has no interval."""
    return None if value is None else {"text": f"{value:.1f}", "order": round(value, 6)}


def _left_out(standings: Standings, datasets: Sequence[str] | None = None) -> list[Contents]:
    """Return what is left out of tables of these datasets (None: of any), and why."""

    def rows() -> Iterator[Contents]:
        for one in standings.left_out:
            if datasets is None or not one.dataset or one.dataset in datasets:
                yield {**shown.named(one.entry), "reason": one.reason}

    return list(rows())


def _labelers(standings: Standings) -> list[str]:
    """Return the versions of the labeler behind the current entries."""
    found = {
        f"{s.entry.record.labeler.name} {s.entry.record.labeler.version}"
        for s in standings.standings.values()
    }
    return sorted(found)
