"""``sample`` and ``agreement`` as they are typed: what is printed, written, and the exit code."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from annotation_samples import application, demo_build, demo_rows, fill

from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager

Run = Callable[..., "Done"]


class Done:
    """What a command came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(
    manager: PluginManager,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    command = typer.main.get_command(application(manager))

    def run(*words: str | Path) -> Done:
        capfd.readouterr()
        try:
            code = command.main([str(word) for word in words], standalone_mode=False) or 0
            complaint = ""
        except HarnessError as error:
            code, complaint = error.exit_code, f"imhi: {error}\n"
        out, err = capfd.readouterr()
        return Done(code, out, err + complaint)

    return run


@pytest.fixture
def build(tmp_path: Path) -> Path:
    return demo_build(tmp_path / "build").path


def posts() -> list[str]:
    return [row.post for dataset in ("dreaddit", "DR", "SAD") for row in demo_rows(dataset)]


def fits(text: str, columns: int) -> bool:
    return all(len(line) <= columns for line in text.splitlines())


def test_a_sample_goes_out_and_comes_back(run: Run, build: Path) -> None:
    done = run("sample", build, "--size", "60", "--annotators", "anna,ben,cem")
    assert done.code == 0
    assert "all                                  134     60" in done.out
    assert "imhi build agreement" in done.err
    folder = build / "annotation" / "sample"
    sheets = [fill(folder / f"{name}.xlsx", "random") for name in ("anna", "ben", "cem")]
    done = run("agreement", build, *sheets)
    assert done.code == 0
    assert "sample: 60 items, 3 annotators" in done.out
    for head in ("Fleiss' kappa", "Kripp. alpha", "by dataset", "marks two or more apart"):
        assert head in done.out
    assert fits(done.out, 80)
    assert not any(post[:40] in done.out + done.err for post in posts())

    report = json.loads((folder / "report.json").read_text())
    assert len(report["criteria"]["all"]) == 4
    assert report["problems"] == []
    assert not any(post[:40] in (folder / "report.json").read_text() for post in posts())
    with (folder / "marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 180
    mean = sum(int(row["overall"]) for row in rows) / 180
    assert report["criteria"]["all"][3]["mean"] == pytest.approx(mean)
    with (folder / "disagreements.csv").open(encoding="utf-8-sig", newline="") as stream:
        apart = list(csv.DictReader(stream))
    assert len(apart) == len(report["disagreements"])
    assert {"mark of anna", "mark of ben", "mark of cem", "post"} <= set(apart[0])
    marks = [int(apart[0][f"mark of {name}"]) for name in ("anna", "ben", "cem")]
    assert max(marks) - min(marks) == int(apart[0]["spread"]) >= 2


def test_problems_are_printed_counted_and_leave_with_1(run: Run, build: Path) -> None:
    run("sample", build, "--size", "20", "--annotators", "anna,ben")
    folder = build / "annotation" / "sample"
    anna = fill(folder / "anna.xlsx", 2)
    ben = fill(folder / "ben.xlsx", 7)
    done = run("agreement", build, anna, ben, "nowhere.csv")
    assert done.code == 1
    lines = [line for line in done.err.splitlines() if "expected" in line]
    assert len(lines) == 40  # of 81; the rest is in the file
    assert "and 41 more: see report.json" in done.err
    assert "imhi: 81 problems in the sheets (unreadable 1, off the scale 80)" in done.err
    report = json.loads((folder / "report.json").read_text())
    assert report["problem_counts"] == {"off the scale": 80, "unreadable": 1}
    assert len(report["problems"]) == 81
    assert report["criteria"]["all"][0]["mean"] == 2


def test_json_is_the_report(run: Run, build: Path) -> None:
    drawn = json.loads(run("sample", build, "--size", "20", "--json").out)
    assert len(drawn["items"]) == 20
    assert drawn["annotators"] == ["annotator-1", "annotator-2", "annotator-3"]
    folder = build / "annotation" / "sample"
    sheets = [fill(folder / f"annotator-{n}.xlsx", "random") for n in (1, 2)]
    done = run("agreement", build, *sheets, "--json")
    assert json.loads(done.out) == json.loads((folder / "report.json").read_text())
    assert "no sheet was read of annotator-3" in done.err
    assert done.code == 0


@pytest.mark.parametrize("columns", ["80", "160"])
@pytest.mark.parametrize("annotators", ["anna", "anna,ben", "1234567890,b,c,d,e,f,g,h,i,j,k,l"])
def test_tables_fit_the_terminal(
    run: Run, build: Path, monkeypatch: pytest.MonkeyPatch, columns: str, annotators: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    run("sample", build, "--size", "45", "--annotators", annotators)
    folder = build / "annotation" / "sample"
    sheets = [fill(folder / f"{name}.xlsx", "random") for name in annotators.split(",")]
    done = run("agreement", build, *sheets)
    assert done.code == 0
    assert fits(done.out, int(columns))
    assert "nan" not in done.out.lower()


def test_a_scheme_of_ones_own_gives_other_columns(run: Run, build: Path, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "instruction: Mark it.\ncriteria:\n- name: tone\n  definition: Is it kind?\n"
        "  marks: {0: rude, 1: cold, 2: fair, 3: kind}\n"
    )
    done = run(
        "sample", build, "-n", "12", "--annotators", "1", "--scheme", "own.yaml", "--name", "t"
    )
    assert done.code == 0
    sheet = tmp_path / "ben.csv"
    with (build / "annotation/t/sample.jsonl").open() as stream:
        items: list[Any] = [json.loads(line) for line in stream]
    sheet.write_text("item,tone\n" + "".join(f"{i['dataset']}/{i['id']},3\n" for i in items))
    done = run("agreement", build, sheet, "--name", "t", "--json")
    assert json.loads(done.out)["criteria"]["all"][0]["criterion"] == "tone"
    assert json.loads(done.out)["criteria"]["all"][0]["mean"] == 3


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("sample", "nowhere"), "nowhere: not a build folder"),
        (("sample", "build", "--size", "0"), "--size: found 0, expected 1 or more"),
        (("sample", "build", "--shares", "even"), "--shares: found even, expected proportional or"),
        (("sample", "build", "--of", "some"), "--of: found some, expected kept or all"),
        (("sample", "build", "--annotators", "a/b"), "--annotators: found 'a/b'"),
        (("sample", "build", "--scheme", "none.yaml"), "scheme none.yaml: there is no such file"),
        (("sample", "build", "--dataset", "IRF"), "unknown dataset 'IRF'"),
        (("agreement", "nowhere", "a.csv"), "nowhere: not a build folder"),
        (("agreement", "build", "a.csv"), "found no sample, expected one that was drawn"),
        (("agreement", "build", "a.csv", "--name", "x"), "imhi build sample build --name x"),
    ],
)
def test_mistakes_are_one_line(
    run: Run, build: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = run(*words)
    assert done.code == 2
    assert complaint in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (build.parent / "nowhere").exists()


def test_texts_that_do_not_fit_excel_are_named(run: Run, build: Path) -> None:
    path = build / "rows" / "dreaddit.jsonl"
    path.write_text(path.read_text().replace('"post":"', '"post":"' + "so tired " * 4000, 1))
    done = run("sample", build, "--dataset", "dreaddit")
    assert done.code == 0
    assert "the post is longer than a cell of Excel and was cut there" in done.err
    assert "40 rows have an explanation, fewer than the 200 asked for" in done.err
