"""Baselines where the source has no training rows: what they learn from, and how that is marked."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from sklearn.metrics import f1_score

from imhi import PluginManager, compare, evaluate
from imhi.runs import RunFolder
from tests.conftest import Imhi


@pytest.mark.slow
def test_the_majority_of_cams_is_its_most_frequent_label(
    imhi: Path, manager: PluginManager, tmp_path: Path
) -> None:
    """Weighted F1 13.4: that of one label for all rows, which five folds do not give."""
    found = evaluate(
        ["baseline:majority", "baseline:tfidf"],
        datasets=["CAMS", "DR"],
        manager=manager,
        source=f"official:{imhi}",
        labeler="strict",
        metric=["weighted_f1"],
        out=tmp_path,
    )
    majority, tfidf = found.runs
    values = {row["dataset"]: row["value"] for row in majority.scores}
    gold = [example.label for example in RunFolder(Path(majority.run)).examples("CAMS")]
    (most, _), *_ = Counter(gold).most_common(1)
    said = [most] * len(gold)
    expected = 100 * f1_score(gold, said, average="weighted", zero_division=0)
    assert values["CAMS"] == pytest.approx(expected, abs=1e-4) == pytest.approx(13.4, abs=0.05)
    assert any("most frequent label of the test rows themselves" in n for n in majority.notes)
    # What learnt from other evaluated rows is marked, and so are means with it; nothing else is.
    marked = {row["dataset"]: row["cross_fitted"] for row in tfidf.scores}
    assert marked == {"CAMS": True, "DR": False}
    assert not any(row["cross_fitted"] for row in majority.scores)
    assert all(row["cross_fitted"] for row in tfidf.averages)
    manifest = json.loads((Path(tfidf.run) / "manifest.json").read_text())
    assert manifest["cross_fitted"] == ["CAMS"]
    beside = compare([Path(run.run) for run in found.runs], manager, resamples=100)
    assert {(v.name, v.dataset) for v in beside.values if v.cross_fitted and v.dataset} == {
        ("baseline:tfidf", "CAMS")
    }


@pytest.mark.slow
def test_every_table_has_the_mark_and_says_what_it_means(
    imhi: Path, imhi_here: Imhi, tmp_path: Path
) -> None:
    words = ("--source", f"official:{imhi}", "-d", "CAMS", "-d", "DR", "--metric", "weighted_f1")
    models = ("-m", "baseline:majority", "-m", "baseline:tfidf", "--labeler", "strict")
    for printed in (
        imhi_here("run", *models, *words).out,
        imhi_here("compare", "majority", "tfidf").out,
    ):
        assert printed.count("\N{DAGGER}") >= 2
    for suffix in ("md", "html", "tex", "csv"):
        page = tmp_path / f"report.{suffix}"
        assert imhi_here("report", "majority", "tfidf", "--to", str(page)).code == 0
        assert ("cross_fitted" if suffix == "csv" else "\N{DAGGER}") in page.read_text()
