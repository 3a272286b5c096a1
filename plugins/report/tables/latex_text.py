"""Texts of strangers as LaTeX prints them: nothing is a command, and any engine can typeset it.

pdfLaTeX stops at characters its fonts lack, so letters with accents are written with LaTeX's own
commands, and what has none is named by its code point (U+4E2D).
"""

from __future__ import annotations

import re
import unicodedata

from imhi.io import one_line

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


def latex_text(text: str) -> str:
    """Return text for LaTeX's text mode, in any engine, font encoding and language."""
    composed = unicodedata.normalize("NFC", one_line(text))
    # A ligature is broken before characters that are escaped into one, such as a dash, appear.
    return "".join(map(_character, _LIGATURE.sub("\\1\0", composed)))


def breakable(text: str) -> str:
    """Return text of which words may be broken where the parts of a model's name end."""
    words = [_PARTS.findall(word) for word in one_line(text).split(" ")]
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
