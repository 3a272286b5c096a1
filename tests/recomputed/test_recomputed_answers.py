"""What is compared was answered, and on the same datasets: what is missing is named, counted, and can
be left out; a mean stands beside means over the same datasets only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.recomputed.conftest import DRAWN, RESAMPLES, complaint, imhi
from tests.recomputed.formulas import alike, holm, mean, permuted_p, weighted_f1
from tests.recomputed.page_checks import Page, check_costs
from tests.recomputed.printed import csv_records, number, page_tables, terminal_tables
from tests.recomputed.run_rows import Row, Run, lines, read_run

OFFER = "--rows answered compares the rows that all runs answered"


@dataclass(frozen=True)
class Partly:
    """A run that answered all, one that the cost stopped, one of which some answers failed, one about
    two datasets."""

    place: Path
    words: dict[str, str]
    runs: dict[str, Run]

    def says(self, command: str, names: str, *more: str, columns: int = 220) -> str:
        words = [self.words[name] for name in names.split()]
        return imhi(self.place, command, *words, *more, columns=columns)

    def json(self, command: str, names: str, *more: str) -> Any:
        return json.loads(self.says(command, names, *more, "--json"))


@pytest.fixture(scope="module")
def partly(tmp_path_factory: pytest.TempPathFactory) -> Partly:
    place = tmp_path_factory.mktemp("partly")
    asked = ("run", "--source", "invented", "--resamples", "200")
    imhi(place, *asked, "-m", "mood:whole,name=whole", MOOD="a", SKILL="0.8")
    cost = ("--max-cost", "0.2001")
    imhi(place, *asked, "-m", "mood:stopped,name=stopped", *cost, MOOD="b", SKILL="0.9")
    silent = {"MOOD": "c", "SKILL": "0.8", "SILENT": "0.3"}
    imhi(place, *asked, "-m", "mood:silent,name=silent", **silent)
    two = ("-d", "DR", "-d", "IRF")
    imhi(place, *asked, "-m", "mood:two,name=two", *two, MOOD="d", SKILL="0.7")
    folders = {path.name.split("-")[1]: path for path in (place / "runs").iterdir()}
    return Partly(
        place,
        {name: f"runs/{path.name}" for name, path in folders.items()},
        {name: read_run(path) for name, path in folders.items()},
    )


def missing(run: Run, dataset: str = "") -> int:
    return sum(not row.answered for row in (run.rows[dataset] if dataset else run.every_row))


def common(partly: Partly, names: str, dataset: str) -> list[list[Row]]:
    """The rows that all these runs answered, run by run."""
    columns = [partly.runs[name].rows[dataset] for name in names.split()]
    kept = [all(row.answered for row in rows) for rows in zip(*columns, strict=True)]
    return [[row for row, keep in zip(rows, kept, strict=True) if keep] for rows in columns]


def test_rows_without_an_answer_are_named_with_the_reason(partly: Partly) -> None:
    assert missing(partly.runs["stopped"]) == 90
    found = partly.json("compare", "whole stopped silent", *DRAWN)
    lost = missing(partly.runs["silent"])
    assert found["notes"] == [
        "stopped: 90 of 190 rows have no answer (90 not asked, as --max-cost was reached) and count "
        "as wrong",
        f"silent: {lost} of 190 rows have no answer ({lost} failed) and count as wrong",
    ]
    for one in found["answers"]:
        run = partly.runs[one["name"]]
        rows = run.rows[one["dataset"]]
        failed = sum(row.failed for row in rows)
        assert one["examples"] == len(rows)
        assert (one["failed"], one["not_asked"]) == (failed, missing(run, one["dataset"]) - failed)


@pytest.mark.parametrize("columns", [80, 220])
def test_no_star_stands_in_a_row_that_does_not_say_what_was_answered(
    partly: Partly, columns: int
) -> None:
    text = partly.says("compare", "whole stopped silent", *DRAWN, columns=columns)
    assert OFFER in text
    assert max(map(len, text.splitlines())) <= columns
    for table in terminal_tables(text):
        for row in table.records():
            if "run" in row:
                assert int(row["no answer"]) == missing(partly.runs[row["run"]])
                continue
            pair = row.get("runs", table.title.partition(" - ")[2].replace(" against ", " - "))
            dataset = row.get("dataset", "mean").replace("mean", "")
            a, b = pair.split(" - ")
            lost = [missing(partly.runs[name], dataset) for name in (a, b)]
            assert row["no answer"] == "/".join(map(str, lost))


@pytest.mark.parametrize("names", ["whole silent", "whole stopped silent"])
def test_the_rows_that_all_runs_answered_can_be_compared_alone(partly: Partly, names: str) -> None:
    found = partly.json("compare", names, "--rows", "answered", *DRAWN)
    kept = {dataset: common(partly, names, dataset) for dataset in ("DR", "IRF", "SAD")}
    kept = {dataset: rows for dataset, rows in kept.items() if rows[0]}
    assert found["datasets"] == list(kept)
    for dataset, rows in kept.items():
        total = len(partly.runs["whole"].rows[dataset])
        said = f"{dataset}: all runs answered {len(rows[0])} of {total} rows, which are compared"
        assert said in found["notes"]
    assert not any("no answer" in note for note in found["notes"])
    at = {name: place for place, name in enumerate(found["names"])}
    for row in found["values"]:
        datasets = [row["dataset"]] if row["dataset"] else list(kept)
        value = mean([weighted_f1(kept[dataset][at[row["name"]]]) for dataset in datasets])
        assert row["value"] == pytest.approx(value, abs=1e-4)
    for row in found["pairs"]:
        datasets = [row["dataset"]] if row["dataset"] else list(kept)
        assert row["examples"] == sum(len(kept[dataset][0]) for dataset in datasets)
        pairs = [(kept[name][at[row["a"]]], kept[name][at[row["b"]]]) for name in datasets]
        assert alike(permuted_p(pairs), row["p"], 2000, RESAMPLES)
    own = [r for r in found["pairs"] if r["dataset"] and r["a"] == "whole" and r["b"] == "silent"]
    corrected = holm({row["dataset"]: row["p"] for row in own})
    assert all(row["p_holm"] == pytest.approx(corrected[row["dataset"]]) for row in own)


def test_where_runs_answered_nothing_in_common_that_is_said(partly: Partly) -> None:
    (nothing,) = [name for name, rows in partly.runs["stopped"].rows.items() if missing_all(rows)]
    words = [partly.words[name] for name in ("whole", "stopped")]
    said = complaint(partly.place, "compare", *words, "-d", nothing, "--rows", "answered")
    total = len(partly.runs["whole"].rows[nothing])
    assert f"no example is left to compare ({nothing}: all runs answered 0 of {total} rows" in said


def missing_all(rows: list[Row]) -> bool:
    return not any(row.answered for row in rows)


def test_ranks_are_of_the_rows_that_all_runs_answered(partly: Partly) -> None:
    labelers = ("--labeler", "hybrid", "--labeler", "strict", *DRAWN)
    for name in ("whole", "silent"):
        imhi(partly.place, "label", partly.words[name], "--labeler", "strict")
    every = partly.says("ranks", "whole silent", *labelers)
    lost = missing(partly.runs["silent"])
    assert f"silent: {lost} of 190 rows have no answer ({lost} failed) and count as wrong" in every
    assert OFFER in every
    found = partly.json("ranks", "whole silent", "--rows", "answered", *labelers)
    for order in found["orders"]:
        datasets = [order["dataset"]] if order["dataset"] else ["DR", "IRF", "SAD"]
        kept = [common(partly, "whole silent", dataset) for dataset in datasets]
        assert order["examples"] == sum(len(rows[0]) for rows in kept)
        if order["condition"].startswith("hybrid"):
            values = [mean([weighted_f1(rows[at]) for rows in kept]) for at in (0, 1)]
            assert order["values"] == pytest.approx(values, abs=1e-4)


def test_the_report_says_what_was_not_answered_and_compares_what_was(partly: Partly) -> None:
    place = partly.place / "report.html"
    partly.says("report", "whole stopped", *DRAWN, "--to", str(place))
    page = place.read_text(encoding="utf-8")
    assert f"Rows without an answer, which count as wrong: stopped 90. {OFFER}." in page
    (losses,) = [t for t in page_tables(page) if t.title.startswith("Answers without a label by")]
    for row in losses.records():
        rows = partly.runs[row["model"]].rows[row["dataset"]]
        assert int(row["failed"]) == sum(one.failed for one in rows)
        assert int(row["not asked"]) == sum(not (one.answered or one.failed) for one in rows)
    answered = ("--rows", "answered", *DRAWN)
    partly.says("report", "whole silent", *answered, "--to", str(place))
    (headline,) = [
        t for t in page_tables(place.read_text(encoding="utf-8")) if "on each dataset" in t.title
    ]
    kept = {name: common(partly, "whole silent", name) for name in ("DR", "IRF", "SAD")}
    for row in headline.records():
        at = ["whole", "silent"].index(row["model"])
        for dataset, rows in kept.items():
            assert number(row[dataset]) == pytest.approx(weighted_f1(rows[at]), abs=0.051)
    records = csv_records(partly.says("report", "whole silent", "--format", "csv", *answered))
    assert {record["rows"] for record in records} == {"answered"}
    assert {record["no_answer"] for record in records} == {"0"}


def test_a_mean_is_over_the_datasets_that_all_runs_have_and_names_them(partly: Partly) -> None:
    found = partly.json("compare", "whole two", *DRAWN)
    assert (found["datasets"], found["left_out"]) == (["DR", "IRF"], ["SAD: not in two"])
    for row in found["values"]:
        if row["over"] == "datasets":
            rows = partly.runs[row["name"]].rows
            value = mean([weighted_f1(rows[dataset]) for dataset in ("DR", "IRF")])
            assert row["value"] == pytest.approx(value, abs=1e-4)
    for command, more in (
        ("compare", ()),
        ("report", ("--format", "markdown")),
        ("report", ("--format", "latex")),
    ):
        said = partly.says(command, "whole two", *more, *DRAWN)
        assert "Means are over the same datasets for every run: DR, IRF." in said
        assert "not in two" in said


def test_what_a_run_cost_is_of_the_whole_run_whatever_is_compared(partly: Partly) -> None:
    place = partly.place / "report.html"
    partly.says("report", "whole stopped silent", "-d", "DR", *DRAWN, "--to", str(place))
    html = place.read_text(encoding="utf-8")
    (costs,) = [table for table in page_tables(html) if table.title.startswith("Cost and speed")]
    assert len(costs.rows) == 3
    check_costs(Page(html, [costs], {}, partly.runs), costs)
    for run in partly.runs.values():
        assert lines(run.folder / "responses" / "DR.jsonl")


def test_a_partial_import_is_named_as_one(partly: Partly) -> None:
    answers = lines(partly.runs["whole"].folder / "responses" / "DR.jsonl")
    rows = ["id,text", *(f'{one["id"]},"{one["text"]}"' for one in answers[:20])]
    (partly.place / "part.csv").write_text("\n".join(rows), encoding="utf-8")
    source = ("--source", "invented", "--resamples", "200")
    imhi(partly.place, "import", "part.csv", "-d", "DR", *source, "--name", "part", "--out", "part")
    (folder,) = (partly.place / "part").iterdir()
    words = (partly.words["whole"], str(folder), "--allow", "prompt", "--json", *DRAWN)
    every = json.loads(imhi(partly.place, "compare", *words))
    assert (
        "part: 40 of 60 rows have no answer (40 not among the answers imported) and count as wrong"
        in every["notes"]
    )
    # The same answers, where there are any: nothing is between them but what is missing.
    alone = json.loads(imhi(partly.place, "compare", *words, "--rows", "answered"))
    assert every["pairs"][0]["p"] < 0.05
    assert (alone["pairs"][0]["difference"], alone["pairs"][0]["examples"]) == (0, 20)
