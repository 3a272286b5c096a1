"""Comparisons as Markdown, LaTeX and CSV: every number is there, marks are right, names harmless."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from imhi._core.comparing import ModelValue, compare
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store import RunFolder
from imhi.plugins.report.tables.markdown import bullets
from imhi.plugins.report.tables.writers import WRITERS
from tests.plugins.report.compared_by_hand import (
    BRIER,
    F1,
    HOSTILE,
    PUBLISHED,
    SCORES,
    comparison,
    csv_rows,
    figure,
    hostile,
    latex_rows,
    markdown_rows,
    written,
)

# --- Markdown ------------------------------------------------------------------------------------


def test_markdown_has_models_best_first_and_marks_by_column() -> None:
    header, _, *rows = markdown_rows(written("markdown", comparison()), "## weighted\\_f1")
    assert header == ["model", "DR", "SAD", "mean over datasets", "unparsed (%)"]
    assert rows[:3] == [
        ["first", r"**80.0** \[78.0, 83.0\]", r"60.0 \[58.0, 63.0\] †", r"**70.0** \[68.0, 73.0\]", "1.5"],
        ["second", r"78.0 \[76.0, 81.0\] †", r"50.0 \[48.0, 53.0\]", r"64.0 \[62.0, 67.0\]", "20.0"],
        ["third", r"40.0 \[38.0, 43.0\]", r"**61.0** \[59.0, 64.0\]", r"50.5 \[48.5, 53.5\]", "9.0"],
    ]  # fmt: skip


def test_less_is_better_where_the_metric_says_so() -> None:
    text = written("markdown", comparison())
    _, _, *rows = markdown_rows(text, "## unparsed ↓")
    assert [row[0] for row in rows] == ["first", "third", "second"]
    assert [row[1].startswith("**0.0**") for row in rows] == [True, False, True]
    assert [row[2].startswith("**") for row in rows] == [True, False, False]


def test_published_rows_are_marked_and_have_a_mean_only_over_the_same_datasets() -> None:
    text = written("markdown", comparison())
    rows = markdown_rows(text, "## weighted\\_f1")[-2:]
    assert rows == [
        ["_BERT_ (published)", "_91.2_", "_60.8_", "_76.0_", "–"],
        ["_Ro\\_BERTa_ (published)", "_95.1_", "–", "–", "–"],
    ]
    assert "- Published rows: not measured here, not tested" in text
    assert "- Source: Paper A, Table 2; quoted." in text
    assert "11.1" not in text  # CAMS is not among the datasets


def test_publications_are_numbered_where_there_are_several() -> None:
    several = [*PUBLISHED, figure("BERT", "DR", 90.0, "Paper B"), PUBLISHED[0]]
    text = written("markdown", comparison(), several)
    rows = markdown_rows(text, "## weighted\\_f1")
    assert [row[:2] for row in rows if "published" in row[0]] == [
        [r"_BERT_ (published, \[1\])", "_91.2_"],
        [r"_Ro\_BERTa_ (published, \[1\])", "_95.1_"],
        [r"_BERT_ (published, \[2\])", "_90.0_"],
    ]
    assert r"- \[2\] Paper B, Table 2; quoted." in text


@pytest.mark.parametrize("name", WRITERS)
def test_two_plugins_that_quote_a_figure_differently_are_both_shown(name: str) -> None:
    text = written(name, comparison(), [figure("BERT", "DR", 91.3), figure("BERT", "DR", 93.3)])
    assert "91.3" in text and "93.3" in text


def test_ranks_stand_with_their_ranges() -> None:
    header, _, *rows = markdown_rows(written("markdown", comparison()), "### Ranks")
    assert header == ["model", "DR", "SAD", "mean over datasets"]
    assert rows[0] == ["first", "1 (1-3)", "2 (2-3)", "1 (1-3)"]
    assert rows[2] == ["third", "3 (3)", "1 (1-3)", "3 (3)"]


def test_every_pair_has_its_difference_and_tests_from_the_side_of_the_better_run() -> None:
    _, _, *rows = markdown_rows(written("markdown", comparison()), "### Pairs")
    assert len(rows) == 9
    assert rows[0] == [
        "mean over datasets", "first", "second", r"+6.0 \[+5.0, +7.0\]", "&lt;0.001",
        "**&lt;0.001**", "–",
    ]  # fmt: skip
    assert rows[3] == [
        "DR", "first", "second", r"+2.0 \[+1.0, +3.0\]", "0.200", "0.400", "30 / 1,150 / 20",
    ]  # fmt: skip


def test_notes_say_where_the_numbers_come_from() -> None:
    found = comparison(notes=["splits differ: a; b"], left_out=["CAMS: not in run-1"])
    for name in ("markdown", "latex"):
        text = written(name, found)
        for part in (
            "labels read by hybrid",
            "official:imhi, split test",
            "10,000 resamples, seed 7",
            "splits differ: a; b",
            "CAMS: not in run-1",
            "For non-clinical research only.",
        ):
            assert part in text, (name, part)
        assert "fictional" not in text


# --- one run, nothing to compare -----------------------------------------------------------------


def test_a_single_run_has_values_and_neither_marks_nor_pairs() -> None:
    alone = comparison({"only": SCORES["first"]}, [F1])
    text = written("markdown", alone)
    assert text.startswith("# Scores\n")
    assert markdown_rows(text, "## weighted\\_f1")[2][:2] == ["only", r"80.0 \[78.0, 83.0\]"]
    for absent in ("**", "†", "Ranks", "Pairs"):
        assert absent not in text
    latex = written("latex", alone)
    assert r"\imhivalue{80.0}{78.0}{83.0}" in latex and r"{\imhibest{" not in latex
    assert {row["kind"] for row in csv_rows(written("csv", alone))} == {"value", "published"}


def test_a_pair_that_was_not_tested_is_not_told_apart() -> None:
    rows = markdown_rows(written("markdown", comparison(pairs=[])), "## weighted\\_f1")
    assert rows[4][1] == r"40.0 \[38.0, 43.0\] †"


def test_what_is_undefined_is_a_dash_and_is_never_the_best() -> None:
    values = [
        ModelValue("brier", dataset, "", name, value, None, None, 1, 1, 2)
        for name, value in (("a", 0.25), ("b", 0.5))
        for dataset, value in (("DR", value), ("SAD", float("nan")))
    ]
    values[2] = dataclasses.replace(values[2], rank=2)
    found = comparison({"a": {}, "b": {}}, [], metrics={"brier": BRIER}, values=values)
    rows = markdown_rows(written("markdown", found), "## brier ↓")
    assert rows[2:] == [["a", "**0.250**", "–"], ["b", "0.500 †", "–"]]
    assert ["a", r"$\imhibest{0.250}$", "--"] in latex_rows(written("latex", found))
    values = [row for row in csv_rows(written("csv", found)) if row["kind"] == "value"]
    assert [row["value"] for row in values[:2]] == ["0.25", ""]


def test_demo_runs_are_called_fictional_and_nothing_published_stands_beside_them() -> None:
    found = comparison(synthetic=True)
    for name in ("markdown", "latex"):
        text = written(name, found)
        assert "Demo posts are fictional" in text and "BERT" not in text
    rows = csv_rows(written("csv", found))
    assert {row["kind"] for row in rows} == {"value", "pair"}
    assert {row["synthetic"] for row in rows} == {"true"}


@pytest.mark.parametrize("name", WRITERS)
def test_no_folder_of_this_machine_is_told(name: str) -> None:
    text = written(name, comparison())
    assert "/home" not in text and "run-2" in text


# --- strangers in the other formats --------------------------------------------------------------


def test_no_name_of_a_stranger_breaks_a_markdown_table() -> None:
    text = written("markdown", *hostile())
    rows = markdown_rows(text, "## weighted\\_f1")
    assert len(rows) == 2 + 2 * len(HOSTILE)
    assert "<b>" not in text and "\x1b" not in text and "*x*" not in text.replace(r"\*", "")


def test_no_name_of_a_stranger_is_a_formula_in_csv() -> None:
    rows = csv_rows(written("csv", *hostile()))
    for row in rows:
        assert None not in row.values() and None not in row
        for name, cell in row.items():
            assert not cell.startswith(("=", "@")), (name, cell)
            assert "\n" not in cell and "\x1b" not in cell
    assert any(row["model"].startswith("'=HYPERLINK") for row in rows)


# --- CSV -----------------------------------------------------------------------------------------


def test_csv_has_a_row_for_each_value_pair_and_published_figure() -> None:
    found = comparison()
    rows = csv_rows(written("csv", found))
    kinds = [row["kind"] for row in rows]
    assert (kinds.count("value"), kinds.count("pair"), kinds.count("published")) == (
        len(found.values),
        len(found.pairs),
        3,
    )
    value = rows[0]
    assert (value["model"], value["value"], value["low"], value["rank"], value["rank_high"]) == (
        "first", "80.04", "78.04", "1", "3",
    )  # fmt: skip
    assert (value["labeler"], value["data"], value["run"]) == (
        "hybrid", "official:imhi, split test", "run-0",
    )  # fmt: skip
    pair = next(row for row in rows if row["kind"] == "pair")
    assert (pair["model"], pair["against"], pair["p_holm"], pair["significant"]) == (
        "first", "second", "0.4", "false",
    )  # fmt: skip
    published = rows[-1]
    assert (published["model"], published["value"], published["source"]) == (
        "Ro_BERTa", "95.11", "Paper A",
    )  # fmt: skip


# --- real runs -----------------------------------------------------------------------------------


def test_real_demo_runs_are_written_in_every_format(manager: PluginManager, tmp_path: Path) -> None:
    models = ["baseline:majority", "baseline:tfidf"]
    results = evaluate(models=models, datasets=["DR", "SAD"], out=tmp_path, resamples=200)
    folders = [RunFolder(folder) for folder in results.folders]
    found = compare(folders, manager, metrics=["weighted_f1", "unparsed"], resamples=300)
    shown = found.value("baseline:tfidf", "weighted_f1", "DR")
    assert shown is not None
    for name in WRITERS:
        text = written(name, found)
        assert str(tmp_path) not in text
        cell = f"{shown.value:.1f}" if name != "csv" else repr(shown.value)
        assert cell in text and "baseline:tfidf" in text
    alone = compare(folders[:1], manager, metrics=["weighted_f1"], resamples=300)
    assert markdown_rows(written("markdown", alone), "## weighted\\_f1")[2][0] == models[0]


def test_sentences_of_a_markdown_list_are_a_line_each_and_no_commands() -> None:
    assert bullets(["a\nb", "*c*"]) == "- a b\n- \\*c\\*"
