"""Answers made elsewhere: scored as they are, joined to a source, refused where they do not fit."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import DataError, HarnessError
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi._core.results import RunScores
from tests.checkouts import TEST, depression_checkout
from tests.conftest import Imhi

YES = "Yes, the poster suffers from depression."
NO = "No, the poster does not suffer from depression."

Scored = Callable[..., RunScores]


def write(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def write_answers(path: Path, rows: Sequence[tuple[str, str]]) -> Path:
    """Write reference answers and generated ones."""
    return write(path, rows, ("goldens", "generated_text"))


def golds_of(checkout: Path) -> list[str]:
    """Return the reference answers of the test file of DR."""
    with (checkout / TEST / "DR.csv").open(encoding="utf-8", newline="") as stream:
        return [row["gpt-3.5-turbo"] for row in csv.DictReader(stream)]


@pytest.fixture
def scored(manager: PluginManager, tmp_path: Path) -> Scored:
    """Import a path and score it; ``source`` joins it to a source."""

    def run(path: Path, source: str | None = None, **settings: Any) -> RunScores:
        given: dict[str, Any] = {
            "source": source or f"imported:{path}",
            "split": "test" if source else "imported",
        }
        given |= {"labeler": "strict", "resamples": 200, "out": tmp_path / "runs", **settings}
        return evaluate(f"imported:{path},name=mine", manager=manager, **given).runs[0]

    return run


def value(scores: RunScores, metric: str, dataset: str = "DR") -> float:
    (row,) = [r for r in scores.scores if (r["metric"], r["dataset"]) == (metric, dataset)]
    return float(row["value"])


# --- without a source ----------------------------------------------------------------------------


def test_a_file_brings_its_own_reference_answers(tmp_path: Path, scored: Scored) -> None:
    path = write_answers(
        tmp_path / "DR.csv",
        [
            (f"{YES} Reasoning: flat.", "Yes. They are flat."),
            (f"{NO} Reasoning: joy.", "Yes."),
            (" no. Reasoning: joy.", f"{NO} Reasoning: joy."),
            (f"{NO} Reasoning: joy.", ""),
        ],
    )
    found = scored(path)
    assert value(found, "accuracy") == 50
    assert value(found, "unparsed") == 25
    assert found.model == "mine"
    assert found.complete  # an empty answer is an answer


def test_a_reference_answer_without_label_is_named_by_its_row(
    tmp_path: Path, scored: Scored
) -> None:
    rows = [(f"{YES} Reasoning: flat.", "Yes."), ("Perhaps. Reasoning: who knows", "No.")]
    path = write_answers(tmp_path / "DR.csv", rows)
    with pytest.raises(
        DataError, match=r"DR.csv: row 1 \(line 3\): found a reference answer of 29"
    ):
        scored(path)


def test_answers_by_id_need_a_source(tmp_path: Path, scored: Scored) -> None:
    path = write(tmp_path / "DR.csv", [("test-0", "Yes.")], ("id", "text"))
    with pytest.raises(HarnessError, match=r"no column 'goldens'.* --source"):
        scored(path)


# --- joined to a source --------------------------------------------------------------------------


def test_rows_are_joined_by_their_place(tmp_path: Path, scored: Scored) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    answers = ["Yes.", "No.", "No."]
    rows = list(zip(golds_of(checkout), answers, strict=True))
    found = scored(write_answers(tmp_path / "a" / "DR.csv", rows), f"official:{checkout}")
    assert value(found, "accuracy") == pytest.approx(100 * 2 / 3)


def test_rows_are_joined_by_id_in_any_order(tmp_path: Path, scored: Scored) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    rows = [("test-2", "Yes."), ("test-0", "Yes."), ("test-1", "No.")]
    path = write(tmp_path / "a" / "DR.csv", rows, ("id", "text"))
    assert value(scored(path, f"official:{checkout}"), "accuracy") == 100


def test_an_id_without_answer_is_a_failed_example(tmp_path: Path, scored: Scored) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    rows = [("test-0", "Yes."), ("test-1", "No.")]
    path = write(tmp_path / "a" / "DR.csv", rows, ("id", "text"))
    found = scored(path, f"official:{checkout}")
    assert found.labelling["DR"]["failed"] == 1
    assert not found.complete
    assert value(found, "accuracy") == pytest.approx(100 * 2 / 3)


def test_a_swapped_row_is_refused_by_file_and_row(tmp_path: Path, scored: Scored) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    golds = golds_of(checkout)
    golds[0], golds[1] = golds[1], golds[0]
    path = write_answers(tmp_path / "a" / "DR.csv", [(gold, "Yes.") for gold in golds])
    expected = r"DR.csv: row 0 \(line 2\): .*label 'no', that of example test-0 has 'yes'"
    with pytest.raises(DataError, match=expected):
        scored(path, f"official:{checkout}")


def test_another_explanation_is_refused_too(tmp_path: Path, scored: Scored) -> None:
    """Two rows of one label, exchanged: the labels agree, the explanations do not."""
    checkout = depression_checkout(tmp_path / "imhi")
    golds = golds_of(checkout)
    golds[0], golds[2] = golds[2], golds[0]
    path = write_answers(tmp_path / "a" / "DR.csv", [(gold, "Yes.") for gold in golds])
    with pytest.raises(DataError, match=r"row 0 \(line 2\): .* another explanation"):
        scored(path, f"official:{checkout}")


@pytest.mark.parametrize("count", [2, 4])
def test_another_number_of_rows_is_refused(tmp_path: Path, scored: Scored, count: int) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    golds = (golds_of(checkout) * 2)[:count]
    path = write_answers(tmp_path / "a" / "DR.csv", [(gold, "Yes.") for gold in golds])
    with pytest.raises(DataError, match=rf"found {count} answers, expected 3, .* --split"):
        scored(path, f"official:{checkout}")


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["test-0", "test-0"], r"row 1 \(line 3\): found id test-0 a second time"),
        (["test-0", "test-9"], r"row 1 \(line 3\): found id test-9, expected an id of DR/test"),
    ],
)
def test_ids_that_do_not_fit_are_refused(
    tmp_path: Path, scored: Scored, ids: list[str], message: str
) -> None:
    checkout = depression_checkout(tmp_path / "imhi")
    path = write(tmp_path / "a" / "DR.csv", [(one, "Yes.") for one in ids], ("id", "text"))
    with pytest.raises(DataError, match=message):
        scored(path, f"official:{checkout}")


@pytest.mark.parametrize(
    ("name", "header", "message"),
    [
        (
            "DR.csv",
            ("goldens", "answer"),
            "DR.csv: found the columns goldens, answer, expected .* --column",
        ),
        (
            "DR.csv",
            ("goldens", "output", "response"),
            "response and output, expected one .* --column",
        ),
        ("mine.csv", ("goldens", "generated_text"), "'mine' is no dataset .* --dataset NAME"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    tmp_path: Path, scored: Scored, name: str, header: tuple[str, ...], message: str
) -> None:
    row = (f"{YES} Reasoning: flat.", "Yes.", "")[: len(header)]
    path = write(tmp_path / name, [row], header)
    with pytest.raises(HarnessError, match=message):
        scored(path)


# --- the command, on published answers -----------------------------------------------------------


def imported(imhi_here: Imhi, *arguments: str) -> dict[str, Any]:
    done = imhi_here("import", *arguments, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = done.json
    return found


def scores_of(found: dict[str, Any], dataset: str) -> dict[str, float]:
    return {row["metric"]: row["value"] for row in found["scores"] if row["dataset"] == dataset}


@pytest.mark.slow
def test_published_example_responses_score_as_published(imhi: Path, imhi_here: Imhi) -> None:
    path = imhi / "examples" / "response_generation_examples" / "DR.csv"
    found = imported(imhi_here, str(path), "--labeler", "reference-rule")
    scores = scores_of(found, "DR")
    assert round(scores["accuracy"], 2) == 57.14
    assert round(scores["weighted_f1"], 2) == 56.23
    (counts,) = found["labelling"]
    assert counts["decided_by"]["ood"] == 24


@pytest.mark.slow
def test_sad_is_scored_where_the_published_script_stops(imhi: Path, imhi_here: Imhi) -> None:
    path = imhi / "examples" / "response_generation_examples" / "SAD.csv"
    found = imported(imhi_here, str(path), "--dataset", "SAD", "--labeler", "reference-rule")
    assert {row["n"] for row in found["scores"]} == {35}
    assert scores_of(found, "SAD")["weighted_f1"] > 50


@pytest.mark.slow
def test_real_answers_are_joined_to_the_official_test_files(
    imhi: Path, model_outputs: Path, imhi_here: Imhi
) -> None:
    """All rows of the datasets that are here fit by place; six questions about a post are one post."""
    folder = model_outputs / "Mentallama-7B"
    found = imported(
        imhi_here,
        str(folder),
        "--source",
        f"official:{imhi}",
        "--labeler",
        "strict",
        "--resamples",
        "200",
    )
    rows = {row["dataset"]: row for row in found["scores"] if row["metric"] == "weighted_f1"}
    assert set(rows) >= {"DR", "dreaddit", "SAD", "IRF", "MultiWD"}
    assert {row["model"] for row in rows.values()} == {"Mentallama-7B"}
    assert (rows["MultiWD"]["n"], rows["IRF"]["n"]) == (2441, 2113)
    assert rows["MultiWD"]["posts"] < 2441 / 5
    assert found["complete"]


@pytest.mark.slow
def test_a_swapped_row_in_real_answers_is_refused(
    imhi: Path, model_outputs: Path, imhi_here: Imhi, tmp_path: Path
) -> None:
    with (model_outputs / "vicuna_13B" / "SAD.csv").open(encoding="utf-8", newline="") as stream:
        rows = [(row["goldens"], row["generated_text"]) for row in csv.DictReader(stream)]
    rows[100], rows[101] = rows[101], rows[100]
    path = write_answers(tmp_path / "SAD.csv", rows)
    done = imhi_here("import", str(path), "--source", f"official:{imhi}", "--json")
    assert done.code == 2
    assert "SAD.csv: row 100 (line" in done.err
    assert "Traceback" not in done.err
