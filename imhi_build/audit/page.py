"""``report.html``: the audit as a page that loads nothing from elsewhere.

It names rows by id. Posts are on it only where somebody asks for them, a few for each finding.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imhi.build.audit import shown
from imhi.build.audit.corpus import SourceCorpus
from imhi.build.audit.kinds import kinds
from imhi.build.audit.overlaps import ANY
from imhi.build.audit.records import Audit, Finding, Shared
from imhi.io import Table, sanitizing

PAGE = "report.html"
_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_IDS, _POSTS = 20, 3  # of a finding, on the page


@dataclass(frozen=True)
class _Leaks:
    """The matrix of leaks: its columns, and for each split its cells, from which shades are made."""

    others: tuple[str, ...]
    rows: tuple[tuple[tuple[str, str], tuple[Shared | None, ...]], ...]
    note: str


@dataclass(frozen=True)
class _ShownFinding:
    """A finding, some of its ids (``more`` are left out), and posts by id where they are wanted."""

    found: Finding
    title: str
    ids: tuple[str, ...]
    more: int
    posts: tuple[tuple[str, str], ...]


def write_page(folder: Path, audit: Audit, posts_of: SourceCorpus | None = None) -> Path:
    """Write the page; ``posts_of`` is where posts are taken from, if they are to be on it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    posts = {} if posts_of is None else _posts(audit, posts_of)
    page = environment.get_template(_TEMPLATE.name).render(
        audit=audit,
        counts=audit.counts(),
        rows=sum(split.rows for split in audit.splits),
        html_table=html_table,
        datasets=len({split.dataset for split in audit.splits}),
        rows_table=shown.rows_table(audit, wide=True),
        floors_table=shown.floors_table(audit, wide=True),
        leaks=_leaks(audit),
        joins=[split for split in audit.splits if split.join is not None],
        markers=[s for s in audit.splits if s.marker is not None and s.marker.marked],
        findings=[_shown_finding(found, posts) for found in audit.findings],
        flags=audit.flags,
        with_posts=bool(posts),
    )
    path = folder / PAGE
    path.unlink(missing_ok=True)
    path.touch(mode=0o666 if posts_of is None else 0o600)
    path.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    return path


def _leaks(audit: Audit) -> _Leaks:
    others = (*dict.fromkeys(s.other for s in audit.leaks if s.other != ANY), ANY)
    found = {(s.dataset, s.split, s.other): s for s in audit.leaks}
    rows = tuple(
        (unit, tuple(found.get((*unit, other)) for other in others))
        for unit in dict.fromkeys((s.dataset, s.split) for s in audit.leaks)
    )
    return _Leaks(others, rows, shown.RAW_NOTE if any(s.raw for s in audit.leaks) else "")


def _shown_finding(found: Finding, posts: Mapping[tuple[str, str, str], str]) -> _ShownFinding:
    keys = ((found.dataset, found.split, id) for id in found.rows[:_POSTS])
    texts = tuple((key[2], posts[key]) for key in keys if key in posts)
    title = kinds()[found.kind].title
    return _ShownFinding(found, title, found.rows[:_IDS], len(found.rows) - _IDS, texts)


def _posts(audit: Audit, corpus: SourceCorpus) -> dict[tuple[str, str, str], str]:
    """Return the posts of the first rows of each finding, by dataset, split and id."""
    wanted: dict[tuple[str, str], set[str]] = {}
    for found in audit.findings:
        wanted.setdefault((found.dataset, found.split), set()).update(found.rows[:_POSTS])
    return {
        (dataset, split, example.id): example.post
        for (dataset, split), ids in wanted.items()
        if ids and split in corpus.splits(dataset)
        for example in corpus.examples(dataset, split)
        if example.id in ids
    }


def html_table(table: Table) -> str:
    """Return a table in HTML, without title and notes: cells of texts have the class ``t``, those of
    the first column are the heads of their rows."""
    heads = "".join(_html("th", c.number, c.head, ' scope="col"') for c in table.columns)
    rows = []
    for first, *others in table.rows:
        name = _html("th", table.columns[0].number, first, ' scope="row"')
        cells = zip(table.columns[1:], others, strict=True)
        rows.append(f"<tr>{name}{''.join(_html('td', c.number, cell) for c, cell in cells)}</tr>\n")
    return f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{''.join(rows)}</tbody></table>"


def _html(tag: str, is_number: bool, cell: object, scope: str = "") -> str:
    kind = "" if is_number else ' class="t"'
    return f"<{tag}{scope}{kind}>{html.escape(sanitizing.plain(str(cell)))}</{tag}>"
