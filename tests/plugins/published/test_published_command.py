"""``imhi published`` lists figures as a paper does, and never passes them off as measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

import imhi.plugins.published
from tests.conftest import Imhi

SCHEMA = Path(imhi.plugins.published.__file__).with_name("published.schema.json")

PLUGIN = """
from pathlib import Path
from imhi import PublishedResults, hookimpl

@hookimpl
def imhi_published():
    yield PublishedResults("{name}", "Their table", rows=Path(__file__).with_name("theirs.csv"))
"""
HEADER = "model,dataset,metric,value,source,table,obtained\n"


def plugin(folder: Path, rows: str, name: str = "their-paper") -> Path:
    (folder / "theirs.csv").write_text(HEADER + rows, encoding="utf-8")
    path = folder / "their_plugin.py"
    path.write_text(PLUGIN.format(name=name), encoding="utf-8")
    return path


def test_models_are_rows_and_datasets_columns(imhi_here: Imhi, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    said = imhi_here("published")
    assert said.code == 0 and said.err == ""
    title, head, *lines = said.out.splitlines()
    assert title.strip() == "weighted_f1"
    columns = head.split()
    chatgpt = next(line for line in lines if line.startswith("ChatGPT zero-shot")).split()[2:]
    values = dict(zip(columns[1:], chatgpt, strict=True))
    assert (values["DR"], values["T-SID"], values["loneliness"]) == ("82.41", "33.30", "58.40")
    roberta = next(line for line in lines if line.startswith("RoBERTa")).split()
    assert roberta.count("-") == len(columns) - 2


@pytest.mark.parametrize("width", [40, 80, 100])
def test_tables_are_folded_to_the_terminal_and_lose_nothing(
    imhi_here: Imhi, monkeypatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    said = imhi_here("published")
    assert all(len(line.rstrip()) <= width for line in said.out.splitlines())
    figures = [row["value"] for row in imhi_here("published", "--json").json["published"]]
    assert len(figures) == 28
    shown = re.findall(r"\b\d+\.\d\d\b", said.out)
    assert sorted(shown) == sorted(f"{value:.2f}" for value in figures)


def test_the_source_is_said_once_below_the_tables(imhi_here: Imhi) -> None:
    flat = " ".join(imhi_here("published").out.split())
    assert flat.count("published, not measured here") == 1
    assert flat.endswith(
        "published, not measured here: MentaLLaMA paper, arXiv 2309.13567, Table 2 (correctness); "
        "quoted by a third-party file; the paper itself was not read"
    )


def test_json_holds_rows_of_the_schema(imhi_here: Imhi) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    for row in imhi_here("published", "--json").json["published"]:
        jsonschema.validate(row, schema)


def test_dataset_model_and_metric_narrow_it_whatever_their_case(imhi_here: Imhi) -> None:
    words = ("--dataset", "cams", "-d", "SWMH", "--model", "chatgpt ZERO-shot")
    rows = imhi_here("published", *words, "--metric", "weighted_f1", "--json").json["published"]
    assert [(row["model"], row["dataset"], row["value"]) for row in rows] == [
        ("ChatGPT zero-shot", "CAMS", 33.85),
        ("ChatGPT zero-shot", "SWMH", 49.32),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model", "MentalBORT"], "unknown published model 'MentalBORT': did you mean"),
        (["--metric", "f1"], "unknown published metric 'f1'"),
        (["--dataset", "nothing"], "unknown dataset 'nothing'"),
        (["--model", "BERT", "--dataset", "DR"], "found none of the 28 published figures"),
        (["--disable-plugin", "published.imhi"], "No such command 'published'"),
    ],
)
def test_what_is_not_there_is_one_line(imhi_here: Imhi, words: list[str], message: str) -> None:
    said = imhi_here("published", *words)
    assert said.code == 2 and message in said.complaint


def test_a_plugin_adds_its_own_with_one_csv_file(imhi_here: Imhi, tmp_path: Path) -> None:
    theirs = plugin(tmp_path, "Their model,DR,accuracy,90,Their paper,Table 3,read in the paper\n")
    said = imhi_here("published", "--plugin", theirs)
    flat = " ".join(said.out.split())
    assert "accuracy model DR Their model 90 published, not measured here: Their paper" in flat
    assert flat.count("published, not measured here") == 2
    only = imhi_here("published", "--plugin", theirs, "--metric", "accuracy", "--json")
    assert [row["model"] for row in only.json["published"]] == ["Their model"]


def test_a_name_that_is_taken_is_refused(imhi_here: Imhi, tmp_path: Path) -> None:
    row = "Their model,DR,accuracy,90,Their paper,Table 3,read in the paper\n"
    said = imhi_here("published", "--plugin", plugin(tmp_path, row, name="mentallama-paper"))
    assert said.code == 2
    assert "published results 'mentallama-paper' is already registered" in said.complaint


def test_a_file_that_is_wrong_is_named_with_the_row(imhi_here: Imhi, tmp_path: Path) -> None:
    theirs = plugin(tmp_path, "Their model,DR,accuracy,90%,Their paper,Table 3,read\n")
    said = imhi_here("published", "--plugin", theirs)
    assert said.code == 2 and "theirs.csv: row 0 (line 2): value: found '90%'" in said.complaint


def test_names_of_strangers_steer_nothing(imhi_here: Imhi, tmp_path: Path) -> None:
    rows = '"[/] [red]x\x1b[31m\nline",DR,accuracy,90,"[bold]p\x1b]8;;http://e\x07",T,read\n'
    said = imhi_here("published", "--plugin", plugin(tmp_path, rows), "--metric", "accuracy")
    assert said.code == 0
    assert "[/] [red]x" in said.out and "[bold]p" in said.out
    assert "\x1b" not in said.out and "\x07" not in said.out
