"""The picture of a training: what is drawn of which model, and what is said where there is nothing
to draw."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi.finetune.trained.curves import (
    COLUMNS,
    Curve,
    can_draw,
    curve_of,
    draw_curves,
    picture,
    running_mean,
    spread,
)
from imhi.finetune.trained.manifest import ModelRecord
from tests.finetune.trained.manifests import a_manifest, a_member, a_recipe

pytest.importorskip("matplotlib")


def drawn(*members: dict[str, Any], **recipe: Any) -> Any:
    named = {f"model-{number}": member for number, member in enumerate(members)}
    return picture(a_manifest(a_recipe(**recipe), named))


def curve(member: dict[str, Any]) -> Curve:
    return curve_of("m", ModelRecord.model_validate(member), "weighted_f1")


def lines(axes: Any) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]


def words(figure: Any) -> str:
    return " | ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def legend(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


# --- what is drawn -------------------------------------------------------------------------------


def test_losses_stand_above_scores_over_the_same_updates() -> None:
    above, below = drawn(a_member()).axes
    training, validation = lines(above)
    assert training[0] == [10, 20, 30, 40, 50, 60]
    assert training[1][0] == pytest.approx(1 + math.exp(-0.5))
    assert validation[0] == [20, 40, 60]
    assert validation[1][-1] == pytest.approx(1.2 + math.exp(-3))
    assert lines(below)[0] == ([20, 40, 60], [45.0, 50.0, 55.0])
    assert above.get_xlim() == below.get_xlim()
    assert (above.get_ylabel(), below.get_ylabel()) == ("loss", "weighted F1")
    assert below.get_xlabel() == "update"


def test_the_score_is_the_one_the_recipe_validates_by() -> None:
    member = a_member(metric="accuracy")
    _, below = drawn(member, validation={"metric": "accuracy"}).axes
    assert below.get_ylabel() == "accuracy"
    assert lines(below)[0][1] == [45.0, 50.0, 55.0]


def test_the_star_marks_the_weights_that_were_kept() -> None:
    figure = drawn(a_member(best=40))
    above, below = figure.axes
    assert lines(below)[1] == ([40], [50.0])
    assert "50.0" in words(figure)
    # A line through both panels.
    assert all([40, 40] in [updates for updates, _ in lines(axes)] for axes in (above, below))
    assert legend(figure)[-1] == "best: these weights are kept"


def test_without_a_choice_the_star_marks_the_highest_and_says_that_it_was_not_kept() -> None:
    member = a_member()
    member["history"][-2]["eval_weighted_f1"] = 1.0  # the last measurement
    figure = drawn(member)
    assert lines(figure.axes[1])[1] == ([40], [50.0])
    assert legend(figure)[-1] == "highest; the last weights are kept"
    assert [40, 40] not in [updates for updates, _ in lines(figure.axes[0])]


def test_scores_of_each_dataset_stand_beside_their_mean() -> None:
    figure = drawn(a_member(("DR", "SAD")))
    below = figure.axes[1]
    assert lines(below)[:3] == [
        ([20, 40, 60], [45.0, 50.0, 55.0]),
        ([20, 40, 60], [50.0, 55.0, 60.0]),
        ([20, 40, 60], [47.5, 52.5, 57.5]),
    ]
    assert {"DR", "SAD"} <= {text.get_text() for text in below.texts}
    assert "validation score, mean of datasets" in legend(figure)


def test_weighed_losses_are_called_so() -> None:
    weighed = drawn(a_member(), training={"label_weight": 10})
    assert weighed.axes[0].get_ylabel() == "loss, label tokens × 10"


def test_many_losses_get_a_running_mean() -> None:
    above, _ = drawn(a_member(updates=1_000)).axes
    mean, logged, _ = lines(above)
    assert len(mean[1]) == len(logged[1]) == 100
    assert mean[1][0] < logged[1][0]  # the first falls fastest


def test_a_loss_that_falls_far_is_shown_on_a_logarithmic_axis() -> None:
    steep = a_member()
    steep["history"][0]["loss"] = 12.0
    assert drawn(steep).axes[0].get_yscale() == "log"
    assert drawn(a_member()).axes[0].get_yscale() == "linear"


# --- several models ------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (3, 1, 3), (9, 3, 4)])
def test_each_model_has_a_panel_and_at_most_four_stand_side_by_side(
    count: int, rows: int, columns: int
) -> None:
    figure = drawn(*[a_member() for _ in range(count)])
    figure.draw_without_rendering()
    above = figure.axes[::2]
    assert [axes.get_title() for axes in above] == [f"model-{n}" for n in range(count)]
    corners = [axes.get_position() for axes in above]
    assert len({round(box.y0, 3) for box in corners}) == rows
    assert len({round(box.x0, 3) for box in corners}) == columns <= COLUMNS


def test_no_panel_shrinks_with_the_number_of_models() -> None:
    def inches(count: int) -> tuple[float, float]:
        figure = drawn(*[a_member() for _ in range(count)])
        figure.draw_without_rendering()
        box = figure.axes[0].get_position()
        width, height = figure.get_size_inches()
        return float(box.width * width), float(box.height * height)

    for one, other in zip(inches(4), inches(16), strict=True):
        assert one == pytest.approx(other, rel=0.1)


def test_scores_of_all_models_share_their_axis() -> None:
    better = a_member()
    for row in better["history"]:
        if "eval_weighted_f1" in row:
            row["eval_weighted_f1"] += 30
    figure = drawn(a_member(), better)
    assert figure.axes[1].get_ylim() == figure.axes[3].get_ylim()


def test_names_are_shown_as_they_are_and_long_ones_are_cut() -> None:
    members = {"a_$b$": a_member(), "x" * 90: a_member()}
    figure = picture(a_manifest(members=members))
    figure.draw_without_rendering()
    titles = [axes.title for axes in figure.axes[::2]]
    assert titles[0].get_text() == "a_$b$" and not titles[0].get_parse_math()
    assert titles[1].get_text().endswith("x…")
    for axes in figure.axes[::2]:
        assert axes.title.get_window_extent().width <= axes.get_window_extent().width


# --- where there is nothing to draw --------------------------------------------------------------


def test_without_validation_there_are_losses_alone_and_it_is_said() -> None:
    figure = drawn(a_member(validated=False))
    assert len(figure.axes) == 1
    assert words(figure) == "no validation rows"
    assert legend(figure) == ["training loss"]
    assert figure.get_suptitle() == "a-recipe: losses"


def test_losses_on_validation_rows_do_without_a_score() -> None:
    figure = drawn(a_member(metric=None), validation={"metric": None})
    assert len(figure.axes) == 1
    assert words(figure) == ""
    assert legend(figure) == ["training loss", "validation loss"]


def test_one_model_without_validation_among_others_is_marked() -> None:
    figure = drawn(a_member(), a_member(validated=False))
    assert [text.get_text() for text in figure.axes[2].texts] == ["no validation rows"]
    assert [text.get_text() for text in figure.axes[3].texts] == ["not measured"]


@pytest.mark.parametrize("said", [a_member(losses=False, validated=False), {"datasets": ["DR"]}])
def test_a_model_without_a_logged_loss_says_so(said: dict[str, Any]) -> None:
    assert words(drawn(said)) == "no loss was logged"


# --- the file ------------------------------------------------------------------------------------


def test_the_file_is_a_picture_of_that_size(tmp_path: Path) -> None:
    import matplotlib.image

    path = tmp_path / "curves.png"
    draw_curves(a_manifest(members={"DR": a_member(best=40), "SAD": a_member()}), path)
    pixels = matplotlib.image.imread(path)
    assert pixels.shape[1] == round(150 * 7.4)
    # Each curve's colour was painted.
    for colour in ("#0072b2", "#d55e00", "#009e73", "#f0e442"):
        wanted = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        assert (abs(pixels[..., :3] - wanted).max(axis=-1) < 0.01).any(), colour


def test_without_matplotlib_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert can_draw()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert not can_draw()
    with pytest.raises(HarnessError, match=r"matplotlib.*\[plots\]"):
        draw_curves(a_manifest(), tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()


def test_asking_whether_it_can_draw_imports_nothing_heavy() -> None:
    code = (
        "import sys; from imhi.finetune.trained.curves import can_draw; can_draw(); "
        "print([m for m in ('matplotlib', 'numpy', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- figures -------------------------------------------------------------------------------------


def test_the_running_mean_takes_what_is_near() -> None:
    assert running_mean([1, 2, 3, 10], 1) == [1.5, 2, 5, 6.5]
    assert running_mean([1, 5], 0) == [1, 5]


def test_names_at_one_height_are_spread_and_keep_their_order() -> None:
    found = spread([50, 50.1, 90, 99.9], 5, 0, 100)
    assert found == [50, 55, 90, 99.9]
    crowded = spread([99, 99.5, 98], 5, 0, 100)
    assert crowded == [95, 100, 90]
    assert spread([], 5, 0, 100) == []


def test_a_best_update_that_was_never_measured_leaves_the_highest() -> None:
    assert curve(a_member(best=30)).marked == 2
    assert curve(a_member(validated=False)).marked is None


def test_of_equal_scores_the_latest_is_the_highest() -> None:
    member = a_member()
    for row in member["history"]:
        row["eval_weighted_f1"] = 33.3
    flat = curve(member)
    assert flat.marked == len(flat.score[0]) - 1
