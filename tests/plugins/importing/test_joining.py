"""Rows are joined by id, or in order where something shows the order; the first rows where asked for."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.checkouts import NO, TEST, YES, asked, write_queries
from tests.conftest import Imhi
from tests.plugins.importing.answer_files import delimited, jsonl

POSTS = [f"post number {n}" for n in range(6)]
GOLDS = [f"{YES}reason {n}." if n % 2 else f"{NO}reason {n}." for n in range(6)]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Six rows of DR and three of dreaddit."""
    root = tmp_path / "imhi"
    write_queries(root / TEST / "DR.csv", list(zip(map(asked, POSTS), GOLDS, strict=True)))
    question = "Does the poster suffer from stress?"
    yes = "Yes, the poster suffers from stress. Reasoning: "
    rows = [(asked(post, question), f"{yes}reason {n}.") for n, post in enumerate(POSTS[:3])]
    write_queries(root / TEST / "dreaddit.csv", rows)
    return root


@pytest.fixture
def imported(imhi_here: Imhi, checkout: Path) -> Any:
    """Import a path from the checkout; return what was said."""

    def imported(path: Path, *words: str, source: str | None = f"official:{checkout}") -> Any:
        where = () if source is None else ("--source", source)
        quick = ("--labeler", "strict", "--resamples", "100", "--json")
        return imhi_here("import", path, *where, *quick, *words)

    return imported


def golds(count: int, change: dict[int, str] | None = None) -> list[tuple[str, str]]:
    return [((change or {}).get(n, gold), f"answer {n}") for n, gold in enumerate(GOLDS[:count])]


def answers_of(said: Any, dataset: str = "DR") -> dict[str, str]:
    lines = Path(said.json["run"], "responses", f"{dataset}.jsonl").read_text(encoding="utf-8")
    return {row["id"]: row["text"] for row in map(json.loads, lines.splitlines())}


# --- the first rows ------------------------------------------------------------------------------


def test_fewer_rows_are_refused_by_naming_the_option(tmp_path: Path, imported: Any) -> None:
    said = imported(delimited(",")(tmp_path / "DR.csv", golds(4)))
    assert said.code == 2
    assert "found 4 answers, expected 6" in said.complaint
    assert "--rows prefix if the file holds the first 4 rows" in said.complaint
    assert not (tmp_path / "runs").exists()


def test_the_first_rows_make_a_run_of_those_rows(tmp_path: Path, imported: Any) -> None:
    said = imported(delimited(",")(tmp_path / "DR.csv", golds(4)), "--rows", "prefix")
    assert said.code == 0, said.err
    assert answers_of(said) == {f"test-{n}": f"answer {n}" for n in range(4)}
    assert "DR: the first 4 of 6 rows were imported" in [one["note"] for one in said.json["notes"]]
    assert {row["n"] for row in said.json["scores"]} == {4}
    manifest = json.loads(Path(said.json["run"], "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["limit"], manifest["datasets"]) == (4, {"DR": 4})


def test_reference_answers_of_the_first_rows_are_checked(tmp_path: Path, imported: Any) -> None:
    path = delimited(",")(tmp_path / "DR.csv", golds(4, {2: GOLDS[3]}))
    said = imported(path, "--rows", "prefix")
    assert said.code == 2
    expected = "DR.csv: row 2 (line 4): the reference answer in the file has label 'yes', that of"
    assert f"{expected} example test-2 has 'no'" in said.complaint


def test_the_same_rows_from_the_middle_are_no_prefix(tmp_path: Path, imported: Any) -> None:
    rows = golds(6)[2:]
    said = imported(delimited(",")(tmp_path / "DR.csv", rows), "--rows", "prefix")
    assert "row 0 (line 2): the reference answer in the file has another explanation" in (
        said.complaint
    )


def test_more_rows_than_there_are_is_no_prefix(tmp_path: Path, imported: Any) -> None:
    path = delimited(",")(tmp_path / "DR.csv", [*golds(6), ("No", "one more")])
    said = imported(path, "--rows", "prefix")
    assert "found 7 answers, expected 6" in said.complaint


def test_whole_datasets_go_with_the_first_rows_of_others(tmp_path: Path, imported: Any) -> None:
    folder = tmp_path / "mine"
    delimited(",")(folder / "DR.csv", golds(4))
    yes = "Yes, the poster suffers from stress."
    delimited(",")(folder / "dreaddit.csv", [(yes, yes)] * 3)
    said = imported(folder, "--rows", "prefix")
    assert said.code == 0, said.err
    assert {row["dataset"]: row["n"] for row in said.json["scores"]} == {"DR": 4, "dreaddit": 3}


def test_other_numbers_of_first_rows_make_several_runs(tmp_path: Path, imported: Any) -> None:
    folder = tmp_path / "mine"
    delimited(",")(folder / "DR.csv", golds(4))
    yes = "Yes, the poster suffers from stress."
    delimited(",")(folder / "dreaddit.csv", [(yes, yes)] * 2)
    said = imported(folder, "--rows", "prefix")
    assert said.code == 0, said.err
    assert "its files hold other numbers of rows: 2 runs are made" in said.err
    limits = [
        json.loads(Path(run, "manifest.json").read_text(encoding="utf-8"))["limit"]
        for run in said.json["run"]
    ]
    assert sorted(limits) == [2, 4]


def test_the_first_rows_are_of_a_source(tmp_path: Path, imported: Any) -> None:
    path = delimited(",")(tmp_path / "DR.csv", golds(4))
    assert "--rows prefix: found no --source" in (
        imported(path, "--rows", "prefix", source=None).complaint
    )
    assert "--rows first: expected all or prefix" in imported(path, "--rows", "first").complaint


# --- rows without reference answers --------------------------------------------------------------


def test_rows_that_nothing_places_are_refused(tmp_path: Path, imported: Any) -> None:
    path = jsonl(tmp_path / "DR.jsonl", [{"response": f"answer {n}"} for n in range(6)])
    said = imported(path)
    assert said.code == 2
    assert "no ids, no reference answers and no prompts" in said.complaint
    assert "--rows prefix if they are the first rows of DR/test in order" in said.complaint
    assert answers_of(imported(path, "--rows", "prefix"))["test-5"] == "answer 5"


def test_prompts_place_rows(tmp_path: Path, imported: Any) -> None:
    def chat(post: str, answer: str) -> dict[str, Any]:
        turns = [("user", f"Read this. {post}\nIs it so?"), ("assistant", answer)]
        return {"messages": [{"role": role, "content": text} for role, text in turns]}

    rows = [chat(post, f"answer {n}") for n, post in enumerate(POSTS)]
    said = imported(jsonl(tmp_path / "DR.jsonl", rows))
    assert said.code == 0, said.err
    assert answers_of(said)["test-3"] == "answer 3"
    rows[1], rows[2] = rows[2], rows[1]
    said = imported(jsonl(tmp_path / "DR.jsonl", rows))
    assert "DR.jsonl: row 1 (line 2): found a prompt without the post of example test-1" in (
        said.complaint
    )


def test_a_label_alone_is_a_reference_answer(tmp_path: Path, imported: Any) -> None:
    rows = [{"target": "no" if n % 2 == 0 else "yes", "output": f"answer {n}"} for n in range(6)]
    assert imported(jsonl(tmp_path / "DR.jsonl", rows)).code == 0
    rows[4]["target"] = "yes"
    complaint = imported(jsonl(tmp_path / "DR.jsonl", rows)).complaint
    assert "row 4 (line 5): the reference answer in the file has label 'yes'" in complaint


# --- ids -----------------------------------------------------------------------------------------


def test_ids_win_over_order(tmp_path: Path, imported: Any) -> None:
    rows = [{"id": f"test-{n}", "response": f"answer {n}"} for n in (5, 3, 1, 0, 2, 4)]
    said = imported(jsonl(tmp_path / "DR.jsonl", rows))
    assert answers_of(said) == {f"test-{n}": f"answer {n}" for n in range(6)}


def test_thoughts_are_kept_apart_from_answers(tmp_path: Path, imported: Any) -> None:
    rows = [
        {"id": f"test-{n}", "response": "No.", "reasoning_content": "Yes. It is grey."}
        for n in range(6)
    ]
    said = imported(jsonl(tmp_path / "DR.jsonl", rows))
    assert said.code == 0, said.err
    lines = Path(said.json["run"], "responses", "DR.jsonl").read_text(encoding="utf-8").splitlines()
    assert {(row["text"], row["thought"]) for row in map(json.loads, lines)} == {
        ("No.", "Yes. It is grey.")
    }
    assert [row["value"] for row in said.json["scores"] if row["metric"] == "accuracy"] == [50]


def test_answers_to_the_first_ids_can_be_scored_alone(tmp_path: Path, imported: Any) -> None:
    rows = [{"id": f"test-{n}", "response": f"answer {n}"} for n in (2, 0, 1)]
    path = jsonl(tmp_path / "DR.jsonl", rows)
    said = imported(path)
    assert said.code == 1
    assert (
        "first 3 of 6 examples; the others count as wrong, or are left out with --rows" in said.err
    )
    said = imported(path, "--rows", "prefix")
    assert said.code == 0, said.err
    assert {row["n"] for row in said.json["scores"]} == {3}


def test_other_ids_than_the_first_are_no_prefix(tmp_path: Path, imported: Any) -> None:
    rows = [{"id": f"test-{n}", "response": f"answer {n}"} for n in (0, 1, 4)]
    said = imported(jsonl(tmp_path / "DR.jsonl", rows), "--rows", "prefix")
    assert "found 3 answers, none to example test-2, expected those to the first 3" in (
        said.complaint
    )


def test_ids_of_the_file_s_own_can_be_passed_over(tmp_path: Path, imported: Any) -> None:
    rows = [{"id": n, "target": gold, "response": text} for n, (gold, text) in enumerate(golds(6))]
    path = jsonl(tmp_path / "DR.jsonl", rows)
    complaint = imported(path).complaint
    assert "found id 0, expected an id of DR/test such as test-0" in complaint
    assert "--column id=-" in complaint
    said = imported(path, "--column", "id=-")
    assert answers_of(said)["test-5"] == "answer 5"


def test_advice_after_an_import_speaks_of_imports(tmp_path: Path, imported: Any) -> None:
    rows = [{"id": f"test-{n}", "response": f"answer {n}"} for n in (0, 1, 4)]
    said = imported(jsonl(tmp_path / "DR.jsonl", rows))
    assert said.code == 1
    assert "3 examples have no answer and count as wrong" in said.complaint
    assert "add their answers to what was imported, and import it again" in said.complaint
    assert "imhi run" not in said.err
    rows = [{"id": f"test-{n}", "response": f"answer {n}"} for n in range(5)]
    said = imported(jsonl(tmp_path / "DR.jsonl", rows))
    assert "1 example has no answer and counts as wrong" in said.complaint


def test_columns_of_other_names_are_named(tmp_path: Path, imported: Any) -> None:
    path = delimited(";")(tmp_path / "DR.csv", golds(6), ("Referenz", "Antwort"))
    named = ("--column", "text=Antwort", "--column", "gold=Referenz")
    for source in ({}, {"source": None}):
        said = imported(path, *named, **source)
        assert said.code == 0, said.err
        assert {row["n"] for row in said.json["scores"]} == {6}
    assert "expected Anwort (--column text=Anwort)" in (
        imported(path, "--column", "text=Anwort").complaint
    )
    assert "--column words=Antwort: expected one of id=NAME, text=NAME" in (
        imported(path, "--column", "words=Antwort").complaint
    )


# --- published answers ---------------------------------------------------------------------------


@pytest.mark.slow
def test_the_first_rows_of_published_answers_in_a_spreadsheet_s_csv(
    imhi: Path, model_outputs: Path, tmp_path: Path, imhi_here: Imhi
) -> None:
    """Scored as those rows of the whole file are."""
    values = []
    for name, separator, count in (("DR.csv", ",", None), ("dr.CSV", ";", 300)):
        with (model_outputs / "vicuna_13B" / "DR.csv").open(encoding="utf-8", newline="") as file:
            rows = [(r["goldens"], r["generated_text"]) for r in csv.DictReader(file)][:count]
        path = delimited(separator, "utf-16")(tmp_path / str(count) / name, rows)
        words = ("import", path, "--source", f"official:{imhi}", "--resamples", "100", "--json")
        said = imhi_here(*words, "--labeler", "strict", *(("--rows", "prefix") if count else ()))
        assert said.code == 0, said.err
        found = Path(said.json["run"], "scores", "strict", "accuracy", "DR.jsonl")
        values.append(found.read_text(encoding="utf-8").splitlines()[:300])
    assert values[0] == values[1]
