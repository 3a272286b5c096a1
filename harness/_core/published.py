"""Results that others have published, to stand beside runs: never measured here, and said so."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from imhi._core.declarations import Dataset, resolve
from imhi._core.errors import DataError, HarnessError, UnknownName
from imhi._core.extensions import PublishedResults
from imhi._core.registry import Registry
from imhi._core.row_files import read_table
from imhi._core.sanitizing import one_line
from imhi._core.yaml_models import Expected, validated

if TYPE_CHECKING:
    from pydantic import BaseModel

    from imhi._core.comparing.result import Comparison


@dataclass(frozen=True)
class PublishedResult:
    """One figure of a publication.

    ``metric`` and ``value`` are on this harness's scale (0 to 100 for label metrics). ``source``
    names the publication, ``table`` the place in it, ``obtained`` how the figure came here (read in
    the paper, quoted by somebody, computed from published answers).
    """

    model: str
    dataset: str
    metric: str
    value: float
    source: str
    table: str
    obtained: str

    @classmethod
    def all(cls, registry: Registry) -> list[PublishedResult]:
        """Return every published result that plugins know, in their order.

        Raises:
            DataError: a row is not as it should be, or a figure stands twice.
            HarnessError: a plugin gives something else.
        """
        rows = (
            row
            for declared in registry.published
            for row in _rows(declared, registry.published.owners[declared.name])
        )
        return list(_checked(rows, registry.dataset_map()))

    @staticmethod
    def beside(results: Iterable[PublishedResult], comparison: Comparison) -> list[PublishedResult]:
        """Return the published results that may stand beside compared runs: of the same measures and
        datasets, on test rows with their released labels. Never beside fictional posts."""
        if comparison.synthetic or comparison.view or comparison.split not in _PUBLISHED_SPLITS:
            return []
        return [
            row
            for row in dict.fromkeys(results)
            if row.metric in comparison.metrics and row.dataset in comparison.datasets
        ]


COLUMNS = tuple(PublishedResult.__dataclass_fields__)
_PUBLISHED_SPLITS = ("test", "complete")  # the test rows, in either style
_Row = tuple[Mapping[str, object], str]  # the fields of a result, and where they stand


def read_published(path: Path, datasets: Mapping[str, Dataset]) -> list[PublishedResult]:
    """Read a CSV file of published results, a row for each figure.

    Raises:
        DataError: missing or unknown columns, an empty cell, a value that is no number, a dataset
            nobody knows, or one figure twice.
    """
    return list(_checked(_file_rows(path), datasets))


def _file_rows(path: Path) -> Iterator[_Row]:
    """Yield the cells of each row and its place in the file."""
    for row in read_table(path, COLUMNS):
        if isinstance(row, DataError):
            raise row
        cells = {name: row.cells[name].strip() for name in COLUMNS}
        yield cells, row.place(path)


def _rows(declared: PublishedResults, owner: str) -> Iterator[_Row]:
    if isinstance(declared.rows, Path):
        yield from _file_rows(declared.rows)
        return
    where = f"published results '{declared.name}' (plugin '{owner}')"
    if isinstance(declared.rows, str) and ":" not in declared.rows:
        raise HarnessError(
            f"{where}: found rows='{declared.rows}', expected a Path, or 'module:attribute' of a "
            "function that gives the rows"
        )
    rows: Any = resolve(declared.rows)()
    for number, row in enumerate(rows):
        if not isinstance(row, PublishedResult):
            raise HarnessError(
                f"{where}: row {number}: found a {type(row).__name__}, expected "
                "imhi._core.published.PublishedResult"
            )
        yield vars(row), f"{where}: row {number}"


@functools.cache
def _fields() -> type[BaseModel]:
    """Return what the fields of a result must be: texts that are not empty, a finite number."""
    from pydantic import FiniteFloat, StringConstraints, create_model

    full = StringConstraints(strip_whitespace=True, min_length=1)
    text = Annotated[str, full, Expected("a value in every column")]
    number = Annotated[FiniteFloat, Expected("a number")]
    fields: Any = {name: (number if name == "value" else text, ...) for name in COLUMNS}
    return create_model("PublishedFields", **fields)


def _checked(rows: Iterable[_Row], datasets: Mapping[str, Dataset]) -> Iterator[PublishedResult]:
    """Yield results; raise DataError for one that is not as it should be, naming its place."""
    seen: dict[tuple[str, str, str, str], str] = {}
    for values, where in rows:
        row = PublishedResult(**dict(validated(_fields(), values, where, error=DataError)))
        if row.dataset not in datasets:
            unknown = UnknownName("dataset", one_line(row.dataset), datasets)
            raise DataError(
                f"{where}: {unknown}; load the plugin it comes from, or remove the row"
            ) from unknown
        key = (row.model, row.dataset, row.metric, row.source)
        if key in seen:
            raise DataError(
                f"{where}: a second {row.metric} of {one_line(row.model)} on {row.dataset} from "
                f"{one_line(row.source)} (the first: {seen[key]}), expected one; remove one of them"
            )
        seen[key] = where
        yield row
