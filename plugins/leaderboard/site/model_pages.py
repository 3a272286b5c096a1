"""What the page of an entry shows: scores, settings, checks, history, paired tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imhi.plugins.leaderboard.site import page_values
from imhi.plugins.leaderboard.site.entries import RANKED, Entry, score_of
from imhi.plugins.leaderboard.site.page_values import Contents, Page
from imhi.plugins.leaderboard.site.paired_tests import compared, opponents
from imhi.plugins.leaderboard.site.standings import Standings
from imhi.plugins.leaderboard.site.table_pages import dataset_page

_ROLES = {"above": "the entry ranked just above", "below": "the entry ranked just below"}
_SETTINGS = (
    "model", "model_identity", "source", "split", "prompt", "generation", "seed", "labeler",
    "harness_version", "created",
)  # fmt: skip


def pages(standings: Standings) -> Iterator[Page]:
    """Yield the page of each entry."""
    tested_against = opponents(standings)
    for name, entry in standings.entries.items():
        contents = _model(standings, entry, tested_against.get(name, []))
        yield Page(f"models/{name}.html", "model.html", "overall", contents)


def _model(standings: Standings, entry: Entry, opponents: Sequence[tuple[str, str]]) -> Contents:
    """Return the contents of an entry's page.

    Args:
        opponents: ``(role, entry id)`` of whom it is tested against.
    """
    record = entry.record
    standing = standings.standings.get(entry.id)
    complete = standing is not None and standing.complete
    values = record.model_dump(mode="json", exclude_unset=True)
    ends = page_values.axis(entry.score(name) for name in entry.datasets)
    rows = [_dataset_row(standings, entry, name, ends) for name in _names(standings, entry)]
    return {
        **page_values.named(entry),
        "link": entry.link,
        "description": record.description,
        "synthetic": record.synthetic,
        "status": _status(standings, entry),
        "place": page_values.place(standings.overall.get(entry.id)),
        "averages": [
            {
                "over": over,
                "score": page_values.score(
                    standings.means[over][entry.id] if complete else entry.average(over)
                ),
                "groups": len(standings.tasks if over == "tasks" else standings.board.datasets)
                if complete
                else _groups(entry, over),
                "names": "" if complete else ", ".join(entry.datasets),
            }
            for over in ("datasets", "tasks")
        ],
        "complete": complete,
        "coverage": len(standing.scores) if standing else 0,
        "of": len(standings.board.datasets),
        "rows": rows,
        "axis": page_values.axis_text(ends),
        "metrics": _metrics(standings, entry),
        "settings": page_values.settings({name: values[name] for name in _SETTINGS}),
        "totals": page_values.settings(record.totals),
        "not_verified": _claims(entry),
        "checks": values["checks"],
        "archive": values["archive"],
        "history": _history(standings, entry),
        "tests": [_test(standings, entry, role, name) for role, name in opponents],
        "badge": f"{standings.board.base}badges/{entry.id}.svg" if standings.board.url else "",
        "badge_page": f"{standings.board.base}models/{entry.id}.html",
    }


def _names(standings: Standings, entry: Entry) -> list[str]:
    """Return the entry's datasets, the board's first and in its order."""
    board = [name for name in standings.board.datasets if name in entry.datasets]
    return board + [name for name in entry.datasets if name not in board]


def _dataset_row(
    standings: Standings, entry: Entry, name: str, ends: tuple[float, float]
) -> Contents:
    about = entry.datasets[name]
    on_board = name in standings.board.datasets
    place = standings.by_dataset[name].get(entry.id) if on_board else None
    compared = name in standings.comparable.get(entry.id, {})
    return {
        "name": name,
        "page": dataset_page(name) if on_board else "",
        "task": standings.task_of.get(name, about.task),
        "n": about.n,
        "score": page_values.score(entry.score(name), ends=ends),
        "place": page_values.place(place),
        "compared": compared,
        **page_values.lacking(about.n, about.unparsed, about.failed),
    }


def _metrics(standings: Standings, entry: Entry) -> Contents:
    """Return every verified metric of every dataset, but for those of single labels (f1[yes])."""
    described = entry.record.metrics
    names = sorted({m for row in entry.datasets.values() for m in row.scores if "[" not in m})
    names.sort(key=lambda name: name != RANKED)
    rows = []
    for name in _names(standings, entry):
        scores = entry.datasets[name].scores
        cells = [
            page_values.score(
                score_of(scores.get(metric)),
                described[metric].decimals if metric in described else 1,
            )
            for metric in names
        ]
        rows.append({"name": name, "cells": cells})
    return {"names": [name.replace("_", " ") for name in names], "rows": rows}


def _claims(entry: Entry) -> list[Contents]:
    """Return what the submitter claims and nobody measured again."""
    return [
        {
            "metric": metric.replace("_", " "),
            "dataset": dataset,
            "score": page_values.score(score_of(row), 2),
        }
        for metric, rows in entry.record.not_verified.items()
        for dataset, row in rows.items()
    ]


def _status(standings: Standings, entry: Entry) -> str:
    """Return why an entry has no rank, or nothing."""
    if entry.id in standings.superseded:
        return "superseded"
    reasons = [one for one in standings.left_out if one.entry is entry and not one.dataset]
    if reasons:
        return f"not ranked: {reasons[0].reason}"
    standing = standings.standings.get(entry.id)
    if standing is None:
        return "not ranked: other examples than the board's"
    return "" if standing.complete else "partial"


def _groups(entry: Entry, over: str) -> int:
    if over == "datasets":
        return len(entry.datasets)
    return len({row.task for row in entry.datasets.values()})


def _history(standings: Standings, entry: Entry) -> Contents:
    before = entry.record.supersedes
    after = standings.superseded.get(entry.id)
    known = standings.entries.get(before)
    return {
        "supersedes": page_values.named(known) if known else None,
        "missing": before if before and known is None else "",
        "superseded_by": page_values.named(standings.entries[after]) if after else None,
    }


def _test(standings: Standings, entry: Entry, role: str, name: str) -> Contents:
    other = standings.standings[name]
    tests = compared(standings.standings[entry.id], other)
    return {
        "role": _ROLES.get(role, "the best entry"),
        **page_values.named(other.entry),
        "wins": sum(one.significant and one.only_own > one.only_other for one in tests),
        "losses": sum(one.significant and one.only_own < one.only_other for one in tests),
        "rows": [
            {
                "name": one.dataset,
                "f1": page_values.signed(one.f1),
                "accuracy": page_values.signed(one.accuracy),
                "n": one.n,
                "unanswered": [
                    f"{whose}{row.failed:,} not answered"
                    for whose, row in (
                        ("", entry.datasets[one.dataset]),
                        ("other: ", other.entry.datasets[one.dataset]),
                    )
                    if row.failed
                ],
                "only_own": one.only_own,
                "only_other": one.only_other,
                "p": "<0.001" if one.p_holm < 0.001 else f"{one.p_holm:.3f}",
                "significant": one.significant,
            }
            for one in tests
        ],
    }
