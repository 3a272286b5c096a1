"""The Atom feed (RFC 4287): the entries verified last. Its times are those of verification."""

from __future__ import annotations

import uuid
from xml.etree import ElementTree

from imhi.io import figures
from imhi.plugins.leaderboard.site import page_values
from imhi.plugins.leaderboard.site.entries import Entry
from imhi.plugins.leaderboard.site.standings import Standings
from imhi.plugins.leaderboard.site.texts import harmless

ATOM = "http://www.w3.org/2005/Atom"
_SPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "imhi-harness.leaderboard")
_NEWEST = 50
_NEVER = "1970-01-01T00:00:00Z"  # a feed without entries needs a time, too


def feed(standings: Standings) -> bytes:
    """Return the feed as it is written to ``feed.xml``."""
    board = standings.board
    newest = sorted(standings.entries.values(), key=lambda entry: entry.since, reverse=True)
    root = ElementTree.Element("feed", xmlns=ATOM)
    _text(root, "id", uuid.uuid5(_SPACE, board.url or board.title).urn)
    _text(root, "title", harmless(board.title))
    _text(root, "subtitle", page_values.NOTICE)
    _text(root, "updated", newest[0].verified if newest else _NEVER)
    _text(ElementTree.SubElement(root, "author"), "name", "imhi leaderboard")
    # What base the links have is for the reader to find where the board names none.
    ElementTree.SubElement(root, "link", rel="self", href=f"{board.base}feed.xml")
    ElementTree.SubElement(root, "link", rel="alternate", href=f"{board.base}index.html")
    for entry in newest[:_NEWEST]:
        _entry(root, standings, entry)
    ElementTree.indent(root, " ")
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _entry(root: ElementTree.Element, standings: Standings, entry: Entry) -> None:
    node = ElementTree.SubElement(root, "entry")
    _text(node, "id", uuid.uuid5(_SPACE, entry.id).urn)
    _text(node, "title", entry.name)
    _text(node, "updated", entry.verified)
    by = ElementTree.SubElement(node, "author")
    _text(by, "name", entry.record.by or "not named")
    page = f"{standings.board.base}models/{entry.id}.html"
    ElementTree.SubElement(node, "link", rel="alternate", href=page)
    _text(node, "summary", _summary(standings, entry))


def _summary(standings: Standings, entry: Entry) -> str:
    # Ranks change with every entry; what a feed said once should stay true.
    scores = standings.comparable.get(entry.id, {})
    parts = [f"{name} {figures.number(score.value)}" for name, score in scores.items()]
    about = [f"; {mark}" for mark in page_values.unanswered_mark(entry)]
    kind = " (fictional posts)" if entry.record.synthetic else ""
    return f"Weighted F1{kind}: {', '.join(parts) or 'nothing comparable'}{''.join(about)}."


def _text(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text
