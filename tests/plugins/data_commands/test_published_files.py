"""Every file of a checkout is held against the published one: a single changed byte is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi._core.sources import open_source
from imhi.plugins.data_commands.check import files_of
from imhi.plugins.data_commands.manifest import Checksum, GitBlob, official_checksums
from imhi.plugins.data_commands.published_files import PublishedFiles
from tests.checkouts import TEST
from tests.conftest import Imhi

PUBLISHED = Path(__file__).parents[4] / "shared" / "imhi"
FILES = sorted(p.relative_to(PUBLISHED).as_posix() for p in PUBLISHED.rglob("*") if p.is_file())


def held(root: Path, registry: Registry) -> PublishedFiles:
    found = files_of(open_source(f"official:{root}", registry)[1])
    assert found is not None
    return found


def linked(published: Path, to: Path, changed: str) -> Path:
    """Return a copy of links to all published files but one, which is a copy with one byte changed."""
    for path in published.rglob("*"):
        if path.is_file():
            copy = to / path.relative_to(published)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(path)
    (to / changed).unlink()
    content = bytearray((published / changed).read_bytes())
    content[len(content) // 2] ^= 1
    (to / changed).write_bytes(content)
    return to


@pytest.mark.parametrize("changed", FILES)
def test_one_changed_byte_of_any_published_file_is_named(
    imhi: Path, tmp_path: Path, registry: Registry, changed: str
) -> None:
    files = held(linked(imhi, tmp_path, changed), registry)
    assert files.differ == (changed,)
    assert files.sentence() == (
        f"{len(FILES) - 1} of {len(FILES)} files have the published checksum, "
        f"0 without a known sum, 1 differ: {changed}"
    )


def test_the_command_names_a_changed_file_that_holds_no_split_and_exits_with_1(
    imhi: Path, tmp_path: Path, imhi_here: Imhi
) -> None:
    changed = "examples/label_data_examples/DR.csv"
    root = linked(imhi, tmp_path, changed)
    said = imhi_here("data", "check", f"official:{root}", "--dataset", "SAD")
    counts = f"{len(FILES) - 1} of {len(FILES)} files have the published checksum"
    sentence = f"{counts}, 0 without a known sum, 1 differ: {changed}"
    assert sentence in " ".join(said.out.split()) and "0 unparsable" in said.out
    assert said.code == 1


def test_the_command_says_which_split_a_changed_file_holds_as_json(
    imhi: Path, tmp_path: Path, imhi_here: Imhi
) -> None:
    changed = f"{TEST}/SAD.csv"
    root = linked(imhi, tmp_path, changed)
    said = imhi_here("data", "check", f"official:{root}", "--dataset", "SAD", "--json")
    report = said.json
    assert (said.code, report["files"]["differ"]) == (1, [changed])
    as_published = {split["split"]: split["published_file"] for split in report["splits"]}
    assert [name for name, same in as_published.items() if not same] == ["test"]


def test_a_file_of_another_name_is_named_as_one_without_a_known_sum(
    imhi: Path, tmp_path: Path, registry: Registry, imhi_here: Imhi
) -> None:
    (tmp_path / TEST).mkdir(parents=True)
    shutil.copyfile(imhi / TEST / "DR.csv", tmp_path / TEST / "DR_test.csv")
    (tmp_path / TEST / ".DS_Store").write_bytes(b"x")
    files = held(tmp_path, registry)
    assert files == PublishedFiles((), (), (f"{TEST}/DR_test.csv",))
    assert files.not_known() == f"without a known sum: {TEST}/DR_test.csv"
    assert imhi_here("data", "check", f"official:{tmp_path}").code == 0


def test_a_folder_that_is_a_link_is_looked_into(
    imhi: Path, tmp_path: Path, registry: Registry
) -> None:
    (tmp_path / "test_data").symlink_to(imhi / "test_data", target_is_directory=True)
    files = held(tmp_path, registry)
    assert (len(files.same), files.differ, files.unknown) == (16, (), ())


def test_a_source_that_is_no_checkout_is_held_against_nothing(registry: Registry) -> None:
    assert files_of(open_source("demo", registry)[1]) is None


def test_53_files_are_known_by_their_sha256_and_six_by_gits_id() -> None:
    """As docs/data.md says."""
    kinds = [type(known) for known in official_checksums().values()]
    assert (kinds.count(Checksum), kinds.count(GitBlob)) == (53, 6)


def test_published_files_that_are_not_here_are_counted_and_named(
    imhi: Path, tmp_path: Path, registry: Registry, imhi_here: Imhi
) -> None:
    (tmp_path / TEST).mkdir(parents=True)
    shutil.copyfile(imhi / TEST / "DR.csv", tmp_path / TEST / "DR.csv")
    files = held(tmp_path, registry)
    assert len(files.absent()) == 58 and f"{TEST}/dreaddit.csv" in files.absent()
    assert files.missing().startswith("58 of 59 published files are not here: LICENSE, README.md, ")
    said = imhi_here("data", "check", f"official:{tmp_path}", "--json")
    assert said.code == 0 and said.json["files"]["absent"] == files.absent()
