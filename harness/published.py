"""Results that others have published, to stand beside runs: never measured here, and said so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.declarations import Dataset, resolve
from harness.errors import DataError, HarnessError, UnknownName
from harness.registry import Registry
from harness.tables import place, read_table


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


COLUMNS = tuple(PublishedResult.__dataclass_fields__)


def read_published(path: Path, datasets: Mapping[str, Dataset]) -> list[PublishedResult]:
    """Read a CSV file of published results, a row for each figure.

    Raises:
        DataError: missing or unknown columns, an empty cell, a value that is no number, a dataset
            nobody knows, or one figure twice.
    """
    found: dict[tuple[str, str, str, str], str] = {}
    results = []
    for row in read_table(path, COLUMNS):
        if isinstance(row, DataError):
            raise row
        where = place(path, row.number, row.line)
        empty = [name for name in COLUMNS if not row.cells[name].strip()]
        if empty:
            raise DataError(f"{where}: {', '.join(empty)} empty, expected a value in every column")
        if row.cells["dataset"] not in datasets:
            unknown = UnknownName("dataset", row.cells["dataset"], datasets)
            raise DataError(f"{where}: {unknown}; load the plugin it comes from, or remove the row")
        texts = {name: row.cells[name].strip() for name in COLUMNS if name != "value"}
        result = PublishedResult(**texts, value=_number(row.cells["value"], where))
        key = (result.model, result.dataset, result.metric, result.source)
        if key in found:
            raise DataError(
                f"{where}: a second {result.metric} of {result.model} on {result.dataset} from "
                f"{result.source} (the first: {found[key]}), expected one; remove one of them"
            )
        found[key] = where
        results.append(result)
    return results


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: found the value '{text[:40]}', expected a number")
    return value


def published_results(registry: Registry) -> Iterator[PublishedResult]:
    """Yield every published result that plugins know, in their order.

    Raises:
        HarnessError: a plugin gives something else, or a file of its is not as it should be.
    """
    for declared in registry.published:
        rows: Any = (
            read_published(Path(declared.rows), registry.dataset_map())
            if isinstance(declared.rows, Path)
            else resolve(declared.rows)()
        )
        for row in rows:
            if not isinstance(row, PublishedResult):
                raise HarnessError(
                    f"published results '{declared.name}' (plugin "
                    f"'{registry.published.owners[declared.name]}'): found a "
                    f"{type(row).__name__}, expected harness.published.PublishedResult"
                )
            yield row
