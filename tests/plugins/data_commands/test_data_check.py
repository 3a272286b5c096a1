"""``imhi data check``: what it counts, how it shows it, and what it exits with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from imhi._core.errors import HarnessError
from imhi._core.records import Example
from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.plugins.data_commands import imhi_commands
from imhi.plugins.data_commands.check import SourceReport, SplitReport, check_source
from imhi.plugins.data_commands.check_table import show_report
from tests.checkouts import (
    INSTRUCTION,
    NO,
    TEST,
    YES,
    asked,
    depression_checkout,
    write_queries,
)


def report_of(source: str, registry: Registry, *only: str) -> SourceReport:
    _, opened = open_source(source, registry)
    return check_source(source, opened, registry.dataset_map(), only)


def split_of(report: SourceReport, dataset: str, split: str) -> SplitReport:
    (found,) = (s for s in report.splits if (s.dataset, s.split) == (dataset, split))
    return found


def run(registry: Registry, *words: str) -> Result:
    class Manager:
        pass

    manager = Manager()
    manager.registry = registry  # type: ignore[attr-defined]
    app = typer.Typer()
    imhi_commands(app)
    return CliRunner().invoke(app, ["data", *words], obj=manager)


# --- the published files -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(imhi: Path, registry: Registry) -> SourceReport:
    return report_of(f"official:{imhi}", registry)


def test_the_published_files_have_no_unparsable_gold_label(published: SourceReport) -> None:
    assert published.exit_code == 0
    assert published.as_json()["unparsable_rows"] == 0
    assert published.as_json()["rows"] > 20_000


def test_the_published_files_show_their_measured_oddities(published: SourceReport) -> None:
    train = split_of(published, "dreaddit", "train")
    assert (train.repeated, train.conflicting) == (18, 4)
    in_training = {
        dataset: split_of(published, dataset, "test").in_training
        for dataset in ("dreaddit", "SAD", "DR", "IRF", "MultiWD")
    }
    assert in_training == {"dreaddit": 2, "SAD": 2, "DR": 0, "IRF": 0, "MultiWD": 0}
    assert split_of(published, "IRF", "test").empty_explanations == 1
    assert split_of(published, "MultiWD", "test").mojibake
    assert split_of(published, "IRF", "test").elsewhere["MultiWD"] > 100


def test_the_published_files_have_the_pinned_checksums_and_counts(
    published: SourceReport,
) -> None:
    assert len(published.splits) > 20
    assert all(split.published_file for split in published.splits)
    assert published.files is not None and len(published.files.same) == 49
    # The released loneliness file lacks 3 rows.
    assert all(s.published in (None, s.rows) for s in published.splits if s.dataset != "loneliness")
    assert published.absent["CLP"] == ["train", "val", "test"]


def test_the_report_on_the_published_files_fits_80_columns(published: SourceReport) -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115, RUF100
    show_report(published, console)
    text = console.export_text()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    assert "…" not in text
    assert "18 (4)" in text and "0 unparsable" in text


# --- small sources --------------------------------------------------------------------------------


def test_all_unparsable_rows_are_listed_and_the_others_counted(
    tmp_path: Path, registry: Registry
) -> None:
    path = write_queries(
        tmp_path / TEST / "DR.csv",
        [
            (asked("a"), "Perhaps. Reasoning: r"),
            (asked("b"), f"{YES}r"),
            (asked("c", "Why?"), f"{YES}r"),
            (asked(" "), f"{YES}r"),
        ],
    )
    report = report_of(f"official:{tmp_path}", registry)
    test = split_of(report, "DR", "test")
    assert [message.split(":")[1] for message in test.unparsable] == [
        " row 0 (line 2)", " row 2 (line 4)", " row 3 (line 5)"
    ]  # fmt: skip
    assert all(message.startswith(str(path)) for message in test.unparsable)
    assert (test.rows, test.labels, report.exit_code) == (4, {"yes": 1}, 1)


def test_repeats_conflicts_overlap_and_empty_explanations_are_counted(
    tmp_path: Path, registry: Registry
) -> None:
    write_queries(
        tmp_path / INSTRUCTION / "DR" / "train.csv",
        [
            (asked("Same"), f"{YES}r"),
            (asked("same"), f"{NO}r"),
            (asked("twice"), f"{YES}r"),
            (asked("twice"), f"{YES}r"),
        ],
    )
    write_queries(
        tmp_path / TEST / "DR.csv", [(asked("Twice!!"), NO.strip()), (asked("new"), f"{NO}r")]
    )
    report = report_of(f"official:{tmp_path}", registry)
    train, test = split_of(report, "DR", "train"), split_of(report, "DR", "test")
    assert (train.repeated, train.conflicting) == (2, 1)
    assert (test.overlap, test.in_training) == ({"train": 1}, 1)
    assert test.empty_explanations == 1


def test_a_test_post_in_the_training_rows_of_another_dataset_is_counted(
    tmp_path: Path, registry: Registry
) -> None:
    post = "nobody would notice if I left"
    belonging = asked(post, "Does the post show risk of thwarted belongingness?")
    answer = "Yes, the post shows this risk. Reasoning: r"
    write_queries(tmp_path / INSTRUCTION / "Irf" / "train.csv", [(belonging, answer)])
    write_queries(tmp_path / TEST / "DR.csv", [(asked(post), f"{YES}r"), (asked("b"), f"{NO}r")])
    report = report_of(f"official:{tmp_path}", registry)
    assert split_of(report, "DR", "test").elsewhere == {"IRF": 1}


def test_mojibake_is_counted_by_rows(tmp_path: Path, registry: Registry) -> None:
    rows = [(asked("I don‚Äôt know"), f"{YES}r"), (asked("I don’t know"), f"{YES}r")]
    write_queries(tmp_path / TEST / "DR.csv", rows)
    assert split_of(report_of(f"official:{tmp_path}", registry), "DR", "test").mojibake == 1


def test_own_data_under_the_names_of_published_files_are_told_apart_and_no_fault(
    tmp_path: Path, registry: Registry
) -> None:
    report = report_of(f"official:{depression_checkout(tmp_path)}", registry)
    assert split_of(report, "DR", "test").published_file is False
    assert report.files is not None and report.files.sentence().startswith("none of ")
    assert report.exit_code == 0
    assert split_of(report, "DR", "test").published == 405


def test_a_file_that_cannot_be_read_does_not_hide_the_others(
    tmp_path: Path, registry: Registry
) -> None:
    root = depression_checkout(tmp_path)
    (root / TEST / "DR.csv").write_bytes(b"query,gpt-3.5-turbo\n\xff,x\n")
    report = report_of(f"official:{root}", registry)
    assert "found the byte 0xff" in split_of(report, "DR", "test").unreadable
    assert split_of(report, "DR", "train").rows == 1
    assert report.exit_code == 2


def test_a_source_that_stops_at_a_bad_row_is_said_to_have_stopped(registry: Registry) -> None:
    from imhi._core.errors import DataError

    class Stopping:
        def datasets(self) -> list[str]:
            return ["DR"]

        def splits(self, dataset: str) -> list[str]:
            return ["test"]

        def examples(self, dataset: str, split: str):  # type: ignore[no-untyped-def]
            yield Example("test-0", "DR", "test", "p", "q", "yes", post_id="p")
            raise DataError("row 1: found nonsense")

        def checksum(self, dataset: str, split: str) -> str:
            return ""

        def describe(self) -> dict[str, str]:
            return {}

    report = check_source("stopping", Stopping(), registry.dataset_map())
    (split,) = report.splits
    assert split.unparsable == ["row 1: found nonsense (the rows after it were not checked)"]
    assert split.labels == {"yes": 1}


# --- the command ----------------------------------------------------------------------------------


def test_the_command_prints_tables_and_exits_with_0_on_the_demo(registry: Registry) -> None:
    result = run(registry, "check", "demo")
    assert result.exit_code == 0, result.output
    assert "Synthetic demo posts" in result.output and "0 unparsable" in result.output


def test_the_command_exits_with_1_and_names_the_row(tmp_path: Path, registry: Registry) -> None:
    write_queries(tmp_path / TEST / "DR.csv", [(asked("a"), "Perhaps. Reasoning: r")])
    result = run(registry, "check", f"official:{tmp_path}")
    assert result.exit_code == 1
    assert "row 0 (line 2)" in " ".join(result.output.split())


def test_the_command_prints_json(tmp_path: Path, registry: Registry) -> None:
    root = depression_checkout(tmp_path)
    result = run(registry, "check", f"official:{root}", "--json", "--dataset", "dr")
    report = json.loads(result.stdout)
    assert {(s["dataset"], s["split"], s["rows"]) for s in report["splits"]} == {
        ("DR", "train", 1), ("DR", "test", 3), ("DR", "complete", 3), ("DR", "train-complete", 1)
    }  # fmt: skip
    assert report["unparsable_rows"] == 0


def test_no_post_is_printed(tmp_path: Path, registry: Registry) -> None:
    rows = [
        (asked("my secret"), "Perhaps. Reasoning: r"),
        ("my secret", f"{YES}r"),
        (asked("p"), "my secret"),
        (asked("p"), "my secret. Reasoning: my secret"),
        (asked("p", "my secret"), f"{YES}r"),
    ]
    write_queries(tmp_path / TEST / "DR.csv", rows)
    for form in ((), ("--json",)):
        said = run(registry, "check", f"official:{tmp_path}", *form).output
        assert len(re.findall(r"row\s+\d", said)) == 5 and "secret" not in said


def test_a_dataset_the_source_does_not_have_is_an_error(tmp_path: Path, registry: Registry) -> None:
    root = depression_checkout(tmp_path)
    with pytest.raises(HarnessError, match=r"unknown dataset of official:.* 'SAD'.*known: DR"):
        report_of(f"official:{root}", registry, "SAD")


def test_a_source_without_datasets_is_an_error(registry: Registry) -> None:
    with pytest.raises(HarnessError, match="own: found no dataset in it"):
        report_of("own", registry)
