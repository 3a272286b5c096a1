"""The card of a dataset: what the Hub reads of it, what people do, and what must not be in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from imhi._core.registry import Registry
from imhi.build.writing.card import COLUMNS
from imhi.build.writing.parquet import columns
from imhi.build.writing.pipeline import write
from tests.imhi_build.writing.built import EXPLANATION, POST, a_build, a_report, a_row, some_rows

READ: dict[str, Any] = {
    "preset": "dr",
    "url": "https://example.org/a?b=1&c=2",
    "paper": "Someone | and others, [2019]",
    "licence": "CC BY-NC 4.0",
    "folder": "/home/somebody/raw",
    "note": "kept at /home/somebody/raw/dr",
    "files": {"train": {"path": "/home/somebody/raw/train.csv", "sha256": "ab" * 32, "rows": None}},
    "counts": {"train": 12},
    "removed": {"duplicate": 17, "empty post": 3},
    "masked": {"users": 5},
}


JUDGED: dict[str, Any] = {
    "items": 20,
    "sheets": [{"annotator": "Somebody Known"}, {"annotator": "another"}],
    "criteria": {
        "all": [
            {
                **{"criterion": "reliability", "items": 20, "mean": 2.25, "low": 2.0, "high": 2.5},
                "percent_agreement": {"value": 75.0, "n": 20},
                "fleiss_kappa": {"value": None, "n": 0, "why_undefined": "no reason"},
                "krippendorff_alpha": {"value": 0.125, "n": 20},
            }
        ]
    },
}


def write_card(tmp_path: Path, registry: Registry, **parts: Any) -> str:
    """Build, write, and return the card."""
    reports = parts.pop("reports", {})
    folder = a_build(tmp_path / "my-build", parts.pop("rows", some_rows()), **parts)
    for name, report in reports.items():
        a_report(folder, name, report)
    write(folder, registry, ["dataset"], tmp_path / "written")
    return (tmp_path / "written" / "dataset" / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def card(tmp_path: Path, registry: Registry) -> str:
    return write_card(
        tmp_path,
        registry,
        datasets={"DR": READ},
        quarantine={
            "DR": {"train-8": ["length: the explanation has 3 words", "leak: it names the label"]}
        },
        stages={
            "explain": {
                "gold": "human",
                "given_by": "official:/home/somebody/imhi",
                "models": ["openai:gpt-4o-mini"],
                "rounds": ["01-a", "02-b"],
                "prompt_tokens": 12_345,
                "cost": 1.25,
            }
        },
        reports={
            "checks/length.json": {
                "check": "length",
                "action": "quarantine",
                "rows": 16,
                "findings": 2,
                "by_dataset": {"DR": {"rows": 12, "findings": 1}, "IRF": {"findings": 0}},
                "reasons": {"the explanation has 3 words": 1, "it names the label": 1},
                "details": {"shortest": 3, "sample": f"{POST}, and more", "DR": {"share": 0.25}},
            },
            "checks/quality.json": {"details": {"skipped": "no expert rows are named"}},
            "annotation/first/report.json": JUDGED,
        },
    )


def section(card: str, title: str) -> str:
    return card.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def tables(card: str) -> list[list[list[str]]]:
    """Return every table's rows of cells, as GitHub's Markdown finds them."""
    blocks = re.findall(r"(?:^\|.*\n)+", f"{card}\n", re.MULTILINE)
    return [[re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()] for block in blocks]


def row(card: str, title: str, first: str) -> list[str]:
    """Return the cells of the line of a section's tables that begins with this."""
    found = [
        [cell.strip() for cell in line]
        for table in tables(section(card, title))
        for line in table
        if line[0].strip() == first
    ]
    return found[0]


# --- what the hub reads --------------------------------------------------------------------------


def test_the_hub_library_reads_the_front_matter(card: str) -> None:
    hub = pytest.importorskip("huggingface_hub")
    read = hub.DatasetCard(card).data
    assert read.license == "other"
    assert read.language == ["en"]
    assert read.size_categories == ["n<1K"]
    assert {"imhi", "mental-health", "non-clinical-research"} <= set(read.tags)
    names = [config["config_name"] for config in read.to_dict()["configs"]]
    assert names == ["all", "DR", "IRF"]


# --- what people read ----------------------------------------------------------------------------


def test_rows_are_counted_by_dataset_split_and_label(card: str) -> None:
    assert row(card, "Rows", "DR") == ["DR", "depression detection", "8", "2", "1", "11"]
    assert row(card, "Rows", "all") == ["all", "", "8", "2", "5", "15"]
    assert row(card, "Rows", "yes") == ["yes", "3", "2", "1"]
    assert row(card, "Rows", "perceived burdensomeness") == [
        "perceived burdensomeness", "yes", "0", "0", "0",
    ]  # fmt: skip


def test_sources_stand_with_their_terms_files_and_checksums(card: str) -> None:
    sources = section(card, "Where the posts are from")
    assert "<https://example.org/a?b=1&amp;c=2>" in sources
    assert "CC BY-NC 4.0" in sources and r"Someone \| and others, \[2019\]" in sources
    assert row(card, "Where the posts are from", "IRF")[1:4] == ["not stated"] * 3
    assert "`train.csv`" in sources and "ab" * 32 in sources


def test_what_was_left_out_stands_with_its_reasons(card: str) -> None:
    assert row(card, "Where the posts are from", "DR")
    left = [line for line in card.splitlines() if line.startswith("| DR | 12 |")]
    assert left == ["| DR | 12 | duplicate: 17; empty post: 3 | users: 5 | 1 | 0 |"]
    assert "| DR | length | 1 |" in card and "| DR | leak | 1 |" in card


def test_it_says_who_explained_and_whose_the_gold_labels_are(card: str) -> None:
    assert "| `openai:some-model` | 15 |" in card
    for line in (
        "| explanations given by | official |",
        "| models | openai:gpt-4o-mini |",
        "| rounds of asking | 2 |",
        "| tokens of prompts | 12,345 |",
        "| cost in US dollars | 1.25 |",
    ):
        assert line in card
    assert "the build takes that of people." in card
    assert "**1 of 15 gold labels are the model's**" in card
    assert row(card, "How the gold labels came about", "DR") == [
        "DR", "11", "10", "1", "2", "1",
    ]  # fmt: skip


def test_checks_and_what_people_said_stand_in_it(card: str) -> None:
    assert row(card, "Checks", "length") == [
        *("length", "quarantine", "DR: 1"),
        *("the explanation has 3 words: 1; it names the label: 1", "16", "2"),
    ]
    assert "length: shortest 3; DR.share 0.25\n" in card
    assert row(card, "Checks", "quality")[3] == "skipped: no expert rows are named"
    assert "first: 2 people judged 20 rows" in section(card, "What people say of it")
    assert row(card, "What people say of it", "reliability") == [
        "reliability", "20", "2.25", "2 to 2.5", "75", "–", "0.125",
    ]  # fmt: skip


def test_every_column_of_the_files_is_described() -> None:
    assert set(COLUMNS) == set(columns()) - {"source_id"}


def test_a_build_of_which_little_is_known_says_what_is_not(
    tmp_path: Path, registry: Registry
) -> None:
    card = write_card(tmp_path, registry, rows=[a_row(0)])
    assert "no check was run" in card
    assert "None was run." in section(card, "Checks")
    assert "No rows were judged by people." in section(card, "What people say of it")
    assert "All gold labels are those of the raw data." in card
    assert row(card, "Where the posts are from", "DR")[1] == "not stated"


# --- what must not be in it ----------------------------------------------------------------------


def test_no_post_no_explanation_and_no_local_path_is_in_it(card: str, tmp_path: Path) -> None:
    for text in (POST, POST[:20], EXPLANATION, "/home/", "omebody", str(tmp_path), "t3_"):
        assert text not in card


def test_what_others_wrote_cannot_break_a_table_or_become_mark_up(
    tmp_path: Path, registry: Registry
) -> None:
    hostile = "<script>alert(1)</script> | `x` \n## Head"
    rows = [a_row(n, explained_by=f"hf:/home/somebody/m|{n}`") for n in range(2)]
    read = {**READ, "licence": hostile, "paper": hostile, "removed": {hostile: 1}}
    read["files"] = {hostile: {"path": hostile, "sha256": hostile, "rows": [0, 5]}}
    card = write_card(
        tmp_path,
        registry,
        rows=rows,
        datasets={"DR": read},
        quarantine={"DR": {"train-1": [f"{hostile}: {hostile}"]}},
        reports={"checks/x.json": {"check": hostile, "reasons": {hostile: 2}, "rows": "many"}},
    )
    for table in tables(card):
        assert len({len(line) for line in table}) == 1, table
    assert "<script>" not in re.sub(r"(`+).*?\1", "", card)  # in a span of code it is only letters
    assert not re.search(r"^## Head", card, re.MULTILINE)
    assert "somebody" not in card


def test_reports_that_cannot_be_read_are_passed_over(tmp_path: Path, registry: Registry) -> None:
    folder = a_build(tmp_path / "build", [a_row(0)], stages={"explain": {"models": None}})
    for name in ("checks/broken.json", "annotation/x/report.json"):
        path = folder.path / name
        path.parent.mkdir(parents=True)
        path.write_text("{ not JSON", encoding="utf-8")
    write(folder, registry, ["dataset"], tmp_path / "written")
    card = (tmp_path / "written" / "dataset" / "README.md").read_text(encoding="utf-8")
    assert "| broken |" in card
