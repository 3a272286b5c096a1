"""Source ``own``: the rows that datasets carry themselves (``Dataset(rows=...)``).

``rows`` is a path to a ``.jsonl`` or ``.csv`` file (relative paths: from the working directory),
or a factory (a callable or ``"module:attribute"``) that returns an iterable of mappings. A row has
``post`` and ``label``, and may have ``id``, ``split`` (``test`` where there is none), ``aspect``
(needed where a dataset asks several questions) and ``explanation``. A label is its name or one of
its official wordings. Ids default to ``SPLIT-N`` with N the row from 0.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from imhi import (
    DataError,
    Dataset,
    Example,
    HarnessError,
    Source,
    digest,
    file_checksum,
    hookimpl,
    post_key,
    resolve,
)

REQUIRED = ("post", "label")
OPTIONAL = ("id", "split", "aspect", "explanation")
DEFAULT_SPLIT = "test"
_KNOWN = frozenset((*REQUIRED, *OPTIONAL))
_SUFFIXES = (".jsonl", ".csv")


@hookimpl
def imhi_sources() -> Iterator[Source]:
    yield Source("own", "Rows that datasets carry themselves (Dataset(rows=...))", open=OwnSource)


class OwnSource:
    """The datasets that declare rows (:class:`imhi._core.protocols.OpenSource`)."""

    def __init__(self, argument: str, datasets: Mapping[str, Dataset]) -> None:
        self._datasets = {name: d for name, d in datasets.items() if d.rows is not None}
        self._splits: dict[str, list[str]] = {}

    def datasets(self) -> Sequence[str]:
        """Return the datasets that carry rows."""
        return list(self._datasets)

    def splits(self, dataset: str) -> Sequence[str]:
        """Return the splits in the order in which the rows name them. All rows are parsed for that, unless
        their file has the word nowhere.

        Raises:
            DataError: not one row can be read; the first row's error.
        """
        if dataset not in self._datasets:
            return []
        if dataset not in self._splits:
            problem: DataError | None = None
            splits: dict[str, None] = {}
            all_default = _names_no_split(_path(self._datasets[dataset]))
            for _, row in _rows(self._datasets[dataset]):
                if isinstance(row, Mapping):
                    splits[_split(row)] = None
                    if all_default:
                        break
                else:
                    problem = problem or row
            if problem is not None and not splits:
                raise problem
            self._splits[dataset] = list(splits)
        return self._splits[dataset]

    def examples(self, dataset: str, split: str) -> Iterator[Example]:
        """Yield one split in file order.

        Raises:
            HarnessError: no dataset of that name carries rows, or it has no such split.
            DataError: the first row that cannot be read.
        """
        for found in self.examples_and_problems(dataset, split):
            if isinstance(found, DataError):
                raise found
            yield found

    def examples_and_problems(self, dataset: str, split: str) -> Iterator[Example | DataError]:
        """Yield one split in file order, with an error in the place of each unreadable row."""
        declared = self._declared(dataset)
        if split not in self.splits(dataset):
            raise HarnessError(
                f"source own: {dataset} has no split '{split}'; its rows have "
                f"{', '.join(self.splits(dataset)) or 'none'}"
            )
        ids: set[str] = set()
        labels: dict[str, str] = {}  # most rows have one of a few
        for number, (where, row) in enumerate(_rows(declared)):
            if isinstance(row, DataError):
                yield row
            elif _split(row) == split:
                try:
                    example = _example(declared, split, number, row, labels)
                    if example.id in ids:
                        raise DataError("found the id of an earlier row, expected unique ids")
                    ids.add(example.id)
                    yield example
                except HarnessError as error:
                    yield DataError(f"{where}: {error}; correct the row")

    def checksum(self, dataset: str, split: str) -> str:
        """Return the SHA-256 of the file, or of the rows a factory gives."""
        declared = self._declared(dataset)
        path = _path(declared)
        if path is not None:
            return file_checksum(path)
        rows = (row for _, row in _rows(declared) if isinstance(row, Mapping))
        return digest([dict(row) for row in rows if _split(row) == split])

    def describe(self) -> Mapping[str, object]:
        """Return what the rows of each dataset stand in."""
        paths = {name: _path(declared) for name, declared in self._datasets.items()}
        return {"files": {name: path.name if path else "factory" for name, path in paths.items()}}

    def _declared(self, dataset: str) -> Dataset:
        if dataset not in self._datasets:
            raise HarnessError(
                f"source own: found no dataset '{dataset}' that carries rows; these do: "
                f"{', '.join(self._datasets) or 'none'}; declare Dataset(..., rows=FILE)"
            )
        return self._datasets[dataset]


def _path(dataset: Dataset) -> Path | None:
    """Return the file a dataset's rows stand in; None where a factory makes them."""
    rows: Any = dataset.rows
    if isinstance(rows, os.PathLike) or (isinstance(rows, str) and rows.endswith(_SUFFIXES)):
        return Path(rows).expanduser()
    return None


def _names_no_split(path: Path | None) -> bool:
    """Say whether a file of JSON lines certainly names no split: it holds neither the word nor an escape
    that could be part of it."""
    if path is None or path.suffix != ".jsonl" or not path.is_file():
        return False
    with path.open("rb") as stream:
        return not any(b"split" in line or b"\\u00" in line for line in stream)


def _rows(dataset: Dataset) -> Iterator[tuple[str, Mapping[str, object] | DataError]]:
    """Yield ``(where, row)``; a row that is no mapping of texts comes out as an error."""
    path = _path(dataset)
    if path is None:
        assert dataset.rows is not None
        made = resolve(dataset.rows)()
        found: Iterator[tuple[str, Any]] = (
            (f"{dataset.name}: row {n} of its factory", row) for n, row in enumerate(made)
        )
    elif not path.is_file():
        raise HarnessError(
            f"dataset {dataset.name}: rows: there is no file {path}; expected a .jsonl or .csv "
            "file (a relative path starts at the folder of its .yaml, in Python at the working directory)"
        )
    elif path.suffix == ".csv":
        found = _csv_rows(path)
    elif path.suffix == ".jsonl":
        found = _jsonl_rows(path)
    else:
        raise HarnessError(
            f"dataset {dataset.name}: rows: found {path}, expected a .jsonl or .csv file"
        )
    for where, row in found:
        yield where, row if isinstance(row, DataError) else _checked(where, row)


def _csv_rows(path: Path) -> Iterator[tuple[str, Any]]:
    from imhi.io import read_table

    for row in read_table(path, REQUIRED, OPTIONAL):
        if isinstance(row, DataError):
            yield str(path), row
        else:
            yield row.place(path), row.cells


def _jsonl_rows(path: Path) -> Iterator[tuple[str, Any]]:
    from pydantic_core import from_json  # several times as fast as json

    number = -1
    with path.open("rb") as stream:
        for line, data in enumerate(stream, start=1):
            if data.isspace():
                continue
            number += 1
            where = f"{path}: row {number} (line {line})"
            try:
                row = from_json(data)
            except ValueError:  # json lets more through, and says what is wrong
                row = _parsed(where, data)
            yield where, row
    if number < 0:
        raise DataError(f"{path}: found an empty file, expected one JSON object a line")


def _parsed(where: str, data: bytes) -> Any:
    """Return the JSON value of a line, or the DataError that says why there is none."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return DataError(
            f"{where}: found the byte 0x{data[error.start]:02x} at position {error.start} of the "
            "line, expected UTF-8; save the file as UTF-8"
        )
    except ValueError as error:
        return DataError(
            f"{where}: found no JSON ({error}), expected one object a line; correct the line"
        )


def _checked(where: str, row: Any) -> Mapping[str, object] | DataError:
    if type(row) is dict and _is_sound(row):
        return row
    if not isinstance(row, Mapping):
        return DataError(f"{where}: found a {type(row).__name__}, expected an object; correct it")
    missing = [key for key in REQUIRED if row.get(key) in (None, "")]
    extra = [str(key) for key in row if key not in (*REQUIRED, *OPTIONAL)]
    if missing or extra:
        wrong = f"missing {', '.join(missing)}" if missing else f"unknown {', '.join(extra)}"
        return DataError(
            f"{where}: {wrong}; expected {', '.join(REQUIRED)} and optionally "
            f"{', '.join(OPTIONAL)}; correct the row"
        )
    # An id or label may be a number; everything else that is no text is a mistake.
    odd = [key for key, value in row.items() if not isinstance(value, str | int | None)]
    if odd or not isinstance(row["post"], str):
        return DataError(f"{where}: {', '.join(odd) or 'post'}: expected a text; correct the row")
    return row


def _is_sound(row: Mapping[str, object]) -> bool:
    """Say, quickly, whether a row is as most are: texts under the names there are, and no number."""
    if not row.keys() <= _KNOWN or not all(type(value) is str for value in row.values()):
        return False
    return bool(row.get("post") and row.get("label"))


def _split(row: Mapping[str, object]) -> str:
    return str(row.get("split") or DEFAULT_SPLIT)


def _text(row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    return "" if value is None else str(value)


def _example(
    dataset: Dataset,
    split: str,
    number: int,
    row: Mapping[str, object],
    labels: dict[str, str],
) -> Example:
    post, aspect = _text(row, "post"), _text(row, "aspect")
    if not post.strip():
        raise DataError("found an empty post, expected a post with text")
    question = dataset.questions[0]
    if aspect or len(dataset.questions) > 1:
        known = {one.aspect: one for one in dataset.questions}
        if aspect not in known:
            raise DataError(_unknown("aspect", aspect, known))
        question = known[aspect]
    given = _text(row, "label")
    if given not in labels:
        labels[given] = _label(dataset, given)
    return Example(
        id=_text(row, "id") or f"{split}-{number}",
        dataset=dataset.name,
        split=split,
        post=post,
        question=question.text,
        label=labels[given],
        explanation=_text(row, "explanation"),
        aspect=question.aspect,
        post_id=post_key(post),
    )


def _label(dataset: Dataset, text: str) -> str:
    """Return the name of a label given by its name or by an official wording.

    Raises:
        DataError: it is neither.
    """
    plain = text.strip().rstrip(".").casefold()
    for label in dataset.labels:
        wordings = (label.name, label.sentence, label.completion)
        if plain in {wording.strip().rstrip(".").casefold() for wording in wordings}:
            return label.name
    raise DataError(_unknown("label", text, dataset.label_names))


def _unknown(what: str, text: str, known: Iterable[str]) -> str:
    """Return what is wrong with a cell. It may be a post in the wrong place: it is not repeated."""
    found = f"an unknown {what} of {len(text):,} characters" if text else f"no {what}"
    return f"found {found}, expected one of {', '.join(known)}"
