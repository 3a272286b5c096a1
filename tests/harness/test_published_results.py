"""Published results are read whole, or one line says which row is not as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import DataError, HarnessError
from imhi._core.extensions import PublishedResults
from imhi._core.plugin_manager import load_plugins
from imhi._core.published import COLUMNS, PublishedResult, read_published
from imhi._core.registry import Registry

HEADER = ",".join(COLUMNS)
ROW = "A model,DR,weighted_f1,71.5,Some paper,Table 1,read in the paper"


def table(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "published.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def complaint(path: Path, registry: Registry) -> str:
    with pytest.raises(DataError) as caught:
        read_published(path, registry.dataset_map())
    text = str(caught.value)
    assert text.startswith(str(path)) and "\n" not in text
    return text


def test_a_row_becomes_a_record(tmp_path: Path, registry: Registry) -> None:
    path = table(tmp_path, ' A model ,DR,weighted_f1, 71.5,"Some paper, 2024",Table 1,quoted')
    assert read_published(path, registry.dataset_map()) == [
        PublishedResult(
            "A model", "DR", "weighted_f1", 71.5, "Some paper, 2024", "Table 1", "quoted"
        )
    ]


def test_two_publications_may_report_one_model(tmp_path: Path, registry: Registry) -> None:
    rows = read_published(
        table(tmp_path, ROW, ROW.replace("Some paper", "Another paper")), registry.dataset_map()
    )
    assert [row.source for row in rows] == ["Some paper", "Another paper"]


@pytest.mark.parametrize("column", COLUMNS)
def test_an_empty_cell_is_named(column: str, tmp_path: Path, registry: Registry) -> None:
    cells = dict(zip(COLUMNS, ROW.split(","), strict=True)) | {column: " "}
    said = complaint(table(tmp_path, ROW, ",".join(cells.values())), registry)
    assert "row 1 (line 3)" in said
    wanted = "a number" if column == "value" else "a value in every column"
    assert f"{column}: found nothing, expected {wanted}" in said


@pytest.mark.parametrize("value", ["good", "71,5", "nan", "inf", "-Infinity", "71.5%", "1e999"])
def test_a_value_is_a_finite_number(value: str, tmp_path: Path, registry: Registry) -> None:
    said = complaint(table(tmp_path, ROW.replace("71.5", f'"{value}"')), registry)
    assert f"row 0 (line 2): value: found '{value}', expected a number" in said


def test_an_unknown_dataset_names_the_nearest(tmp_path: Path, registry: Registry) -> None:
    said = complaint(table(tmp_path, ROW.replace("DR", "dredit")), registry)
    assert "row 0 (line 2): unknown dataset 'dredit': did you mean 'dreaddit'?" in said
    assert "remove the row" in said


def test_a_figure_stands_once(tmp_path: Path, registry: Registry) -> None:
    said = complaint(table(tmp_path, ROW, ROW.replace("71.5", "72.5")), registry)
    assert "row 1 (line 3): a second weighted_f1 of A model on DR from Some paper" in said
    assert "row 0 (line 2)" in said


def test_columns_are_those_of_the_record(tmp_path: Path, registry: Registry) -> None:
    renamed = table(tmp_path, ROW, header=HEADER.replace("obtained", "how"))
    assert "missing: 'obtained'; unknown: 'how'" in complaint(renamed, registry)
    short = table(tmp_path, ROW.rpartition(",")[0])
    assert "row 0 (line 2): found 6 cells, expected 7" in complaint(short, registry)


def test_no_file_is_one_line_too(tmp_path: Path, registry: Registry) -> None:
    assert "cannot be read" in complaint(tmp_path / "nothing.csv", registry)


def added(rows: Any) -> Registry:
    registry = load_plugins().registry
    registry.add(PublishedResults("another", "Figures of another paper", rows), "theirs")
    return registry


def test_results_come_from_files_and_from_factories(tmp_path: Path) -> None:
    def rows() -> Iterator[PublishedResult]:
        yield PublishedResult("Another", "DR", "mcc", 0.5, "A talk", "slide 3", "heard")

    assert [row.model for row in PublishedResult.all(added(rows))][-1] == "Another"
    path = table(tmp_path, ROW)
    assert [row.model for row in PublishedResult.all(added(path))][-1] == "A model"


def test_a_factory_that_gives_something_else_is_named_with_its_plugin() -> None:
    with pytest.raises(HarnessError) as caught:
        list(PublishedResult.all(added(lambda: [{"model": "A model"}])))
    assert str(caught.value) == (
        "published results 'another' (plugin 'theirs'): row 0: found a dict, expected "
        "imhi._core.published.PublishedResult"
    )
