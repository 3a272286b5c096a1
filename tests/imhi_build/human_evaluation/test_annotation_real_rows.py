"""A sample of the published rows: real posts with real explanations, 200 of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotation_samples import build_of, drawn, fill

from imhi._core.declarations import resolve
from imhi._core.plugin_manager import PluginManager
from imhi.build.human_evaluation.reading import read_back
from imhi.build.human_evaluation.report import make_report
from imhi.build.records import BuiltRow


@pytest.fixture(scope="module")
def rows(imhi: Path, manager: PluginManager) -> dict[str, list[BuiltRow]]:
    declared = {dataset.name: dataset for dataset in manager.registry.datasets}
    source = resolve(manager.registry.sources.get("official").open)(str(imhi), declared)
    return {
        name: [
            BuiltRow(
                id=f"test-{number}",
                dataset=name,
                split="test",
                post=example.post,
                question=example.question,
                label=example.label,
                human_label=example.label,
                explanation=example.explanation,
                explained_by="gpt-3.5-turbo",
                post_id=example.post_id,
            )
            for number, example in enumerate(source.examples(name, "test"))
        ]
        for name in source.datasets()
        if "test" in source.splits(name)
    }


def test_two_hundred_real_rows_go_out_and_come_back(
    rows: dict[str, list[BuiltRow]], tmp_path: Path, manager: PluginManager
) -> None:
    written = drawn(build_of(tmp_path / "build", rows), manager, size=200, shares="equal")
    sample = written.sample
    assert len(sample.rows) == len({row.post for row in sample.rows}) == 200
    by_dataset = {name: sum(row.dataset == name for row in sample.rows) for name in rows}
    assert max(by_dataset.values()) - min(by_dataset.values()) <= 1
    assert all(written.drawn.taken.values())
    assert all(row.explanation.strip() for row in sample.rows)
    sheets = [fill(written.folder / f"{name}.xlsx", "random") for name in ("anna", "ben")]
    found = read_back(sheets, sample)
    assert found.problems == []
    report = make_report(sample, found)
    assert set(report.panels) == {"all", *rows}
    assert report.panels["all"][0].kappa.n == 200


def test_proportional_shares_follow_the_published_rows(
    rows: dict[str, list[BuiltRow]], tmp_path: Path, manager: PluginManager
) -> None:
    written = drawn(build_of(tmp_path / "build", rows), manager, size=200, annotators=("anna",))
    total = sum(map(len, rows.values()))
    for name in rows:
        count = sum(row.dataset == name for row in written.sample.rows)
        strata = len({row.label for row in rows[name]})
        assert abs(count - 200 * len(rows[name]) / total) <= max(2, strata)
