"""``imhi meta`` on invented annotations: what it leaves out, what it refuses, what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated_files import row, write

from imhi._core.plugin_manager import PluginManager
from imhi.plugins.meta_evaluation.evaluating import MetaSettings, evaluate


def test_without_a_source_metrics_with_references_are_left_out_and_it_is_said(
    tmp_path: Path, manager: PluginManager
) -> None:
    path = write(tmp_path / "system.csv", [row(number) for number in range(20)])
    result = evaluate(
        MetaSettings(paths=(path,), metric=("rouge", "chrf"), resamples=100, out=tmp_path), manager
    )
    assert [column.name for column in result.columns] == ["length"]
    assert any("No source of references" in note for note in result.notes)
    assert any("chrf has no value for any answer" in note for note in result.notes)


def test_the_order_of_rows_changes_nothing(tmp_path: Path, manager: PluginManager) -> None:
    rows = [row(number) for number in range(20)]
    found = []
    for place, ordered in (("forth", rows), ("back", rows[::-1])):
        (tmp_path / place).mkdir()
        path = write(tmp_path / place / "system.csv", ordered)
        settings = MetaSettings(
            paths=(path,), metric=("explanations",), resamples=100, out=tmp_path
        )
        found.append(evaluate(settings, manager).rows())
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nowhere"], "nowhere: no such file or folder"),
        (["system.csv", "--coefficient", "tau"], "--coefficient: found tau, expected pearson"),
        (["system.csv", "--scale", "3"], "--scale: found 3, expected LOW:HIGH"),
        (["system.csv", "--metric", "rogue"], "unknown metric 'rogue': did you mean 'rouge'?"),
        (["system.csv", "--mark", "tone"], "missing: 'tone'"),
        (["system.csv", "--dataset", "IRF"], "found the aspect '', expected one of"),
        (["system.csv", "--source", "demo", "--split", "best"], "no split 'best' of DR"),
        (["system.csv", "--judge", "baseline:majority"], "none of the metrics asks judges"),
    ],
)
def test_mistakes_are_one_line(
    imhi_here, tmp_path: Path, arguments: list[str], expected: str
) -> None:
    write(tmp_path / "system.csv", [row(number) for number in range(5)])
    done = imhi_here("meta", *arguments, "--no-picture", "--resamples", "100")
    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1


PLUGIN = """
from imhi import Measure, Metric, hookimpl


@hookimpl
def imhi_metrics():
    def unfinished(examples, responses, predictions, context):
        context.mark_incomplete("one answer is still to be measured")
        return [Measure.mean("unfinished", range(len(responses)), higher_is_better=False)]

    def broken(examples, responses, predictions, context):
        raise KeyError("nothing")

    yield Metric("unfinished", "is never done", unfinished, group="explanations")
    yield Metric("broken", "does not work", broken, group="labels")
"""


def test_a_metric_that_is_not_done_is_shown_and_the_command_ends_with_1(
    imhi_here, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    write(tmp_path / "system.csv", [row(number) for number in range(20)])
    asked = ("meta", "system.csv", "--plugin", "mine.py", "--resamples", "100", "--no-picture")
    done = imhi_here(*asked, "--metric", "unfinished")
    assert done.code == 1
    assert "one answer is still to be measured; give the same 'imhi meta' again" in done.err
    assert "Lower is better for unfinished: there a good metric correlates negatively" in done.out
    assert (tmp_path / "meta" / "meta.csv").exists()
    assert not (tmp_path / "meta" / "meta.png").exists()


def test_a_metric_that_fails_is_named_with_its_plugin(imhi_here, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    write(tmp_path / "system.csv", [row(number) for number in range(20)])
    done = imhi_here("meta", "system.csv", "--plugin", "mine.py", "--metric", "broken")
    assert done.code == 2
    assert "metric broken (plugin 'mine') failed on DR: KeyError" in done.err


def test_a_label_that_the_dataset_does_not_have_is_named(imhi_here, tmp_path: Path) -> None:
    write(tmp_path / "system.csv", [row(0), row(1, label="perhaps")])
    done = imhi_here("meta", "system.csv", "--no-picture")
    assert "column 'label': found 'perhaps', expected one of yes, no (or 1, 0)" in done.err
