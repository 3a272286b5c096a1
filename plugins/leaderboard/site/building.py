"""From the folder of a board to its site."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from imhi import HarnessError, Registry
from imhi.io import sanitizing
from imhi.plugins.leaderboard.records.json_schemas import schema_files
from imhi.plugins.leaderboard.site import (
    badges,
    downloads,
    feed,
    model_pages,
    other_pages,
    page_values,
    rendering,
    table_pages,
)
from imhi.plugins.leaderboard.site.board import Board, read_board
from imhi.plugins.leaderboard.site.entries import json_copy, read_entries
from imhi.plugins.leaderboard.site.output import SiteFolder
from imhi.plugins.leaderboard.site.page_values import Contents
from imhi.plugins.leaderboard.site.published_rows import PublishedModel, published_models
from imhi.plugins.leaderboard.site.standings import Standings, stand
from imhi.plugins.leaderboard.site.texts import harmless
from imhi.runs import PublishedResult

ASSETS = ("board.css", "tables.js", "compare.js")


@dataclass(frozen=True)
class Built:
    """What a build came to; files are named as they lie in the site."""

    site: Path
    entries: int
    ranked: int
    partial: int
    superseded: int
    left_out: list[str]
    files: int
    written: list[str]
    removed: list[str]

    def to_json(self) -> Contents:
        """Return what ``--json`` prints of it."""
        return {**self.__dict__, "site": str(self.site)}


def build_site(folder: Path, to: Path, registry: Registry) -> Built:
    """Build the site of a board; an earlier one in its place is brought up to date.

    Raises:
        HarnessError: the board or an entry is not as it should be, or ``to`` is no site.
    """
    board = read_board(folder)
    for name in ("entries", "submissions"):
        if (folder / name).resolve() in (to.resolve(), *to.resolve().parents):
            raise HarnessError(
                f"--to {to}: found a place inside {folder / name}, which holds no pages; choose another"
            )
    standings = stand(board, read_entries(folder), registry)
    published = published_models(PublishedResult.all(registry), board)
    site = SiteFolder(to, rendering.generator())
    for page in (
        *table_pages.pages(standings, published),
        *model_pages.pages(standings),
        *other_pages.pages(standings),
    ):
        contents = {
            **page.contents,
            "site": _shared(board),
            "root": "../" * page.name.count("/"),
            "here": page.here,
        }
        _add_rendered(site, page.name, page.template, [page.template, contents], contents)
    _add_data(site, standings, published)
    _add_assets(site)
    site.finish()
    ranked = len(standings.overall)
    return Built(
        site=to,
        entries=len(standings.entries),
        ranked=ranked,
        partial=len(standings.standings) - ranked,
        superseded=len(standings.superseded),
        left_out=[f"{one.entry.id}: {one.reason}" for one in standings.left_out],
        files=len(site.files),
        written=site.written,
        removed=site.removed,
    )


def _add_rendered(
    site: SiteFolder, name: str, template: str, inputs: object, contents: Contents
) -> None:
    site.add(name, inputs, functools.partial(rendering.render, template, contents))


def _shared(board: Board) -> Contents:
    """Return what all pages show."""
    paragraphs = [sanitizing.plain(" ".join(p.split())) for p in board.introduction.split("\n\n")]
    return {
        "title": harmless(board.title),
        "introduction": [paragraph for paragraph in paragraphs if paragraph],
        "synthetic": board.synthetic,
        "split": f"{board.split}, view {harmless(board.view)}" if board.view else board.split,
        "notice": page_values.NOTICE,
        "version": version("imhi-harness"),
    }


def _add_data(site: SiteFolder, standings: Standings, published: list[PublishedModel]) -> None:
    rows = list(downloads.rows(standings, published))
    as_json = downloads.as_json(standings, rows)
    site.add("data/leaderboard.json", json.loads(as_json), lambda: as_json)
    site.add("data/leaderboard.csv", rows, lambda: downloads.as_csv(rows))
    document = feed.feed(standings)
    site.add("feed.xml", document.decode(), lambda: document)
    for name, entry in standings.entries.items():
        site.add(f"data/entries/{name}.json", entry.checksum, functools.partial(json_copy, entry))
    for name, contents in badges.badges(standings):
        _add_rendered(site, f"badges/{name}.svg", "badge.svg", contents, contents)
    for name, text in schema_files().items():
        site.add(f"schemas/{name}", text, text.encode)


def _add_assets(site: SiteFolder) -> None:
    for name in ASSETS:
        text = (rendering.HERE / "assets" / name).read_text(encoding="utf-8")
        site.add(f"assets/{name}", text, text.encode)
    script, style = rendering.datatables()
    site.add("assets/datatables.js", script.decode(), lambda: script)
    site.add("assets/datatables.css", style.decode(), lambda: style)
    site.add(".nojekyll", "", bytes)  # GitHub Pages serves the files as they are
