"""The schema of a row and the loader say the same of every row."""

from __future__ import annotations

import contextlib
import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import imhi.plugins.published
from imhi._core.errors import DataError
from imhi._core.published import COLUMNS, read_published
from imhi._core.registry import Registry

HERE = Path(imhi.plugins.published.__file__).parent
FILES = sorted(HERE.glob("*.csv"))
GOOD = {
    "model": "A model",
    "dataset": "DR",
    "metric": "weighted_f1",
    "value": "71.5",
    "source": "Some paper",
    "table": "Table 1",
    "obtained": "read in the paper",
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "published.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def as_object(cells: dict[str, str]) -> dict[str, Any]:
    """Return a row of a CSV file as JSON has it: what reads as a JSON number is one."""

    def no_number(text: str) -> float:
        raise ValueError(text)

    row: dict[str, Any] = dict(cells)
    with contextlib.suppress(KeyError, ValueError):
        row["value"] = json.loads(cells["value"], parse_constant=no_number)
    return row


def loads(cells: dict[str, str], folder: Path, registry: Registry) -> bool:
    path = folder / "row.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(cells))
        writer.writeheader()
        writer.writerow(cells)
    try:
        return len(read_published(path, registry.dataset_map())) == 1
    except DataError:
        return False


def test_the_schema_describes_the_columns_of_the_loader(schema: dict[str, Any]) -> None:
    assert tuple(schema["properties"]) == tuple(schema["required"]) == COLUMNS
    assert all(len(column["description"]) > 20 for column in schema["properties"].values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_row_fits_both(
    path: Path, schema: dict[str, Any], registry: Registry
) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [as_object(cells) for cells in csv.DictReader(stream)]
    for row in rows:
        jsonschema.validate(row, schema)
    assert [vars(row) for row in read_published(path, registry.dataset_map())] == rows


BAD = {
    **{f"no {name}": {k: v for k, v in GOOD.items() if k != name} for name in COLUMNS},
    **{f"empty {name}": {**GOOD, name: ""} for name in COLUMNS},
    **{f"blank {name}": {**GOOD, name: "  "} for name in COLUMNS},
    **{f"value {text}": {**GOOD, "value": text} for text in ("high", "nan", "NaN", "Infinity")},
    "a value in per cent": {**GOOD, "value": "71.5%"},
    "a column too many": {**GOOD, "year": "2024"},
}


@pytest.mark.parametrize("cells", BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_refused_by_both(
    cells: dict[str, str], schema: dict[str, Any], registry: Registry, tmp_path: Path
) -> None:
    assert not loads(cells, tmp_path, registry)
    assert not jsonschema.Draft202012Validator(schema).is_valid(as_object(cells))


def test_a_good_row_is_accepted_by_both(
    schema: dict[str, Any], registry: Registry, tmp_path: Path
) -> None:
    for cells in (GOOD, {**GOOD, "value": "-3"}, {**GOOD, "model": "模型 \"x\", 'y'"}):
        assert loads(cells, tmp_path, registry)
        jsonschema.validate(as_object(cells), schema)


def test_what_is_shipped_says_that_the_paper_was_not_read(registry: Registry) -> None:
    (path,) = FILES
    rows = read_published(path, registry.dataset_map())
    assert {(row.source, row.table, row.obtained) for row in rows} == {
        (
            "MentaLLaMA paper, arXiv 2309.13567",
            "Table 2 (correctness)",
            "quoted by a third-party file; the paper itself was not read",
        )
    }
