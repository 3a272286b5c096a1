"""Tables and texts of strangers in LaTeX: nothing is a command, and any engine can typeset it.

pdfLaTeX stops at characters its fonts lack, so letters with accents are written with LaTeX's own
commands, and what has none is named by its code point (U+4E2D).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from imhi.io import Cell, Table, sanitizing

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",  # a shorthand of babel in some languages
    # After \\ or \midrule these would be read as the command's own.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "\N{EN DASH}": "--",
    "\N{EM DASH}": "---",
    "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "\N{DAGGER}": r"$\dagger$",
    "\N{LEFT SINGLE QUOTATION MARK}": "`",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": "``",
    "\N{RIGHT DOUBLE QUOTATION MARK}": "''",
    "\N{NO-BREAK SPACE}": "~",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
}
_ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING DOT ABOVE}": ".",
    "\N{COMBINING RING ABOVE}": "r",
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING BREVE}": "u",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
    "\N{COMBINING CEDILLA}": "c",
}
# Two of these in a row are one character in TeX's fonts (-- is a dash).
_LIGATURE = re.compile(r"([-,'`!?])(?=[-,'`])")
_PARTS = re.compile(r"[^/:,\-_.]{1,18}[/:,\-_.]?|[/:,\-_.]")


# How values look, which a paper may define for itself.
COMMANDS = r"""
\providecommand{\imhivalue}[3]{${#1}_{\,#2}^{\,#3}$} % value, lower and upper bound
\providecommand{\imhibest}[1]{\mathbf{#1}}
\providecommand{\imhinear}[1]{#1^{\dagger}}
""".strip()
NAME = 24  # longer names are broken


def latex_rows(table: Table, width: int) -> Iterator[str]:
    """Yield the rows of a booktabs tabular of a column of names and ``width`` columns of numbers:
    heads, a rule, the rows of the table. Needs :data:`COMMANDS`: bold is the best of a column, what
    a cell has ``after`` it makes it one that is near."""
    yield _row(map(_head, table.heads), width)
    yield r"\midrule"
    for place, cells in enumerate(table.rows):
        if place in table.rules:
            yield r"\midrule"
            words = f"\\textit{{{latex_text(table.rules[place])}}}"
            yield f"\\multicolumn{{{width + 1}}}{{@{{}}l@{{}}}}{{{words}}} \\\\"
        yield _row(
            (_cell(column.number, cell) for column, cell in zip(table.columns, cells, strict=True)),
            width,
        )


def _row(cells: Iterable[str], width: int) -> str:
    listed = list(cells)
    return " & ".join([*listed, *[""] * (width + 1 - len(listed))]).rstrip() + r" \\"


def _head(text: str) -> str:
    """Return a head, on two lines where it has several words."""
    first, _, last = map(latex_text, text.rpartition(" "))
    return f"\\shortstack[r]{{{first}\\\\{last}}}" if first else last


def _cell(is_number: bool, cell: object) -> str:
    if not isinstance(cell, Cell):
        cell = Cell(str(cell))
    if cell.style == "italic":
        return f"\\textit{{{_name(cell.text)}}}"
    if not is_number or not any(map(str.isdigit, cell.text)):
        return _name(cell.text)
    shown = f"\\imhibest{{{cell.text}}}" if cell.style == "bold" else cell.text
    shown = f"\\imhinear{{{shown}}}" if cell.after else shown
    return f"\\imhivalue{{{shown}}}{{{cell.low}}}{{{cell.high}}}" if cell.low else f"${shown}$"


def _name(name: str) -> str:
    if len(name) <= NAME:
        return latex_text(name)
    return f"\\parbox[t]{{0.3\\linewidth}}{{\\raggedright {breakable(name)}\\strut}}"


def latex_prose(text: str) -> str:
    """Return sentences whose long words may be broken."""
    return " ".join(latex_text(w) if len(w) <= NAME else breakable(w) for w in text.split(" "))


def latex_text(text: str) -> str:
    """Return text for LaTeX's text mode, in any engine, font encoding and language."""
    composed = unicodedata.normalize("NFC", sanitizing.one_line(text))
    # A ligature is broken before characters that are escaped into one, such as a dash, appear.
    return "".join(map(_character, _LIGATURE.sub("\\1\0", composed)))


def breakable(text: str) -> str:
    """Return text of which words may be broken where the parts of a model's name end."""
    words = [_PARTS.findall(word) for word in sanitizing.one_line(text).split(" ")]
    return " ".join(r"\allowbreak{}".join(map(latex_text, parts)) for parts in words)


def _character(character: str) -> str:
    if character == "\0":
        return "{}"
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii():
        return character
    decomposed = unicodedata.normalize("NFD", character)
    base, mark = decomposed[0], decomposed[1:]
    if base.isascii() and base.isalpha() and mark in _ACCENTS:
        letter = rf"\{base}{{}}" if base in "ij" else base
        return rf"\{_ACCENTS[mark]}{{{letter}}}"
    return f"U+{ord(character):04X}"
