"""``imhi meta`` on the published annotations: tables, picture, files, and known figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from imhi._core.cli.console import out
from imhi._core.plugin_manager import PluginManager
from imhi.plugins.meta_evaluation.evaluating import MetaSettings, evaluate
from imhi.plugins.meta_evaluation.result import MetaEvaluation
from imhi.plugins.meta_evaluation.tables import show

pytestmark = pytest.mark.slow  # loading what metrics and labelers need takes seconds


@pytest.fixture(scope="module")
def published(imhi: Path, manager: PluginManager, tmp_path_factory: pytest.TempPathFactory):
    """The published annotations with metrics that need no model, few resamples."""
    return evaluate(
        MetaSettings(
            paths=(imhi / "human_evaluation" / "DR_annotation",),
            metric=("rouge", "bleu", "chrf"),
            resamples=200,
            out=tmp_path_factory.mktemp("meta"),
        ),
        manager,
    )


def printed(result: MetaEvaluation, width: int, capsys: pytest.CaptureFixture[str]) -> str:
    console = out()
    console.width = width
    show(result, "spearman", console)
    return capsys.readouterr().out


def test_one_command_writes_tables_and_a_picture_of_at_least_six_metrics(
    imhi: Path, imhi_here, tmp_path: Path
) -> None:
    path = imhi / "human_evaluation" / "DR_annotation"
    done = imhi_here("meta", str(path), "--resamples", "200")
    assert done.code == 0, done.err
    titles = [line for line in done.out.splitlines() if "Spearman's rho, " in line]
    assert [title.split(":")[0] for title in titles] == [
        "chatgpt_data",
        "chatgpt_false_data",
        "all systems pooled",
    ]
    found = json.loads((tmp_path / "meta" / "meta.json").read_text())
    assert sum(metric["headline"] for metric in found["metrics"]) >= 6
    assert "length" in done.out
    assert "Pooled figures mislead" in done.out
    assert (tmp_path / "meta" / "meta.png").read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "meta" / "meta.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert {line["coefficient"] for line in rows} == {"pearson", "spearman", "kendall", "alpha"}


def test_annotators_hardly_agree_on_correct_answers(published: MetaEvaluation) -> None:
    correct = published.panels[0]
    for agreement in correct.agreement.values():
        assert -0.02 <= agreement.alpha.value <= 0.13
        assert agreement.no_ceiling


def test_pooling_lets_a_metric_that_only_knows_the_system_seem_good(
    published: MetaEvaluation,
) -> None:
    pooled = published.panels[-1].agreement
    assert pooled["reliability"].system_alone["pearson"].value == pytest.approx(0.834, abs=0.001)
    assert pooled["overall"].system_alone["pearson"].value == pytest.approx(0.741, abs=0.001)


def test_references_are_joined_by_post_and_what_is_not_joined_is_said(
    published: MetaEvaluation,
) -> None:
    assert published.settings["references"] == {"joined": 148, "answers": 164, "other_label": 16}
    assert any(note.startswith("148 of 164 answers") for note in published.notes)
    counts = {name: n for (name, _, _), n in _counts(published).items()}
    assert (counts["length"], counts["chrf"]) == (164, 148)


def _counts(result: MetaEvaluation) -> dict[tuple[str, str, str], int]:
    return {key: figure.n for key, figure in result.panels[-1].correlations.items()}


@pytest.mark.parametrize("width", [80, 160])
def test_tables_fit_the_terminal_and_cut_nothing(
    published: MetaEvaluation, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(published, width, capsys)
    assert max(map(len, text.splitlines())) <= width
    assert "\N{HORIZONTAL ELLIPSIS}" not in text
    for word in ("fluency", "completeness", "reliability", "overall", "annotators", "alpha"):
        assert word in text


def test_an_undefined_figure_is_a_dash_with_its_reason_and_no_zero(
    published: MetaEvaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    # The annotators of the false answers never differ together on fluency.
    assert published.panels[1].agreement["fluency"].leave_one_out["spearman"].value is None
    assert "'-' (1x): annotators, fluency: no annotator's marks vary" in " ".join(
        printed(published, 160, capsys).split()
    )


def test_no_post_and_no_answer_is_in_the_results(published: MetaEvaluation, imhi: Path) -> None:
    text = json.dumps(published.to_json())
    path = imhi / "human_evaluation" / "DR_annotation" / "chatgpt_data.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for cells in csv.DictReader(stream):
            assert cells["text"][:40] not in text
            assert cells["gpt-3.5-turbo"][:60] not in text
