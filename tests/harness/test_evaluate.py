"""The Python API: from model names to scores in one call."""

from __future__ import annotations

from pathlib import Path

import pytest

import imhi
from imhi import HarnessError, evaluate
from imhi._core.plugin_manager import PluginManager

QUICK = {"labeler": "strict", "metric": "accuracy", "resamples": 100}
COLUMNS = "run model dataset task split metric value low high n posts unparsed failed labeler"


def test_scores_come_back_as_rows_and_as_a_data_frame(tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="data frames need pandas")
    results = evaluate(["baseline:majority"], tasks="depression detection", out=tmp_path, **QUICK)
    frame = results.to_pandas()
    assert set(COLUMNS.split()) <= set(frame.columns)
    assert list(frame["dataset"]) == ["DR", "CLP"]
    assert ((frame["low"] <= frame["value"]) & (frame["value"] <= frame["high"])).all()
    assert results.complete
    assert [folder.parent for folder in results.folders] == [tmp_path]
    assert (results.folders[0] / "manifest.json").exists()


def test_answers_that_are_missing_are_told_and_do_not_raise(
    with_asked: PluginManager, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    Path(f"{log}.broken").write_text("")
    results = evaluate(f"asked:{log}", datasets="SAD", manager=with_asked, out=tmp_path, **QUICK)
    assert not results.complete
    (row,) = results.rows()
    assert 0 < row["failed"] < row["n"] == 22
    assert results.to_json()["complete"] is False


def test_a_second_call_asks_nothing_again(with_asked: PluginManager, tmp_path: Path) -> None:
    log = tmp_path / "log"
    asking = {"datasets": ["DR"], "manager": with_asked, "out": tmp_path, **QUICK}
    first = evaluate(f"asked:{log}", **asking)
    asked = log.read_text()
    second = evaluate(f"asked:{log}", **asking)
    assert log.read_text() == asked
    assert first.rows() == second.rows()


def test_several_models_are_several_runs(tmp_path: Path) -> None:
    models = ["baseline:majority", "baseline:majority,name=again"]
    results = evaluate(models, datasets="DR", out=tmp_path, **QUICK)
    assert [row["model"] for row in results.rows()] == ["baseline:majority", "again"]


def test_a_plugin_file_is_loaded_for_the_call(asked_plugin: Path, tmp_path: Path) -> None:
    results = evaluate(
        f"asked:{tmp_path / 'log'}",
        datasets="DR",
        limit=2,
        plugins=[asked_plugin],
        out=tmp_path,
        **QUICK,
    )
    assert results.rows()[0]["n"] == 2


def test_a_broken_plugin_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import no_such_package\n")
    with pytest.raises(HarnessError, match="no_such_package"):
        evaluate("baseline:majority", plugins=[path], out=tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sead": 1}, "unknown setting 'sead': did you mean 'seed'"),
        ({"limit": "3"}, "limit: found '3', expected a whole number"),
        ({"datasets": "nope"}, "unknown dataset 'nope'"),
        ({"models": ["baseline:majority", "foo:x"]}, "unknown model scheme 'foo'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    settings: dict, message: str, tmp_path: Path
) -> None:
    with pytest.raises(HarnessError, match=message):
        evaluate(**{"models": "baseline:majority", "out": tmp_path / "runs", **settings})
    assert not list(tmp_path.glob("runs/[!.]*"))


def test_every_public_name_is_there() -> None:
    for name in imhi.__all__:
        assert getattr(imhi, name) is not None
    assert set(imhi.__all__) <= set(dir(imhi))
    with pytest.raises(AttributeError, match="no attribute 'evalute'"):
        imhi.evalute  # noqa: B018
