"""Tables of any of the usual formats, read row by row: CSV, TSV, JSONL, Parquet, Excel.

A row that cannot be read comes out as an error in its place, and the rows after it are read all the
same: one wrong byte must not cost a dataset. All cells are texts; what has no value is empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imhi import DataError, HarnessError
from imhi.build.raw.binary_files import excel, parquet
from imhi.build.raw.cells import RowError, Rows
from imhi.build.raw.text_files import delimited, jsonl

__all__ = ["RowError", "Rows", "format_of", "read_file"]

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
_PACKED = {".gz", ".zip", ".tgz", ".bz2", ".xz", ".7z", ".rar"}


def format_of(path: Path, given: str | None = None) -> str:
    """Return the format of a file.

    Raises:
        HarnessError: neither ``given`` nor told by the suffix.
    """
    found = given or SUFFIXES.get(path.suffix.lower())
    if found is None:
        suffix = path.suffix.lower()
        advice = "rename the file, or say 'format: csv' (tsv, jsonl, parquet, excel) in the preset"
        if suffix in _PACKED:
            advice = "unpack the file"
        elif suffix == ".xls":
            advice = "open it in a spreadsheet program and save it as .xlsx"
        elif suffix == ".json":
            advice = "write it with one object a line, as .jsonl"
        raise HarnessError(
            f"{path}: found the suffix '{path.suffix}', expected one of {', '.join(SUFFIXES)}; "
            f"{advice}"
        )
    return found


def read_file(
    path: Path,
    format: str | None = None,
    encoding: str = "utf-8",
    sheet: str | None = None,
    wanted: Sequence[str] | None = None,
) -> Rows:
    """Yield the rows of a file, or an error in the place of a row that cannot be read. Only the
    cells of the ``wanted`` columns have to be sound (all, where None).

    Raises:
        DataError: the file as a whole cannot be read: not there, damaged, no header, no rows.
        HarnessError: an unknown format or encoding.
    """
    _check_file(path)
    kind = format_of(path, format)
    if kind == "parquet":
        rows = parquet(path, wanted)
    elif kind == "excel":
        rows = excel(path, sheet, wanted)
    elif kind == "jsonl":
        rows = jsonl(path, encoding, wanted)
    else:
        rows = delimited(path, encoding, "\t" if kind == "tsv" else ",", wanted)
    some = False
    for row in rows:
        some = True
        yield row
    if not some:
        header = "" if kind == "jsonl" else "a header and "
        raise DataError(f"{path}: found {header}no rows, expected at least one row")


def _check_file(path: Path) -> None:
    """Raise DataError unless there is a file with something in it that may be read."""
    if path.is_dir():
        raise DataError(f"{path}: found a folder, expected a file; name one of the files in it")
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror}; expected a file that you may read"
        ) from None
    if empty:
        raise DataError(f"{path}: found an empty file, expected a table with a header")
