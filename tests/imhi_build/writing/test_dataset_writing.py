"""A folder that loads as a dataset: with load_dataset, with load, and from the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

datasets = pytest.importorskip("datasets")

from imhi._core.declarations import Dataset, Label, Question  # noqa: E402
from imhi._core.errors import HarnessError  # noqa: E402
from imhi._core.registry import Registry  # noqa: E402
from imhi.build.writing.dataset_dict import configurations, load  # noqa: E402
from imhi.build.writing.dataset_files import DatasetFiles  # noqa: E402
from imhi.build.writing.pipeline import write  # noqa: E402
from imhi.build.writing.wording import Wording  # noqa: E402
from tests.imhi_build.writing.built import a_build, a_row, contents, some_rows  # noqa: E402


@pytest.fixture(scope="module")
def folder(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("dataset")
    write(a_build(base / "build", some_rows()), registry, ["dataset"], base / "written")
    return base / "written" / "dataset"


def load_dataset(folder: Path, cache: Path, name: str | None = None) -> datasets.DatasetDict:
    return datasets.load_dataset(str(folder), name, cache_dir=str(cache))


def test_files_are_named_as_the_hub_expects_them(folder: Path) -> None:
    assert list(contents(folder)) == [
        "README.md",
        "data/DR/test-00000-of-00001.parquet",
        "data/DR/train-00000-of-00001.parquet",
        "data/DR/val-00000-of-00001.parquet",
        "data/IRF/test-00000-of-00001.parquet",
    ]


def test_load_dataset_finds_a_configuration_per_dataset_and_all_of_them(
    folder: Path, tmp_path: Path
) -> None:
    assert datasets.get_dataset_config_names(str(folder)) == ["all", "DR", "IRF"]
    everything = load_dataset(folder, tmp_path)
    assert everything.num_rows == {"train": 9, "val": 2, "test": 5}
    assert set(everything["test"]["dataset"]) == {"DR", "IRF"}
    one = load_dataset(folder, tmp_path, "IRF")
    assert one.num_rows == {"test": 4}
    assert one["test"][1]["aspect"] == "perceived burdensomeness"


@pytest.mark.parametrize("name", ["all", "DR", "IRF"])
def test_load_gives_the_same_and_leaves_no_copy_of_the_posts_anywhere(
    folder: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = load_dataset(folder, tmp_path / "cache", name)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "not-there")
    ours = load(folder, name)
    assert {split: rows.to_list() for split, rows in ours.items()} == {
        split: rows.to_list() for split, rows in theirs.items()
    }
    assert all(ours[split].features == theirs[split].features for split in theirs)
    assert not (tmp_path / "not-there").exists()


def test_what_is_loaded_can_be_saved_and_loaded_from_the_disk(folder: Path, tmp_path: Path) -> None:
    load(folder).save_to_disk(str(tmp_path / "saved"))
    again = datasets.DatasetDict.load_from_disk(str(tmp_path / "saved"))
    assert again["train"].to_list() == load(folder)["train"].to_list()


def test_the_raw_names_of_rows_are_left_out_since_they_may_lead_to_their_authors(
    folder: Path,
) -> None:
    assert "source_id" not in load(folder)["train"].features
    assert not any(b"t3_0" in content for content in contents(folder).values())


def test_where_a_model_lies_on_this_machine_is_not_told(registry: Registry, tmp_path: Path) -> None:
    names = [
        "hf:/home/somebody/a-model",
        "hf:some-lab/a-model",
        "openai:m,base_url=http://a:1/v1/x",
    ]
    rows = [a_row(n, explained_by=name) for n, name in enumerate(names)]
    write(a_build(tmp_path / "build", rows), registry, ["dataset"], tmp_path / "to")
    read = load(tmp_path / "to" / "dataset")["train"]
    assert read["explained_by"][:] == ["hf:(local path)", "hf:some-lab/a-model", "openai:m"]


def test_a_split_of_several_files_is_loaded_whole(registry: Registry, tmp_path: Path) -> None:
    files = DatasetFiles(tmp_path, shard_bytes=1 << 20)
    wording = Wording(registry.datasets.get("DR"))
    files.begin(wording.dataset)
    for n in range(4_500):
        files.add(wording.worded(a_row(n, post=f"{n} " + "word " * 100)))
    files.end()
    (tmp_path / "README.md").write_text(
        f"---\nconfigs: {configurations({'DR': {'train': 4_500}})}\n---\n", encoding="utf-8"
    )
    assert load(tmp_path, "DR")["train"]["row"] == list(range(4_500))
    next(iter(tmp_path.glob("data/DR/train-00001-*"))).unlink()
    with pytest.raises(HarnessError, match=r"found 2 files data/DR/train.*expected 3"):
        load(tmp_path, "DR")


def test_a_folder_that_is_no_such_dataset_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Something else\n", encoding="utf-8")
    with pytest.raises(HarnessError, match=r"expected the folder 'dataset' of what imhi build"):
        load(tmp_path)


def test_a_configuration_that_is_not_there_is_named_with_those_that_are(folder: Path) -> None:
    with pytest.raises(HarnessError, match="no configuration 'SAD'; it has all, DR, IRF"):
        load(folder, "SAD")


@pytest.mark.parametrize("name", ["all", "a:b"])
def test_a_name_that_the_hub_does_not_take_is_refused_before_anything_is_written(
    tmp_path: Path, name: str
) -> None:
    dataset = Dataset(name, (Label("calm", "It is calm."),), (Question("How is it?"),))
    with pytest.raises(HarnessError, match="the Hub has no configuration of that name"):
        DatasetFiles(tmp_path).begin(dataset)
    assert not contents(tmp_path)


def test_a_split_that_the_hub_does_not_take_is_refused(registry: Registry, tmp_path: Path) -> None:
    files, wording = DatasetFiles(tmp_path), Wording(registry.datasets.get("DR"))
    files.begin(wording.dataset)
    with pytest.raises(HarnessError, match="the Hub has no split of the name 'my-split'"):
        files.add(wording.worded(a_row(split="my-split")))
