"""What the report shows is what the runs say."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import pytest

from imhi._core.published import PublishedResult
from imhi._core.records import Example, Prediction, Response
from imhi._core.run_store.columns import Columns
from imhi.plugins.report.html.material import Material
from imhi.plugins.report.html.page import page
from imhi.plugins.report.html.sections import examples
from imhi.plugins.report.html.sections.calibration import reliability
from imhi.plugins.report.html.sections.classes import dataset_classes
from imhi.plugins.report.html.sections.costs import HEADS, cost_lines
from imhi.plugins.report.html.sections.differences import differences
from imhi.plugins.report.html.sections.examples import browser
from imhi.plugins.report.html.sections.glance import glance
from imhi.plugins.report.html.sections.headline import headlines
from imhi.plugins.report.html.sections.losses import loss_lines, run_losses
from imhi.plugins.report.html.sections.slices import dataset_slices


def with_rows(
    material: Material, rows: Sequence[tuple[str, str, str | None, float | None]]
) -> Material:
    """A report on DR alone by one run; a row is a post, its gold label, the label given, and the
    probability of that label."""
    columns = Columns(
        [Example(f"test-{i}", "DR", "test", row[0], "?", row[1]) for i, row in enumerate(rows)],
        [
            Response(f"test-{i}", "DR", "", "an answer", probabilities=row[3] and {row[2]: row[3]})
            for i, row in enumerate(rows)
        ],
        [
            Prediction(f"test-{i}", "DR", row[2], "labelled" if row[2] else "unparsed")
            for i, row in enumerate(rows)
        ],
    )
    run = dataclasses.replace(material.runs[0], columns={"DR": columns})
    comparison = dataclasses.replace(
        material.comparison,
        datasets=["DR"],
        names=[run.name],
        runs=material.comparison.runs[:1],
        pairs=[],
    )
    return dataclasses.replace(material, runs=[run], comparison=comparison)


def test_the_same_runs_make_the_same_bytes(demo_runs) -> None:
    one, other = (page(demo_runs.material(datasets=["DR"])) for _ in range(2))
    assert one == other


def test_the_headline_has_each_value_of_the_comparison(demo_material: Material) -> None:
    (table,) = headlines(demo_material)
    for line in table.lines:
        for place, cell in zip(table.places, line.cells, strict=True):
            value = demo_material.comparison.value(
                line.name, "weighted_f1", place.dataset, place.over
            )
            assert value is not None and cell is not None
            assert cell.value == f"{value.value:.1f}"
            assert cell.span == f"{value.low:.1f} to {value.high:.1f}"
            assert cell.best == (value.rank == 1)


def test_published_figures_stand_below_runs_and_are_marked(demo_material: Material) -> None:
    rows = [
        PublishedResult("theirs", name, "weighted_f1", 70.0, "A paper", "table 1", "read by us")
        for name in demo_material.datasets[:2]
    ]
    text = page(dataclasses.replace(demo_material, published=rows)).decode()
    table = headlines(dataclasses.replace(demo_material, published=rows))[0]
    assert [line.name for line in table.lines if line.source] == ["theirs"]
    # Not on all datasets: no mean, which would be one over others.
    assert table.lines[-1].cells[0] is None
    assert "published, not measured here" in text
    assert "A paper, table 1: read by us" in text


def test_confusion_counts_rows_and_per_class_values_follow(demo_material: Material) -> None:
    rows = [("a b", "yes", "yes", None)] * 6 + [("a b", "yes", None, None)] * 2
    rows += [("a b", "no", "yes", None)] * 1 + [("a b", "no", "no", None)] * 3
    (found,) = dataset_classes(with_rows(demo_material, rows))
    (matrix,) = found.matrices
    assert {gold: [cell.count for cell in cells] for gold, cells in matrix.lines} == {
        "yes": [6, 0, 2],
        "no": [1, 3, 0],
    }
    yes, no = found.classes
    assert (yes.label, yes.support, yes.bars[0].shown) == ("yes", 8, "80.0")  # 2*6 / (8 + 7)
    assert yes.bars[0].more == "P 85.7 · R 75.0"
    assert (no.label, no.support, no.bars[0].shown) == ("no", 4, "85.7")  # 2*3 / (4 + 3)


def test_the_calibration_error_is_the_mean_distance_of_confidence_and_right_ones(
    demo_material: Material,
) -> None:
    rows = [("a", "yes", "yes" if i < 6 else "no", 0.85) for i in range(10)]
    rows += [("a", "no", "no" if i < 5 else "yes", 0.55) for i in range(10)]
    rows += [("a", "no", None, None)]
    (found,) = reliability(with_rows(demo_material, rows))
    (curve,) = found.curves
    assert [(one.answers, round(one.confidence), one.right) for one in curve.bins] == [
        (10, 55, 50.0),
        (10, 85, 60.0),
    ]
    assert curve.error == pytest.approx((5 + 25) / 2)


def test_a_model_without_probabilities_has_no_curve(demo_material: Material) -> None:
    names = {curve.name for one in reliability(demo_material) for curve in one.curves}
    assert names == {"baseline:tfidf", "baseline:majority"}


def test_slices_are_quarters_of_length_questions_and_gold_labels(demo_material: Material) -> None:
    posts = ["I'm", "say me", *(" ".join(["w"] * n) for n in range(3, 9))]
    rows = [(post, "yes", "yes" if n < 4 else "no", None) for n, post in enumerate(posts)]
    ((by_length, quarters), (by_person, persons), (by_label, labels)) = dataset_slices(
        with_rows(demo_material, rows)
    )[0].groups
    assert by_length == "post length"
    assert [(line.name, line.examples, line.bars[0].value) for line in quarters] == [
        ("shortest quarter: 1 to 2 words", 2, 100.0),
        ("second quarter: 3 to 4 words", 2, 100.0),
        ("third quarter: 5 to 6 words", 2, 0.0),
        ("longest quarter: 7 to 8 words", 2, 0.0),
    ]
    assert by_person == "first person"
    assert [(line.name, line.examples) for line in persons] == [
        ("says I, me or my", 2),
        ("does not", 6),
    ]
    assert by_label == "gold label"
    assert [(line.name, line.examples, line.few) for line in labels] == [
        ("yes", 8, True),
        ("no", 0, True),
    ]
    irf = next(one for one in dataset_slices(demo_material) if one.dataset == "IRF")
    assert [by for by, _ in irf.groups] == ["post length", "first person", "question", "gold label"]


def test_what_has_no_label_is_counted_and_listed_with_the_reason(demo_material: Material) -> None:
    (lost,) = run_losses(demo_material)
    assert lost.name == "troubled:demo"
    counted = [line for line in loss_lines(demo_material) if line.name == lost.name]
    assert lost.total == sum(line.unparsed + line.failed for line in counted)
    assert not any(line.not_asked for line in counted)
    assert set(dict(lost.reasons)) == {
        "failed",
        "cut off before an answer",
        "the answer states no label",
    }
    assert {one.reason for one in lost.listed if one.kind == "failed"} == {
        "the error quotes the post and is left out"
    }
    assert not any(one.answer for one in lost.listed)


def test_costs_are_those_of_the_manifest_and_nothing_where_there_are_none(
    demo_material: Material,
) -> None:
    lines = {
        line.name: dict(zip(HEADS, line.amounts, strict=True)) for line in cost_lines(demo_material)
    }
    totals = next(r for r in demo_material.runs if r.name == "troubled:demo").manifest.totals
    assert totals is not None
    troubled = lines["troubled:demo"]
    assert troubled["prompt tokens"].order == totals.prompt_tokens > 0
    assert troubled["US$ per 1,000"].shown == "1.0000"
    assert troubled["latency, median, s"].order >= 0.1
    assert lines["baseline:tfidf"]["cost, US$"].shown == "–"
    assert lines["baseline:tfidf"]["prompt tokens"].shown == "–"


def test_every_pair_is_there_with_its_test(demo_material: Material) -> None:
    (found,) = differences(demo_material)
    places = demo_material.places()
    assert len(found.pairs) == 3 * len(places)
    for line in found.pairs:
        place = next(place for place in places if place.title == line.place)
        pair = demo_material.comparison.pair(
            line.a, line.b, "weighted_f1", place.dataset, place.over
        )
        assert pair is not None
        assert (line.difference, line.p, line.significant) == (
            pair.difference,
            pair.p_holm,
            pair.significant,
        )


def test_one_run_has_a_report_too(demo_runs) -> None:
    alone = dataclasses.replace(demo_runs, folders=demo_runs.folders[:1])
    text = page(alone.material(datasets=["DR"])).decode()
    assert "There is one run" in text
    assert "baseline:tfidf on DR" in re.search("<h1>(.*)</h1>", text)[1]
    assert glance(alone.material(datasets=["DR"]))[0].startswith("baseline:tfidf has weighted F1")


def test_texts_beyond_the_room_are_left_out_and_said_so(
    demo_runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = demo_runs.material(with_posts=True)
    assert browser(material).texts == browser(material).examples
    monkeypatch.setattr(examples, "ROOM", 60_000)
    small = browser(material)
    assert 0 < small.texts < small.examples
    assert (
        f"Post, reference and answers of {small.texts} are in this file" in page(material).decode()
    )


def test_the_main_measure_comes_first_and_orders_the_runs(demo_runs) -> None:
    material = demo_runs.material(metrics=["accuracy", "weighted_f1"], datasets=["DR"])
    assert [table.title for table in headlines(material)] == ["weighted F1", "accuracy"]
