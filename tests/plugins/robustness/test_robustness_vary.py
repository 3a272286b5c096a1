"""``imhi vary``: the same models in other words; spread, flips, tests, order."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from imhi._core.comparing.alignment import NotComparable
from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.run_store import RunFolder
from imhi._core.run_store.columns import Columns
from imhi._core.settings import RunSettings
from imhi._core.statistics.significance import holm
from imhi.plugins.robustness.variants import chosen_variants
from imhi.plugins.robustness.varying.prompt_effects import measure
from imhi.plugins.robustness.varying.result import Variation
from imhi.plugins.robustness.varying.running import group, run_all
from tests.conftest import Imhi

PLUGIN = Path(__file__).with_name("moody_models.py")
FIRM, MOODY, FOOLED = (
    "moody:firm,skill=0.8",
    "moody:moody,skill=0.6,moved=0.5",
    "moody:fooled,skill=0.85,fooled=Please",
)
STYLES = ["vary-polite", "vary-lines", "vary-first-50"]


@pytest.fixture(scope="module")
def moody(tmp_path_factory: pytest.TempPathFactory) -> tuple[PluginManager, list[RunFolder]]:
    """Three models asked four times about 240 posts of two datasets."""
    manager = load_plugins([PLUGIN])
    settings = RunSettings(
        model=(FIRM, MOODY, FOOLED),
        source="coins:240",
        dataset=("DR", "SAD"),
        out=tmp_path_factory.mktemp("varied"),
        resamples=200,
    )
    models, scores = run_all(settings, chosen_variants(STYLES), manager)
    assert all(one.complete for one in scores)
    assert [one.base_style for one in models] == ["instruction"] * 3
    return manager, [folder for one in models for folder in (one.base, *one.varied.values())]


@pytest.fixture(scope="module")
def found(moody: tuple[PluginManager, list[RunFolder]]) -> Variation:
    manager, folders = moody
    return measure(group(folders), manager, resamples=1000)


def test_a_model_that_does_not_read_the_prompt_does_not_move_at_all(found: Variation) -> None:
    for spread in (s for s in found.spreads if s.model == FIRM):
        assert (spread.deviation, spread.flips, spread.moved) == (0, 0, 0)
        assert spread.value == spread.mean == spread.lowest == spread.highest
        assert spread.worst == spread.best == "instruction"
    for row in (v for v in found.varied if v.model == FIRM):
        assert (row.difference, row.p) == (0, 1)
        assert row.low is not None and row.high is not None and row.low < 0 < row.high


def test_labels_change_far_more_than_the_score(found: Variation) -> None:
    """Of the moody model's answers half are drawn anew for each wording, as good as before."""
    for row in (v for v in found.varied if v.model == MOODY and not v.dataset):
        assert row.flips > 15
        assert 0 < abs(row.difference) < row.flips / 3


def test_it_is_said_how_many_posts_a_variant_changes(found: Variation) -> None:
    """Of the coins' posts those with a number from 49 to 119 have more than 50 words."""
    shares = {v.prompt: v.reworded for v in found.varied if v.dataset == "DR"}
    assert shares["vary-polite"] == 100
    assert shares["vary-first-50"] == pytest.approx(100 * 71 / 120)


def test_the_prompt_that_fools_a_model_is_found_and_is_more_than_chance(found: Variation) -> None:
    for dataset in ("DR", "SAD", ""):
        rows = [v for v in found.varied if (v.model, v.dataset) == (FOOLED, dataset)]
        assert {v.prompt for v in rows if v.significant} == {"vary-polite"}
        (spread,) = [s for s in found.spreads if (s.model, s.dataset) == (FOOLED, dataset)]
        assert (spread.worst, spread.moved) == ("vary-polite", 1)
        assert spread.value - spread.lowest > 20


def test_spread_is_over_all_prompts_the_base_among_them(found: Variation) -> None:
    (spread,) = [s for s in found.spreads if (s.model, s.dataset) == (MOODY, "DR")]
    values = [v.value for v in found.varied if (v.model, v.dataset) == (MOODY, "DR")]
    values.append(spread.value)
    assert spread.prompts == len(values) == 4
    assert spread.mean == pytest.approx(statistics.fmean(values))
    assert spread.deviation == pytest.approx(statistics.stdev(values))
    assert (spread.lowest, spread.highest) == (min(values), max(values))


def test_flips_are_counted_from_the_labels(
    found: Variation, moody: tuple[PluginManager, list[RunFolder]]
) -> None:
    base, polite = moody[1][4:6]
    labels = [
        [one.label for one in Columns.read(folder, "hybrid", "DR", moody[0].registry).predictions]
        for folder in (base, polite)
    ]
    changed = sum(a != b for a, b in zip(*labels, strict=True))
    (row,) = [
        v for v in found.varied if (v.model, v.dataset, v.prompt) == (MOODY, "DR", "vary-polite")
    ]
    assert row.flips == pytest.approx(100 * changed / 240)


def test_p_values_are_corrected_over_the_prompts_of_a_model(found: Variation) -> None:
    rows = [v for v in found.varied if (v.model, v.dataset) == (MOODY, "DR")]
    assert [v.p_holm for v in rows] == pytest.approx(holm([v.p for v in rows]))


def test_the_order_of_models_turns_where_one_is_fooled(found: Variation) -> None:
    orders = {o.prompt: o.agreement for o in found.orders if not o.dataset}
    assert orders["vary-polite"].turned > 0 == orders["vary-first-50"].turned
    assert orders["vary-polite"].high is not None and orders["vary-polite"].high < 1
    assert orders["vary-first-50"].tau == 1
    assert {(o.dataset, o.prompt) for o in found.orders} == {
        (dataset, style) for dataset in ("DR", "SAD", "") for style in STYLES
    }


def test_runs_that_differ_in_more_than_the_prompt_are_refused(
    moody: tuple[PluginManager, list[RunFolder]], tmp_path: Path
) -> None:
    manager, folders = moody
    with pytest.raises(HarnessError, match=r"expected one with instruction.*--prompt"):
        group(folders[1:4])
    with pytest.raises(HarnessError, match=r"found one run \(instruction\).*imhi vary --model"):
        group(folders[:1])
    with pytest.raises(HarnessError, match="two runs with the prompt vary-polite"):
        group([*folders[:2], folders[1]])
    settings = RunSettings(
        model=(FIRM,), source="coins:240", dataset=("DR",), out=tmp_path, seed=3, resamples=100
    )
    ((other,), _) = run_all(settings, chosen_variants(["polite"]), manager)
    with pytest.raises(HarnessError, match="differ in seed"):
        group([folders[0], other.varied["vary-polite"]])


def test_runs_on_other_examples_are_refused(
    moody: tuple[PluginManager, list[RunFolder]], tmp_path: Path
) -> None:
    manager, folders = moody
    settings = RunSettings(
        model=(FIRM,), source="coins:200", dataset=("DR",), out=tmp_path, resamples=100
    )
    ((other,), _) = run_all(settings, chosen_variants(["polite"]), manager)
    with pytest.raises(NotComparable, match="240 and 200 examples"):
        measure(group([folders[0], other.varied["vary-polite"]]), manager, resamples=100)


def test_any_prompt_can_be_the_base(moody: tuple[PluginManager, list[RunFolder]]) -> None:
    (one,) = group(moody[1][:4], "vary-lines")
    assert one.base_style == "vary-lines"
    assert list(one.varied) == ["instruction", "vary-polite", "vary-first-50"]


COMMAND = (
    "vary", "-m", "baseline:majority", "-m", "baseline:tfidf", "--variant", "last-50", "--variant",
    "polite", "-d", "DR", "-d", "SAD", "--resamples", "200",
)  # fmt: skip


def test_the_command_makes_ordinary_runs_and_finds_them_again(imhi_here: Imhi) -> None:
    first = imhi_here(*COMMAND, "--json")
    assert first.code == 0, first.err
    runs = {row["run"] for row in first.json["varied"]}
    assert len(runs) == 4
    times = {run: (Path(run) / "responses" / "DR.jsonl").stat().st_mtime_ns for run in runs}
    assert imhi_here(*COMMAND, "--json").json == first.json
    assert times == {run: (Path(run) / "responses" / "DR.jsonl").stat().st_mtime_ns for run in runs}
    for spread in first.json["spreads"]:
        assert (spread["deviation"], spread["flips"]) == (0, 0)
    for order in first.json["orders"]:
        assert order["agreement"]["tau"] == 1

    # The same again from the runs that are there.
    bases = [run.name for run in Path("runs").iterdir() if "test-instruction" in run.name]
    there = imhi_here("vary", *runs, *bases, "--resamples", "200", "--json")
    assert there.code == 0, there.err
    assert there.json["spreads"] == sorted(
        first.json["spreads"], key=lambda s: there.json["models"].index(s["model"])
    )


def test_tables_fit_80_columns(imhi_here: Imhi) -> None:
    said = imhi_here(*COMMAND, "--all")
    assert said.code == 0, said.err
    assert max(map(len, said.out.splitlines())) <= 80
    titles = [line for line in said.out.splitlines() if line.startswith("weighted_f1 - ")]
    assert titles[0] == "weighted_f1 - baseline:majority, 3 prompts (base: instruction)"
    assert titles[-1] == "weighted_f1 - order of 2 models, mean over 2 datasets"
    assert len(titles) == 2 + 2 * 3 + 3
    assert "-0.0" not in said.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--variant", "polte"), "unknown variant 'polte': did you mean 'polite'"),
        (("last", "-m", "baseline:majority"), "found --model beside runs that are there"),
        (("--metric", "nonsense", "-m", "baseline:majority"), "unknown metric 'nonsense'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    imhi_here: Imhi, words: tuple[str, ...], complaint: str
) -> None:
    said = imhi_here("vary", *words)
    assert said.code == 2
    assert complaint in said.complaint
