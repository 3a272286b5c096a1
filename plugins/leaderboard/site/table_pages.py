"""What the pages with ranked tables show: overall, of a task, of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from imhi.io import figures
from imhi.plugins.leaderboard.site import page_values
from imhi.plugins.leaderboard.site.entries import Score
from imhi.plugins.leaderboard.site.page_values import Contents, Page
from imhi.plugins.leaderboard.site.published_rows import PublishedModel
from imhi.plugins.leaderboard.site.ranking import Place
from imhi.plugins.leaderboard.site.standings import Standings
from imhi.plugins.leaderboard.site.texts import file_name


def pages(standings: Standings, published: Sequence[PublishedModel]) -> Iterator[Page]:
    """Yield the pages with tables: overall, the list of tasks, tasks, datasets."""
    yield Page("index.html", "overall.html", "overall", _overall(standings, published))
    yield Page("tasks.html", "tasks.html", "tasks", _task_list(standings))
    for name in standings.tasks:
        contents = _task(standings, name, published)
        yield Page(_task_page(name), "task.html", "tasks", contents)
    for name in standings.board.datasets:
        contents = _dataset(standings, name, published)
        yield Page(dataset_page(name), "dataset.html", "tasks", contents)


def _ranked(
    standings: Standings, places: Mapping[str, Place], scores: Mapping[str, Score]
) -> tuple[list[Contents], str]:
    """Return the rows of a table, the best first, and what its plots go from and to."""
    ends = page_values.axis(scores[name] for name in places)
    rows = [
        {
            **page_values.row(standings.standings[name], standings),
            "place": page_values.place(place),
            "score": page_values.score(scores[name], ends=ends),
        }
        for name, place in places.items()
    ]
    return rows, page_values.axis_text(ends)


def _overall(standings: Standings, published: Sequence[PublishedModel]) -> Contents:
    means = standings.means
    rows, axis = _ranked(standings, standings.overall, means["datasets"])
    for row in rows:
        row["tasks"] = page_values.score(means["tasks"][str(row["id"])])
        row["energy"] = standings.entries[str(row["id"])].watt_hours
    partial = [s for s in standings.standings.values() if not s.complete]
    partial.sort(key=lambda s: (-len(s.scores), s.entry.since))
    names = standings.board.datasets
    order = [*standings.overall, *(s.entry.id for s in partial)]
    return {
        "rows": rows,
        "with_energy": any(row["energy"] is not None for row in rows),
        "axis": axis,
        "partial": [page_values.row(standing, standings) for standing in partial],
        "columns": [_dataset_link(name) for name in names],
        "matrix": [
            {
                **page_values.named(standings.entries[name]),
                "cells": [
                    page_values.score(standings.standings[name].scores.get(dataset))
                    for dataset in names
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


def _task_list(standings: Standings) -> Contents:
    """The page that leads to tasks and datasets, with the best entry of each dataset."""
    tasks = []
    for task, names in standings.tasks.items():
        datasets = []
        for name in names:
            places = standings.by_dataset[name]
            first = next(iter(places), None)
            datasets.append(
                {
                    **_dataset_link(name),
                    "entries": len(places),
                    "first": first and page_values.named(standings.entries[first]),
                    "score": first and page_values.score(standings.standings[first].scores[name]),
                }
            )
        tasks.append({**_task_link(task), "datasets": datasets})
    return {"tasks": tasks}


def _task(standings: Standings, name: str, published: Sequence[PublishedModel]) -> Contents:
    datasets = standings.tasks[name]
    rows, axis = _ranked(standings, standings.by_task[name], standings.task_means[name])
    for row in rows:
        scores = standings.standings[str(row["id"])].scores
        row["cells"] = [page_values.score(scores[dataset]) for dataset in datasets]
    inside = standings.task_means[name]
    partial = [
        {
            **page_values.row(standing, standings),
            "cells": [page_values.score(standing.scores.get(dataset)) for dataset in datasets],
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


def _dataset(standings: Standings, name: str, published: Sequence[PublishedModel]) -> Contents:
    scores = {s.entry.id: s.scores[name] for s in standings.having([name])}
    rows, axis = _ranked(standings, standings.by_dataset[name], scores)
    for row in rows:
        about = standings.entries[str(row["id"])].datasets[name]
        row |= page_values.lacking(about.n, about.unparsed, about.failed)
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
    return {"name": name, "page": dataset_page(name)}


def dataset_page(name: str) -> str:
    """Return the name of a dataset's page."""
    return f"datasets/{file_name(name)}.html"


def _task_link(name: str) -> Contents:
    return {"name": name, "page": _task_page(name)}


def _task_page(name: str) -> str:
    return f"tasks/{file_name(name)}.html"


def _best_text(standings: Standings, name: str) -> str:
    """Return the best value of a dataset as it is shown, so that cells can be told by it."""
    values = [s.scores[name].value for s in standings.having([name])]
    return figures.number(max(values)) if values else ""


def _published(published: Sequence[PublishedModel], names: Sequence[str]) -> Contents:
    """Return published rows, and where they come from."""
    rows: list[tuple[float, Contents]] = []
    origins: dict[str, None] = {}
    for model in published:
        values = [model.values.get(name) for name in names]
        known = [value for value in values if value is not None]
        if not known:
            continue
        mean = sum(known) / len(known) if len(known) == len(names) else None
        cells = [_bare(value) for value in values]
        rows.append(
            (
                -1.0 if mean is None else round(mean, 6),
                {"model": model.name, "cells": cells, "mean": _bare(mean)},
            )
        )
        origins[f"{model.source} ({', '.join(model.tables)}): {'; '.join(model.obtained)}"] = None
    rows.sort(key=lambda row: -row[0])
    return {"rows": [row for _, row in rows], "origins": list(origins)}


def _bare(value: float | None) -> Contents | None:
    """Return a value that has no interval."""
    return None if value is None else {"text": figures.number(value), "order": round(value, 6)}


def _left_out(standings: Standings, datasets: Sequence[str] | None = None) -> list[Contents]:
    """Return what is left out of tables of these datasets (None: of any), and why."""
    return [
        {**page_values.named(one.entry), "reason": one.reason}
        for one in standings.left_out
        if datasets is None or not one.dataset or one.dataset in datasets
    ]


def _labelers(standings: Standings) -> list[str]:
    """Return the versions of the labeler behind the current entries."""
    versions = {
        f"{s.entry.record.labeler.name} {s.entry.record.labeler.version}"
        for s in standings.standings.values()
    }
    return sorted(versions)
