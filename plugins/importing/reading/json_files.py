"""JSON, one object a line or one array of objects, never whole in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from imhi import DataError
from imhi.plugins.importing.reading.rows import FileRow, Remark
from imhi.plugins.importing.reading.text_files import open_text

_BLOCK = 1 << 16
_SPACE = " \t\r\n"
_ONE_A_LINE = "expected one object a line"


def jsonl_rows(path: Path, remark: Remark) -> Iterator[FileRow]:
    """Yield the objects of a file with one a line; empty lines are not rows.

    Raises:
        DataError: a line that is no JSON object.
    """
    number = 0
    with open_text(path, remark) as stream:
        for line, text in enumerate(stream, start=1):
            if not text.strip():
                continue
            where = f"{path}: row {number} (line {line})"
            try:
                found = json.loads(text)
            except (ValueError, RecursionError) as error:
                told = "too deep" if isinstance(error, RecursionError) else error
                raise DataError(
                    f"{where}: found no JSON ({told}), {_ONE_A_LINE}; the file may be cut off: "
                    "correct the line or export it again"
                ) from None
            yield _row(found, number, where)
            number += 1


def json_rows(path: Path, remark: Remark) -> Iterator[FileRow]:
    """Yield the objects of a JSON array, read block by block. A file called ``.json`` that holds one
    object a line is read as such.

    Raises:
        DataError: no array, or an element that is no object.
    """
    with open_text(path, remark) as stream:
        first = _first_character(stream)
    if first == "{":
        yield from _objects(path, remark)
        return
    if first != "[":
        raise DataError(f"{path}: found no JSON array, expected [ and objects; export it again")
    with open_text(path, remark) as stream:
        for number, found in enumerate(_elements(path, stream)):
            yield _row(found, number, f"{path}: row {number}")


def _objects(path: Path, remark: Remark) -> Iterator[FileRow]:
    """Read a file that begins with an object: one a line, or a single one, which is no table."""
    with open_text(path, remark) as stream:
        opening = next((line for line in stream if line.strip()), "")
    try:
        json.loads(opening)
    except ValueError:
        raise DataError(
            f"{path}: found one JSON object over several lines, expected an array of objects or "
            f"{_ONE_A_LINE}; write the list of answers that is in it to a file of its own"
        ) from None
    yield from jsonl_rows(path, remark)


def _first_character(stream: TextIO) -> str:
    while block := stream.read(_BLOCK):
        if stripped := block.lstrip(_SPACE):
            return stripped[0]
    return ""


def _elements(path: Path, stream: TextIO) -> Iterator[Any]:
    """Yield the elements of an array as soon as each is complete."""
    decoder = json.JSONDecoder()
    text, at, number, opened = "", 0, 0, False
    wanted = _BLOCK
    while True:
        block = stream.read(wanted)
        text, at = text[at:] + block, 0
        while True:
            while at < len(text) and (text[at] in _SPACE or text[at] == ","):
                at += 1
            if not opened and at < len(text):
                opened, at = True, at + 1  # the bracket
                continue
            if at == len(text) or text[at] == "]":
                break
            try:
                found, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                if block and isinstance(error, ValueError):
                    wanted = max(_BLOCK, len(text) - at)  # the element goes on: read as much again
                    break
                raise DataError(
                    f"{path}: row {number}: found no JSON ({error}), expected the objects of an array "
                    "up to ]; the file may be cut off: export it again"
                ) from None
            yield found
            at, number, wanted = end, number + 1, _BLOCK
        if at < len(text) and text[at] == "]":
            return
        if not block:
            raise DataError(
                f"{path}: row {number}: found the end of the file, expected ]; the file is cut off: "
                "export it again"
            )


def _row(found: Any, number: int, where: str) -> FileRow:
    if not isinstance(found, Mapping):
        raise DataError(
            f"{where}: found a JSON {type(found).__name__}, expected an object; correct it"
        )
    return FileRow(number, where, found)
