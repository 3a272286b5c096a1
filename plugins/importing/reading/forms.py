"""Rows of a file, whatever its form: CSV, TSV, JSONL, a JSON array, Excel, an inspect log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from imhi import DataError, HarnessError
from imhi.plugins.importing.reading.rows import PACKED, FileRow, Remark


def _delimited(path: Path, remark: Remark) -> Iterator[FileRow]:
    from imhi.plugins.importing.reading.delimited import delimited_rows

    return delimited_rows(path, remark)


def _jsonl(path: Path, remark: Remark) -> Iterator[FileRow]:
    from imhi.plugins.importing.reading.json_files import jsonl_rows

    return jsonl_rows(path, remark)


def _json(path: Path, remark: Remark) -> Iterator[FileRow]:
    from imhi.plugins.importing.reading.json_files import json_rows

    return json_rows(path, remark)


def _excel(path: Path, remark: Remark) -> Iterator[FileRow]:
    from imhi.plugins.importing.reading.excel import excel_rows

    return excel_rows(path, remark)


def _inspect(path: Path, remark: Remark) -> Iterator[FileRow]:
    from imhi.plugins.importing.reading.inspect_logs import inspect_rows

    return inspect_rows(path)


_READERS: Mapping[str, Callable[[Path, Remark], Iterator[FileRow]]] = {
    ".csv": _delimited,
    ".tsv": _delimited,
    ".tab": _delimited,
    ".txt": _delimited,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".xlsx": _excel,
    ".xlsm": _excel,
    ".eval": _inspect,
}
SUFFIXES = tuple(_READERS)


def plain_name(path: Path) -> tuple[str, str]:
    """Return a file's name without its suffixes, and the suffix that tells its form, in small
    letters: ``DR.CSV.gz`` is ``DR``, ``.csv``."""
    inner = Path(path.stem) if path.suffix.lower() == PACKED else path
    return inner.stem, inner.suffix.lower()


def is_readable(path: Path) -> bool:
    """Say whether a file's name is that of a form that can be read."""
    stem, suffix = plain_name(path)
    packed = path.suffix.lower() == PACKED
    text = suffix in _READERS and suffix not in (".xlsx", ".xlsm", ".eval")
    return not stem.startswith(".") and (text if packed else suffix in _READERS)


def read_rows(path: Path, remark: Remark) -> Iterator[FileRow]:
    """Yield the rows of a file; none is kept.

    Raises:
        HarnessError: the form of the file is not known by its name.
        DataError: the file or a row cannot be read; there is no row.
    """
    if not is_readable(path):
        advice = "save it as .xlsx" if path.suffix.lower() == ".xls" else "save it as one of these"
        raise HarnessError(
            f"{path}: found the suffix '{path.suffix}', expected one of {', '.join(SUFFIXES)} (texts "
            f"also with {PACKED}); {advice}"
        )
    some = False
    try:
        for row in _READERS[plain_name(path)[1]](path, remark):
            some = True
            yield row
    except (OSError, EOFError) as error:
        told = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise DataError(
            f"{path}: cannot be read: {told}; expected a whole file you may read"
        ) from None
    if not some:
        raise DataError(
            f"{path}: found no rows, expected at least one row of answers; export it again"
        )
