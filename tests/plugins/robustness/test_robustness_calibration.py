"""``imhi calibration``: confidence against how often it is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imhi._core.errors import HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.run_store import RunFolder
from imhi.plugins.robustness.calibration.confidences import decisions, subjects
from imhi.plugins.robustness.calibration.errors import (
    bins_of,
    calibration_error,
    equal_mass,
    equal_width,
    error_by_chance,
)
from imhi.plugins.robustness.calibration.reliability import Calibrated, calibrate
from imhi.plugins.robustness.calibration.risk import area, areas, best_area, curve
from imhi.plugins.robustness.calibration.tables import sparkline
from tests.conftest import Imhi

PLUGIN = Path(__file__).with_name("moody_models.py")
DRAW = np.random.default_rng(0)

DRAWN = {"source": "coins:300", "datasets": ["DR"]}

Run = Callable[..., RunFolder]


@pytest.fixture(scope="module")
def coins() -> PluginManager:
    return load_plugins([PLUGIN])


@pytest.fixture(scope="module")
def run(coins: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("calibrated")

    def run(model: str, **settings: object) -> RunFolder:
        results = evaluate(
            model,
            manager=coins,
            **{"source": "coins:800", "datasets": ["DR", "SAD"], "resamples": 100, "out": out}
            | settings,
        )
        return RunFolder(results.folders[0])

    return run


# --- calibration error ---------------------------------------------------------------------------


def test_the_error_is_the_mean_gap_of_the_bins_weighed_by_their_size() -> None:
    confidence = np.array([0.1, 0.2, 0.9, 0.9, 0.6])
    right = np.array([False, True, True, True, False])
    # Two bins: (0.5 - 0.15) of two examples, (2/3 - 0.8) of three.
    expected = 100 * (2 * 0.35 + 3 * abs(2 / 3 - 0.8)) / 5
    error = calibration_error("ece", confidence, right, equal_width(2))
    assert error.value() == pytest.approx(expected)
    assert [(one.n, one.accuracy) for one in bins_of(confidence, right, equal_width(2))] == [
        (2, 0.5),
        (3, pytest.approx(2 / 3)),
    ]


def test_bins_of_equal_mass_hold_equal_numbers_and_equal_confidences_share_one() -> None:
    confidence = DRAW.random(1000)
    sizes = [one.n for one in bins_of(confidence, confidence > 0.5, equal_mass(confidence, 10))]
    assert len(sizes) == 10 and max(sizes) - min(sizes) <= 2
    assert len(equal_mass(np.full(1000, 0.7), 10)) == 0
    few = equal_mass(np.repeat([0.2, 0.6, 1.0], 200), 10)
    assert len(few) == 2


def test_small_samples_have_fewer_bins_not_smaller_ones() -> None:
    confidence = DRAW.random(35)
    sizes = [one.n for one in bins_of(confidence, confidence > 0.5, equal_mass(confidence, 15))]
    assert len(sizes) == 3 and min(sizes) >= 10


@pytest.mark.parametrize(
    ("confidence", "sizes"),
    [
        (np.linspace(0.1, 0.9, 30), [10, 10, 10]),
        (np.repeat([0.2, 0.4], [5, 25]), [30]),
        (np.repeat([0.2, 0.4, 0.6, 0.8, 1.0], [4, 9, 12, 3, 22]), [13, 15, 22]),
        (np.linspace(0.1, 0.9, 7), [7]),
    ],
)
def test_no_bin_of_equal_mass_is_small_however_confidences_are_tied(
    confidence: np.ndarray, sizes: list[int]
) -> None:
    found = bins_of(confidence, confidence > 0.5, equal_mass(confidence, 15))
    assert [one.n for one in found] == sizes


def test_a_calibrated_model_has_the_error_that_chance_gives_it() -> None:
    confidence = DRAW.random(2000)
    edges = equal_mass(confidence, 15)
    by_chance = error_by_chance(confidence, edges, 2000, np.random.default_rng(1))
    seen = [
        calibration_error("ece", confidence, DRAW.random(2000) < confidence, edges).value()
        for _ in range(300)
    ]
    assert np.mean(seen) == pytest.approx(by_chance.mean(), rel=0.05)
    assert np.quantile(seen, 0.95) == pytest.approx(np.quantile(by_chance, 0.95), rel=0.1)


# --- risk and coverage ---------------------------------------------------------------------------


def test_the_area_is_the_error_rate_where_confidence_says_nothing() -> None:
    right = DRAW.random(500) < 0.7
    whole, drawn = areas(np.full(500, 0.5), right, [str(i) for i in range(500)], 400, 0, "DR")
    assert whole == pytest.approx((~right).mean())
    assert drawn.mean() == pytest.approx(whole, abs=0.01)


def test_the_area_is_least_where_every_wrong_label_is_less_sure_than_every_right_one() -> None:
    right = np.arange(2000) < 1500
    best, _ = areas(-np.arange(2000.0), right, [str(i) for i in range(2000)], 100, 0, "DR")
    assert best == pytest.approx(best_area(0.25), abs=1e-3)
    worst, _ = areas(np.arange(2000.0), right, [str(i) for i in range(2000)], 100, 0, "DR")
    assert worst > 0.25 > best
    assert best_area(0.0) == 0 and best_area(1.0) == 1


def test_the_area_is_the_mean_of_the_curve() -> None:
    confidence = DRAW.random(4000).round(2)
    right = DRAW.random(4000) < confidence
    whole, _ = areas(confidence, right, [str(i) for i in range(4000)], 100, 0, "DR")
    points = curve(confidence, right, 1000)
    assert whole == pytest.approx(np.mean([risk for _, risk in points]), abs=0.002)
    assert points[-1] == (1.0, pytest.approx((~right).mean()))


def test_the_area_of_a_resample_is_that_of_its_rows_repeated() -> None:
    confidence, times = np.array([0.9, 0.9, 0.5, 0.2]), np.array([2, 0, 3, 1])
    wrong = np.array([0.0, 1.0, 1.0, 0.0])
    weighed = area(np.array([2.0, 3.0, 1.0]), np.array([0.0, 3.0, 0.0]))
    rows = np.repeat(np.arange(4), times)
    repeated, _ = areas(
        confidence[rows], wrong[rows] == 0, [str(i) for i in range(6)], 100, 0, "DR"
    )
    assert float(weighed) == pytest.approx(repeated)


def test_the_small_curve_is_drawn_from_nothing_to_the_highest_risk() -> None:
    assert sparkline([0, 0.5, 1], 1) == "▁▅█"
    assert sparkline([0, 0], 0) == "▁▁"


# --- runs ----------------------------------------------------------------------------------------


def of(found: list[Calibrated], dataset: str) -> Calibrated:
    (one,) = [each for each in found if each.dataset == dataset]
    return one


def test_a_perfectly_calibrated_model_is_found_to_be(run: Run, coins: PluginManager) -> None:
    found = calibrate([run("sure:honest")], coins, resamples=500)
    for one in found.found:
        for error in (one.equal_mass, one.equal_width):
            assert error.error.value < error.by_chance + 2
            assert not error.significant
        assert one.accuracy == pytest.approx(one.confidence, abs=4)
        assert one.aurc.high is not None and one.aurc.high < one.aurc_random
        assert one.aurc_best < one.aurc.value
        assert one.n == one.examples == 800 and not one.left_out


def test_a_model_that_is_too_sure_is_found_to_be(run: Run, coins: PluginManager) -> None:
    found = calibrate([run("sure:honest"), run("sure:vain,extra=0.2")], coins, resamples=500)
    honest, vain = ([each for each in found.found if each.model == name] for name in found.runs)
    for dataset in found.datasets:
        one, other = of(honest, dataset), of(vain, dataset)
        assert other.equal_mass.significant and other.equal_mass.p < 0.01
        assert other.confidence - other.accuracy > 10
        low = other.equal_mass.error.low
        assert low is not None and low > one.equal_mass.error.value
        assert other.brier.value > one.brier.value


def test_brier_counts_all_labels(run: Run, coins: PluginManager) -> None:
    folder = run("sure:honest")
    labels = coins.registry.datasets.get("SAD").label_names
    examples, responses = list(folder.examples("SAD")), list(folder.responses("SAD"))
    gold = {example.id: example.label for example in examples}
    expected = np.mean(
        [
            sum(((r.probabilities or {})[name] - (name == gold[r.id])) ** 2 for name in labels)
            for r in responses
        ]
    )
    found = calibrate([folder], coins, datasets=["SAD"], resamples=100)
    assert found.found[0].brier.value == pytest.approx(expected)


def test_samples_agree_more_where_the_model_is_more_often_right(
    run: Run, coins: PluginManager
) -> None:
    samples = [run("drawn:coin", **DRAWN, seed=seed, temperature=1.0) for seed in range(5)]
    found = calibrate(samples, coins, resamples=200)
    assert list(found.runs) == ["drawn:coin"]
    for one in found.found:
        assert one.confidence_from == "agreement of 5 samples"
        assert one.aurc.high is not None and one.aurc.high < one.aurc_random
    (subject,) = subjects(samples)
    made, _ = decisions(subject, "DR", ("yes", "no"), "hybrid")
    assert set(np.unique(made.confidence).round(1)) == {0.6, 0.8, 1.0}


def test_what_gives_no_confidence_is_refused_and_told_what_would(
    run: Run, coins: PluginManager
) -> None:
    with pytest.raises(HarnessError, match=r"without probabilities and no second.*--temperature"):
        calibrate([run("drawn:coin", **DRAWN, temperature=1.0)], coins)
    greedy = [run("drawn:coin", **DRAWN, seed=seed) for seed in range(2)]
    with pytest.raises(HarnessError, match="2 runs of drawn:coin at temperature 0"):
        calibrate(greedy, coins)
    with pytest.raises(HarnessError, match="no second sample"):
        calibrate([greedy[0], run("drawn:coin", **DRAWN, temperature=1.0)], coins)


def test_samples_that_were_asked_other_things_are_refused(run: Run, coins: PluginManager) -> None:
    shuffled = [
        run("drawn:coin", **DRAWN, seed=seed, temperature=1.0, prompt="vary-list-shuffled")
        for seed in range(2)
    ]
    with pytest.raises(
        HarnessError, match=r"differ in more than their seed.*other prompts"
    ) as said:
        calibrate(shuffled, coins)
    assert "--allow" not in str(said.value)


def test_examples_without_a_confidence_are_counted_and_left_out(
    run: Run, coins: PluginManager, tmp_path: Path
) -> None:
    import json

    folder = run("sure:honest", out=tmp_path, datasets=["DR"])
    path = folder.file("responses", "DR")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows[:30]:
        del row["probabilities"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (one,) = calibrate([folder], coins, resamples=100).found
    assert (one.n, one.examples, one.left_out) == (770, 800, {"no probabilities": 30})


def test_rows_about_one_post_are_drawn_together(run: Run, coins: PluginManager) -> None:
    (one,) = calibrate([run("sure:honest", datasets=["IRF"])], coins, resamples=100).found
    assert (one.n, one.posts) == (800, 400)


def test_the_command_shows_both_baselines_within_80_columns(imhi_here: Imhi) -> None:
    assert imhi_here("run", "-d", "DR", "-d", "SAD", "--resamples", "100").code == 0
    said = imhi_here("calibration", "tfidf", "majority", "--resamples", "200")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    assert "baseline:tfidf, confidence: probabilities" in said.out
    found = imhi_here("calibration", "tfidf", "majority", "--resamples", "200", "--json").json
    majority = [one for one in found["found"] if one["model"] == "baseline:majority"]
    for one in majority:  # it is as sure of every post
        assert len(one["equal_mass"]["bins"]) == 1
        assert one["aurc"]["value"] == pytest.approx(one["aurc_random"])
        assert len(one["curve"]) == 100
    said = imhi_here("calibration", "tfidf", "--bins", "1")
    assert said.complaint == "imhi: --bins: found 1, expected at least 2"
