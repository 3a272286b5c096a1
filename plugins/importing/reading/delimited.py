"""CSV with any of the usual separators, decided by the header row.

The header names columns of answers (:mod:`imhi.plugins.importing.columns`) under one separator only;
every row must then have as many cells. Guessing from the rows, as csv.Sniffer does, fails on prose.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from imhi import DataError
from imhi.io import FIELD_LIMIT
from imhi.plugins.importing.columns import plain, role_of
from imhi.plugins.importing.reading.rows import FileRow, Remark
from imhi.plugins.importing.reading.text_files import open_text

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAID = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # a line that Excel puts first, and obeys


def delimited_rows(path: Path, remark: Remark) -> Iterator[FileRow]:
    """Yield the rows of a file with a header; empty lines are not rows.

    Raises:
        DataError: no header, columns of one name, a row of another length, broken quotes.
    """
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))
    with open_text(path, remark) as stream:
        lines = _checked(path, stream)
        before, opening = _header_lines(lines)
        separator, names = _header(path, opening, before)
        # strict: without it an unclosed quote swallows the rest of the file without a word.
        reader = csv.reader(lines, delimiter=separator, strict=True)
        number = 0
        started = before + len(opening)
        while True:
            line = started + reader.line_num + 1
            where = f"{path}: row {number} (line {line})"
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise DataError(f"{where}: {_broken(error)}") from None
            if cells is None:
                return
            if not cells:
                continue
            if len(cells) != len(names):
                raise DataError(
                    f"{where}: found {len(cells)} cell{'s' * (len(cells) != 1)}, expected "
                    f"{len(names)} ({_listed(names)}) as in the header, with a "
                    f"{SEPARATORS.get(separator, repr(separator))} between; put quotes around cells "
                    "that hold one"
                )
            yield FileRow(number, where, dict(zip(names, cells, strict=True)))
            number += 1


def _checked(path: Path, stream: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        if "\0" in line:
            raise DataError(
                f"{path}: line {number}: found a NUL character, expected text; the file is damaged: "
                "export it again"
            )
        yield line


def _header_lines(lines: Iterator[str]) -> tuple[int, list[str]]:
    """Return how many lines come before the header, and its own: names may hold line breaks."""
    before = 0
    opening: list[str] = []
    for line in lines:
        if not opening and not line.strip():
            before += 1
            continue
        opening.append(line)
        said = len(opening) == 1 and _SAID.fullmatch(line)
        if not said and sum(one.count('"') for one in opening) % 2 == 0:
            break
    return before, opening


def _header(path: Path, opening: Sequence[str], before: int) -> tuple[str, list[str]]:
    """Return the separator and the names of the columns."""
    if not opening:
        raise DataError(f"{path}: found an empty file, expected a header row; export it again")
    said = _SAID.fullmatch(opening[0])
    choices = [said.group(1)] if said else list(SEPARATORS)
    found: dict[str, list[str]] = {}
    for choice in choices:
        try:
            rows = csv.reader(opening[1:] if said else opening, delimiter=choice, strict=True)
            found[choice] = next(rows, [])
        except (csv.Error, TypeError):
            continue
    if not found:
        raise DataError(f"{path}: line {before + 1}: found broken quotes, expected column names")
    best = max(found, key=lambda one: (_known(found[one]), len(found[one])))
    names = [name.strip() for name in found[best]]
    doubled = [one for one in names if one and names.count(one) > 1]
    if doubled:
        raise DataError(
            f"{path}: line {before + 1}: found the column {doubled[0][:40]!r} more than once, expected "
            "distinct names; rename one"
        )
    return best, [name or f"column {place}" for place, name in enumerate(names, start=1)]


def _known(names: Sequence[str]) -> int:
    return sum(role_of(plain(name)) is not None for name in names)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(name[:40] for name in itertools.islice(names, 8)) + more


def _broken(error: csv.Error) -> str:
    told = str(error)
    if "unexpected end of data" in told:
        return (
            "found a quote that is never closed, expected quotes in pairs; close it, or double quotes "
            "inside a cell"
        )
    if "expected after" in told:
        return (
            "found text after a closing quote, expected quotes in pairs; double the quotes inside a "
            "cell (a backslash before them is not CSV)"
        )
    if "field larger" in told:
        return f"found a cell of more than {FIELD_LIMIT:,} characters; look for an unclosed quote"
    return f"found {told}, expected CSV with quotes in pairs; export the file again"
