"""Which entries may stand in one table, in what order, and what was left out and why.

Scores are comparable where they come from the same examples of the same split, labelled in the same
way. Everything else is left out of the tables, and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from imhi import HarnessError, Registry, UnknownName
from imhi.plugins.leaderboard.site.board import Board
from imhi.plugins.leaderboard.site.entries import Entry, Score
from imhi.plugins.leaderboard.site.ranking import (
    Place,
    mean_over_datasets,
    mean_over_tasks,
    places,
)
from imhi.plugins.leaderboard.site.texts import file_name


@dataclass(frozen=True)
class Standing:
    """An entry on a board: its scores on those of the board's datasets that it shares."""

    entry: Entry
    scores: Mapping[str, Score]
    complete: bool

    @cached_property
    def n(self) -> int:
        """How many examples its scores are of."""
        return sum(self.entry.datasets[name].n for name in self.scores)

    @cached_property
    def unparsed(self) -> int:
        """How many of them have an answer without a label."""
        return sum(self.entry.datasets[name].unparsed for name in self.scores)

    @cached_property
    def unanswered(self) -> int:
        """How many of them have no answer."""
        return sum(self.entry.datasets[name].failed for name in self.scores)


@dataclass(frozen=True)
class LeftOut:
    """An entry that is not in the tables, or not in that of one dataset, and why."""

    entry: Entry
    dataset: str
    reason: str


@dataclass(frozen=True)
class Standings:
    """All that the pages show. ``tasks`` maps the board's tasks to their datasets; ``standings``
    are the current entries, ``comparable`` the scores of these and of superseded ones;
    ``superseded`` maps an entry to the one that took its place; ``data`` maps datasets to the
    checksum of the examples they are compared on."""

    board: Board
    entries: Mapping[str, Entry]
    tasks: Mapping[str, Sequence[str]]
    data: Mapping[str, str]
    standings: Mapping[str, Standing]
    comparable: Mapping[str, Mapping[str, Score]]
    superseded: Mapping[str, str]
    left_out: Sequence[LeftOut]

    @cached_property
    def task_of(self) -> Mapping[str, str]:
        """The task of each of the board's datasets."""
        return {name: task for task, datasets in self.tasks.items() for name in datasets}

    @cached_property
    def means(self) -> Mapping[str, Mapping[str, Score]]:
        """The means ``over`` datasets and tasks of entries that have all of them: as verified where
        the entry holds no other datasets, made from its scores where it does."""
        means: dict[str, dict[str, Score]] = {"datasets": {}, "tasks": {}}
        for standing in self.standings.values():
            if not standing.complete:
                continue
            entry = standing.entry
            exact = set(entry.datasets) == set(self.board.datasets)
            made = {
                "datasets": mean_over_datasets(list(standing.scores.values())),
                "tasks": mean_over_tasks(standing.scores, self.tasks),
            }
            for over, score in made.items():
                verified = entry.average(over) if exact else None
                means[over][entry.id] = verified or score
        return means

    @cached_property
    def overall(self) -> Mapping[str, Place]:
        """The places of complete entries by their means over datasets, the best first."""
        return places(self.means["datasets"])

    @cached_property
    def by_dataset(self) -> Mapping[str, Mapping[str, Place]]:
        """The places of current entries on each dataset, the best first."""
        return {
            name: places({s.entry.id: s.scores[name] for s in self.having([name])})
            for name in self.board.datasets
        }

    @cached_property
    def task_means(self) -> Mapping[str, Mapping[str, Score]]:
        """The means over each task's datasets of entries that have all of them."""
        return {
            task: {
                s.entry.id: mean_over_datasets([s.scores[name] for name in datasets])
                for s in self.having(datasets)
            }
            for task, datasets in self.tasks.items()
        }

    @cached_property
    def by_task(self) -> Mapping[str, Mapping[str, Place]]:
        """The places of these entries by task, the best first."""
        return {task: places(scores) for task, scores in self.task_means.items()}

    def having(self, datasets: Sequence[str]) -> list[Standing]:
        """Return the current entries that have all of these datasets."""
        return [s for s in self.standings.values() if all(name in s.scores for name in datasets)]


def stand(board: Board, entries: Sequence[Entry], registry: Registry) -> Standings:
    """Return who stands where; ``entries`` in the order in which they were verified.

    Raises:
        HarnessError: a dataset of the board whose task nobody knows, or two tasks or datasets
            whose pages would have one name.
    """
    tasks = _tasks(board, entries, registry)
    by_id = {entry.id: entry for entry in entries}
    # Only what came later takes another's place: two entries cannot remove each other.
    superseded = {
        before: entry.id
        for entry in entries
        if (before := entry.record.supersedes) in by_id and by_id[before].since < entry.since
    }
    left_out = [LeftOut(e, "", reason) for e in entries if (reason := _stranger(e, board))]
    outside = {one.entry.id for one in left_out}
    inside = [entry for entry in entries if entry.id not in outside]
    data: dict[str, str] = dict(board.data)
    for entry in inside:
        for name, row in entry.datasets.items():
            if name in board.datasets:
                data.setdefault(name, row.data)
    comparable: dict[str, dict[str, Score]] = {}
    standings = {}
    for entry in inside:
        scores = _comparable(entry, board, data)
        here = [name for name in board.datasets if name in entry.datasets]
        left_out += [LeftOut(entry, n, f"other examples of {n}") for n in here if n not in scores]
        if not here:
            left_out.append(LeftOut(entry, "", "none of the board's datasets"))
        comparable[entry.id] = scores
        if scores and entry.id not in superseded:
            standings[entry.id] = Standing(entry, scores, len(scores) == len(board.datasets))
    left_out = [one for one in left_out if one.entry.id not in superseded]
    return Standings(board, by_id, tasks, data, standings, comparable, superseded, left_out)


def _comparable(entry: Entry, board: Board, data: Mapping[str, str]) -> dict[str, Score]:
    """Return the entry's scores on examples that are the board's."""
    scores = {}
    for name in board.datasets:
        score = entry.score(name) if name in entry.datasets else None
        if score is not None and entry.datasets[name].data == data[name]:
            scores[name] = score
    return scores


def _stranger(entry: Entry, board: Board) -> str:
    """Return why an entry as a whole is not comparable with others of the board, or nothing."""
    record = entry.record
    if record.synthetic != board.synthetic:
        return "fictional posts" if record.synthetic else "real posts on a synthetic board"
    if record.split != board.split:
        return f"split {record.split}, not {board.split}"
    if record.labeler.name != board.labeler:
        return f"labels read by {record.labeler.name}, not by {board.labeler}"
    if record.view != board.view:
        return f"scored under view {record.view or 'released'}, not {board.view or 'released'}"
    return ""


def _tasks(board: Board, entries: Sequence[Entry], registry: Registry) -> dict[str, list[str]]:
    """Return the board's tasks in the order of its datasets. Plugins know them; of a dataset that
    no plugin knows, the entry verified first does."""
    tasks: dict[str, list[str]] = {}
    for name in board.datasets:
        try:
            task = registry.task_of(name).name
        except UnknownName as unknown:
            rows = (e.datasets[name] for e in entries if name in e.datasets)
            row = next(rows, None)
            if row is None:
                raise HarnessError(
                    f"board.yaml: datasets: {unknown}; no entry has it either: load the plugin it "
                    "comes from, or remove it"
                ) from None
            task = row.task
        tasks.setdefault(task, []).append(name)
    for names in (list(tasks), list(board.datasets)):
        pages: dict[str, str] = {}
        for name in names:
            other = pages.setdefault(file_name(name), name)
            if other != name or not file_name(name):
                raise HarnessError(
                    f"board.yaml: datasets: the pages of '{other}' and '{name}' would have one "
                    "name; remove one of them"
                )
    return tasks
