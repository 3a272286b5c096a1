"""``imhi build write`` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi.build.records import BuiltRow
from tests.conftest import Imhi
from tests.imhi_build.writing.built import a_build, a_row, contents, some_rows
from tests.imhi_build.writing.hub_server import TOKEN, hub_on_loopback

CONFIG = "raw:\n  - {preset: dr, path: raw}\n"


def build(path: Path, rows: list[BuiltRow] | None = None, config: str = CONFIG) -> Path:
    folder = a_build(
        path / "my-build",
        rows or some_rows(),
        quarantine={"DR": {"train-3": ["length: 3 words"]}},
    )
    folder.config_file.write_text(config, encoding="utf-8")
    return folder.path


@pytest.mark.parametrize("columns", [80, 160])
def test_it_says_what_was_written_and_where_within_the_width_of_the_terminal(
    imhi_here: Imhi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    done = imhi_here("build", "write", build(tmp_path).relative_to(tmp_path))
    assert done.code == 0, done.err
    lines = [line.rstrip() for line in done.out.splitlines()]
    words = [line.split() for line in lines]
    assert words[0] == ["dataset", "train", "val", "test", "all", "quarantined", "unexplained"]
    assert ["DR", "8", "2", "1", "11", "1", "0"] in words
    assert ["IRF", "0", "0", "4", "4", "0", "0"] in words
    assert [line[:2] for line in words if line and line[0] in ("official", "parquet")] == [
        ["official", "8"], ["parquet", "3"],
    ]  # fmt: skip
    assert "written to my-build/written" in done.out
    assert all(len(line) <= columns for line in lines)
    assert "do not share it" in done.err
    assert "note: no check was run on these rows (imhi build check)" in done.err
    assert sorted(p.name for p in (tmp_path / "my-build" / "written").iterdir()) == [
        "dataset", "official", "parquet", "statistics", "written.json",
    ]  # fmt: skip


def test_formats_and_place_are_those_of_the_configuration_unless_others_are_given(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    config = f"{CONFIG}write: {{formats: [parquet], to: there}}\n"
    folder = build(tmp_path, config=config)
    assert imhi_here("build", "write", folder).code == 0
    assert "train.parquet" in contents(tmp_path / "there" / "parquet")
    done = imhi_here("build", "write", folder, "--format", "official", "--to", "elsewhere")
    assert done.code == 0
    assert [p.name for p in sorted((tmp_path / "elsewhere").iterdir())] == [
        "official", "written.json",
    ]  # fmt: skip


def test_json_is_all_that_stands_on_standard_output(imhi_here: Imhi, tmp_path: Path) -> None:
    done = imhi_here("build", "write", build(tmp_path), "--format", "official", "--json")
    assert done.json["rows"]["DR"] == {"train": 8, "val": 2, "test": 1}
    assert done.json["formats"]["official"]["files"] == 8
    record = json.loads((tmp_path / "my-build" / "build.json").read_text(encoding="utf-8"))
    assert record["stages"]["write"]["total"] == done.json["total"] == 15


def test_what_was_written_is_a_source_that_can_be_checked_and_run(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    labels = ["yes", "no"] * 6
    rows = [a_row(n, label=label, human_label=label) for n, label in enumerate(labels)]
    rows += [a_row(n, split="test", label=label) for n, label in enumerate(labels)]
    assert imhi_here("build", "write", build(tmp_path, rows), "--format", "official").code == 0
    source = "official:my-build/written/official"
    checked = imhi_here("data", "check", source, "--json")
    assert checked.code == 0, checked.err
    done = imhi_here("run", "--source", source, "--model", "baseline:majority", "--json")
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "pickle"], "--format: found pickle, expected one or more of official"),
        (["--public"], "--public says who may read what --push uploads"),
        (["--push", "lab/data", "--format", "official"], "add --format dataset"),
        (["--push", "data"], "--push: found 'data', expected OWNER/NAME"),
        (["--push", "lab/data"], "the environment variable HF_TOKEN is not set"),
        (["--to", "."], "found a folder that imhi build write did not make"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line_before_anything_is_written(
    imhi_here: Imhi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    said: str,
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    folder = build(tmp_path)
    before = contents(tmp_path)
    done = imhi_here("build", "write", folder, *words)
    assert done.code == 2
    assert said in done.complaint
    after = contents(tmp_path)
    after.pop("my-build/build.lock", None)
    assert after == before


def test_a_push_is_made_only_when_it_is_asked_for(
    imhi_here: Imhi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build(tmp_path)
    with hub_on_loopback() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        assert imhi_here("build", "write", folder).code == 0
        assert not hub.asked
        done = imhi_here("build", "write", folder, "--format", "dataset", "--push", "lab/data")
        assert done.code == 0, done.err
        assert f"pushed to {hub.address}/datasets/lab/data (private)" in done.err
        assert hub.repositories["lab/data"].private
        assert "README.md" in hub.repositories["lab/data"].files
