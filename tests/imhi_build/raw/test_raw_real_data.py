"""The authors' files of IRF and MultiWD, read with their presets, give the published rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.build.comparing import SplitComparison, compare
from imhi.build.config import read_config
from imhi.build.folder import BuildFolder
from imhi.build.new import new_build
from imhi.build.stages.read import read

SPLITS = {
    ("IRF", "train"): 3944, ("IRF", "val"): 986, ("IRF", "test"): 2114,
    ("MultiWD", "train"): 15744, ("MultiWD", "val"): 1500, ("MultiWD", "test"): 2442,
}  # fmt: skip


@pytest.fixture(scope="module")
def rebuilt(
    raw_data: Path, registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> BuildFolder:
    """IRF and MultiWD, read."""
    raw = [f"irf={raw_data / 'Irf'}", f"multiwd={raw_data / 'MultiWD'}"]
    folder = new_build(tmp_path_factory.mktemp("real") / "build", raw, registry)
    report = read(folder, read_config(folder.config_file, (), registry), registry)
    assert report.problems == [] and report.notes == []
    return folder


@pytest.fixture(scope="module")
def compared(
    rebuilt: BuildFolder, imhi: Path, registry: Registry
) -> dict[tuple[str, str], SplitComparison]:
    _, official = open_source(f"official:{imhi}", registry)

    def found() -> Iterator[SplitComparison]:
        for name in rebuilt.datasets():
            yield from compare(rebuilt, official, registry.datasets.get(name))

    return {(one.dataset, one.split): one for one in found()}


def test_every_row_is_read_and_none_left_out(rebuilt: BuildFolder) -> None:
    for name in ("IRF", "MultiWD"):
        described = rebuilt.require_read().datasets[name]
        counts = {split: n for (dataset, split), n in SPLITS.items() if dataset == name}
        assert described.counts == counts
        assert described.removed == {} and described.masked == {}
        assert list(rebuilt.removed(name)) == []
        assert sum(1 for _ in rebuilt.posts(name)) == sum(counts.values())


@pytest.mark.parametrize(
    ("dataset", "split", "published"),
    [
        ("IRF", "val", 985),
        ("IRF", "test", 2113),
        ("MultiWD", "val", 1500),
        ("MultiWD", "test", 2441),
    ],
)
def test_every_published_query_is_among_them_byte_for_byte(
    dataset: str,
    split: str,
    published: int,
    compared: dict[tuple[str, str], SplitComparison],
) -> None:
    found = compared[dataset, split]
    assert found.here == SPLITS[dataset, split]
    assert found.there == found.both == found.same_query == published
    kinds = [one.kind for one in found.differences]
    assert kinds.count("only here") == found.here - published
    assert kinds.count("only there") == kinds.count("query") == 0


@pytest.mark.parametrize(
    ("dataset", "split", "labels"),
    [
        ("IRF", "val", {("no", "yes"): 217, ("yes", "no"): 2}),
        ("IRF", "test", {("no", "yes"): 458, ("yes", "no"): 1}),
        ("MultiWD", "val", {("no", "yes"): 147, ("yes", "no"): 65}),
        ("MultiWD", "test", {("no", "yes"): 234, ("yes", "no"): 95}),
    ],
)
def test_the_labels_that_differ_from_the_published_ones_are_as_counted(
    dataset: str,
    split: str,
    labels: dict[tuple[str, str], int],
    compared: dict[tuple[str, str], SplitComparison],
) -> None:
    found = compared[dataset, split]
    assert found.labels == labels
    differing = [one for one in found.differences if one.kind == "label"]
    assert len(differing) == sum(labels.values()) == found.both - found.same_label


def test_every_row_leads_back_to_the_row_it_is_from(rebuilt: BuildFolder, raw_data: Path) -> None:
    import csv

    tables = {}
    for folder in ("Irf", "MultiWD"):
        for path in sorted((raw_data / folder).glob("*.csv")):
            with path.open(encoding="utf-8-sig", newline="") as stream:
                tables[folder, path.name] = list(csv.DictReader(stream))
    short = {"thwarted belongingness": "belong", "perceived burdensomeness": "burden"}
    checked = 0
    for dataset, folder in (("IRF", "Irf"), ("MultiWD", "MultiWD")):
        for row in rebuilt.posts(dataset):
            raw = tables[folder, row.file][row.row]
            assert raw["text"] == row.post
            assert raw[short.get(row.aspect, row.aspect.capitalize())] == row.raw_label
            assert raw.get("Unnamed: 0", "") == row.source_id
            checked += 1
    assert checked == sum(SPLITS.values())


def test_the_record_says_which_files_were_read(rebuilt: BuildFolder, raw_data: Path) -> None:
    record = json.loads((rebuilt.path / "build.json").read_text(encoding="utf-8"))
    files = record["stages"]["read"]["datasets"]["MultiWD"]["files"]
    data = (raw_data / "MultiWD" / "test_data.csv").read_bytes()
    assert files["test"] == {
        "path": "test_data.csv",
        "sha256": hashlib.sha256(data).hexdigest(),
        "rows": [250, None],
    }


def test_strict_cleaning_masks_and_leaves_out_repeated_posts(
    raw_data: Path, registry: Registry, tmp_path: Path
) -> None:
    folder = new_build(tmp_path / "build", [f"irf={raw_data / 'Irf'}"], registry)
    report = read(folder, read_config(folder.config_file, ["clean=strict"], registry), registry)
    found = report.datasets["IRF"]
    assert report.mistakes == 0 and set(found.removed) == {"duplicate"}
    assert found.removed["duplicate"] > 0
    assert sum(found.counts.values()) + found.removed["duplicate"] == 7044
    assert found.masked["users"] > 0 and found.masked["links"] > 0
