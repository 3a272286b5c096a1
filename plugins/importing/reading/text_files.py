"""Text files in the encodings that spreadsheets and terminals leave behind.

A byte order mark decides. Without one UTF-16 is told by the zero bytes of its first line, UTF-8 by
being valid; what is neither is Windows-1252, which is said, unless a part of the file can only be
UTF-8: then it is damaged. The file is read once for that and again for its rows; nothing is kept.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from imhi import DataError
from imhi.plugins.importing.reading.rows import PACKED, Remark

_BLOCK = 1 << 16
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that Windows-1252 does not define; the rest of it is defined.
_NOT_WINDOWS = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))


@contextmanager
def open_text(path: Path, remark: Remark) -> Iterator[TextIO]:
    """Open a text file, packed with gzip or not, in its encoding.

    Raises:
        DataError: the encoding is none of these, or the file is damaged.
    """
    encoding = encoding_of(path)
    if encoding == "cp1252":
        remark(f"{path.name} is not UTF-8; it was read as Windows-1252 (cp1252)")
    try:
        # Lines end as they do in the file: an answer may hold any of them.
        with _bytes(path) as raw, io.TextIOWrapper(raw, encoding, newline="") as text:
            yield text
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: found bytes that are not {encoding} ({error.reason}), expected a whole file in "
            "one encoding; save it as UTF-8"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: cannot be unpacked ({error}); get the file again") from None


def encoding_of(path: Path) -> str:
    """Return the name of a file's encoding.

    Raises:
        DataError: none fits.
    """
    try:
        with _bytes(path) as stream:
            first = stream.read(_BLOCK)
            for mark, name in _MARKS:
                if first.startswith(mark):
                    return name
            if len(first) > 1 and 0 in first[:2]:
                return "utf-16-be" if first[0] == 0 else "utf-16-le"
            return _utf8_or_windows(path, first, stream)
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: cannot be unpacked ({error}); get the file again") from None


def _utf8_or_windows(path: Path, first: bytes, stream: BinaryIO) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    end = 0
    wrong: tuple[int, int] | None = None  # byte, position
    beyond_ascii = False
    undefined = False
    block = first
    while True:
        end += len(block)
        if wrong is None:
            try:
                text = decoder.decode(block, final=not block)
                beyond_ascii = beyond_ascii or not text.isascii()
            except UnicodeDecodeError as error:
                at = end - len(error.object) + error.start
                wrong = error.object[error.start], at
                beyond_ascii = beyond_ascii or not error.object[: error.start].isascii()
        if wrong is not None:
            undefined = undefined or bool(_NOT_WINDOWS.intersection(block))
        if not block:
            break
        block = stream.read(_BLOCK)
    if wrong is None:
        return "utf-8"
    if beyond_ascii or undefined:
        raise DataError(
            f"{path}: found the byte 0x{wrong[0]:02x} at position {wrong[1]}, expected UTF-8 as in the "
            "rest of the file; it is damaged, or joined from files in two encodings: save it as UTF-8"
        )
    return "cp1252"


def _bytes(path: Path) -> BinaryIO:
    if path.suffix.lower() == PACKED:
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")
