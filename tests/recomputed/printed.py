"""Tables as they were printed, taken apart again: title, heads, and cells as texts."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser


@dataclass(frozen=True)
class Printed:
    """A table; a cell is found by its row and the head of its column."""

    title: str
    heads: list[str]
    rows: list[list[str]]

    def records(self) -> list[dict[str, str]]:
        return [dict(zip(self.heads, row, strict=True)) for row in self.rows]


def number(cell: str) -> float:
    """The number that a cell begins with, whatever stands behind it."""
    found = re.match(r"[<>]?[-+\N{MINUS SIGN}]?[\d,]*\.?\d+", cell.strip())
    assert found, cell
    return float(found[0].lstrip("<>").replace("\N{MINUS SIGN}", "-").replace(",", ""))


def bounds(cell: str) -> tuple[float, float] | None:
    """The interval that stands in a cell: ``[low, high]``, or ``low to high``."""
    sign = r"[-+\N{MINUS SIGN}]?[\d.,]+"
    found = re.search(rf"\[({sign}), ({sign})\]", cell) or re.search(rf"({sign}) to ({sign})", cell)
    return (number(found[1]), number(found[2])) if found else None


def terminal_tables(text: str) -> list[Printed]:
    """The tables of a terminal wide enough to fold nothing: a title, a line of heads, rows; columns
    stand two blanks apart, words of a title one."""
    tables = []
    for block in re.split(r"\n\s*\n", text):
        said = [line.rstrip() for line in block.splitlines() if line.strip()]
        start = next((at for at, line in enumerate(said) if "  " in line.strip()), len(said))
        if start < len(said) - 1:
            cut = _columns(said[start:])
            cells = [[line[low:high].strip() for low, high in cut] for line in said[start:]]
            tables.append(Printed(" ".join(said[:start]), cells[0], cells[1:]))
    return tables


def _columns(block: list[str]) -> list[tuple[int, int]]:
    """Where columns begin and end: between runs of two blanks that go through all lines."""
    width = max(map(len, block))
    blank = [all(line[at : at + 1] in ("", " ") for line in block) for at in range(width)]
    found, start = [], 0
    for at in range(1, width):
        if blank[at] and blank[at - 1] and not all(blank[start:at]):
            found.append((start, at))
            start = at
    return [*found, (start, width)]


def markdown_tables(text: str) -> list[Printed]:
    """The tables of a Markdown file; the title is the nearest headings above, joined by a slash."""
    tables, headings, block = [], {}, []
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            headings = {at: said for at, said in headings.items() if at < level}
            headings[level] = _plain(line.lstrip("# "))
        if line.startswith("|"):
            block.append([_plain(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif block:
            tables.append(Printed(" / ".join(headings.values()), block[0], block[2:]))
            block = []
    return tables


def _plain(cell: str) -> str:
    return unescape(re.sub(r"\\(.)", r"\1", cell).replace("**", "")).strip()


def latex_tables(text: str) -> list[Printed]:
    """The tabulars of a LaTeX file, panel by panel; the title is the caption."""
    tables = []
    for caption, body in re.findall(
        r"\\caption\{(.*?)\}\n.*?\\begin\{tabular\}.*?\n(.*?)\\end", text, re.S
    ):
        for panel in re.split(r"\\midrule\[\\heavyrulewidth\]|\\toprule", body)[1:]:
            lines = [line.strip() for line in panel.splitlines() if line.strip().endswith(r"\\")]
            rows = [
                [_untexed(cell) for cell in re.split(r"(?<!\\)&", line[:-2])]
                for line in lines
                if "multicolumn" not in line
            ]
            tables.append(Printed(_untexed(caption), rows[0], rows[1:]))
    return tables


def _untexed(cell: str) -> str:
    cell = re.sub(r"\\shortstack\[r\]\{(.*?)\}", lambda found: found[1].replace(r"\\", " "), cell)
    while True:
        low = r"\\imhivalue\{(.*?)\}\{([-+.\d]+)\}\{([-+.\d]+)\}(?=\s*$)"
        opened = re.sub(low, r"\1 [\2, \3]", cell)
        opened = re.sub(r"\\(?:imhibest|imhinear|textit|texttt|mbox)\{([^{}]*)\}", r"\1", opened)
        if opened == cell:
            break
        cell = opened
    cell = re.sub(r"\\parbox\[t\]\{.*?\}\{\\raggedright (.*)\\strut\}", r"\1", cell)
    cell = cell.replace(r"\allowbreak{}", "").replace("{}", "").replace("$", "")
    cell = cell.replace(r"\textendash", "\N{EN DASH}")
    return re.sub(r"\\([_&%#{}$])", r"\1", cell).strip()


def csv_records(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class _Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append(("", []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in ("td", "th") and self.tables:
            self.tables[-1][1][-1].append("")
        if tag in ("caption", "td", "th"):
            self.inside.append(tag)
        elif tag in ("small", "span") and self.inside:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("caption", "td", "th") and self.inside:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            return
        caption, rows = self.tables[-1]
        if self.inside[-1] == "caption":
            self.tables[-1] = (caption + data, rows)
        else:
            rows[-1][-1] += data


def page_tables(page: str) -> list[Printed]:
    """The tables of an HTML page; the title is the caption. A group's own line is left out."""
    reader = _Tables()
    reader.feed(page)
    found = []
    for caption, rows in reader.tables:
        if not rows:  # a script fills it
            continue
        cells = [[" ".join(cell.split()) for cell in row] for row in rows]
        full = [row for row in cells[1:] if len(row) == len(cells[0])]
        found.append(Printed(" ".join(caption.split()), cells[0], full))
    return found
