"""A push: to a hub on loopback that is spoken to as the real one is; and all that is refused."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub")

from imhi._core.errors import HarnessError
from imhi._core.registry import Registry
from imhi.build.writing.pipeline import write
from imhi.build.writing.publishing import push
from tests.imhi_build.writing.built import a_build, a_row, contents, some_rows
from tests.imhi_build.writing.hub_server import TOKEN, Hub, hub_on_loopback

NAME = "some-lab/my-data"


@pytest.fixture(scope="module")
def folder(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("push")
    write(a_build(base / "build", some_rows()), registry, ["dataset"], base / "written")
    return base / "written" / "dataset"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with hub_on_loopback() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield found


def refusal(folder: Path, name: str = NAME, **given: object) -> str:
    """Return the one line a push is refused with."""
    with pytest.raises(HarnessError) as error:
        push(folder, name, **given)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)
    return str(error.value)


# --- what is uploaded ----------------------------------------------------------------------------


def test_every_file_of_the_dataset_arrives_in_a_repository_that_is_private(
    folder: Path, hub: Hub
) -> None:
    assert push(folder, NAME) == f"{hub.address}/datasets/{NAME}"
    there = hub.repositories[NAME]
    assert there.private
    assert there.files == contents(folder)
    assert there.commits == ["Written by imhi build write"]


def test_it_is_public_where_that_is_asked_for(folder: Path, hub: Hub) -> None:
    push(folder, NAME, private=False)
    assert not hub.repositories[NAME].private


def test_pushed_again_files_that_are_no_more_go_and_what_others_put_there_stays(
    folder: Path, hub: Hub, registry: Registry, tmp_path: Path
) -> None:
    push(folder, NAME)
    hub.repositories[NAME].files["notes/ours.md"] = b"kept"
    write(a_build(tmp_path / "b", [a_row(0)]), registry, ["dataset"], tmp_path / "to")
    push(tmp_path / "to" / "dataset", NAME)
    assert hub.repositories[NAME].files == {
        **contents(tmp_path / "to" / "dataset"),
        "notes/ours.md": b"kept",
    }


def test_files_that_are_not_of_the_dataset_stay_here(
    hub: Hub, registry: Registry, tmp_path: Path
) -> None:
    write(a_build(tmp_path / "b", [a_row(0)]), registry, ["dataset"], tmp_path / "to")
    (tmp_path / "to" / "dataset" / "my-notes.txt").write_text("about a person", encoding="utf-8")
    push(tmp_path / "to" / "dataset", NAME)
    assert sorted(hub.repositories[NAME].files) == [
        "README.md",
        "data/DR/train-00000-of-00001.parquet",
    ]


def test_the_token_is_taken_from_the_variable_that_is_named(
    folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody_else")
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    push(folder, NAME, token_env="MY_TOKEN")
    assert hub.repositories[NAME].files


# --- what is refused -----------------------------------------------------------------------------


def test_a_repository_that_is_public_is_not_filled_by_accident(folder: Path, hub: Hub) -> None:
    push(folder, NAME, private=False)
    hub.repositories[NAME].files.clear()
    said = refusal(folder)
    assert "is public: make it private first, or give --public" in said
    assert not hub.repositories[NAME].files


def test_without_a_token_nothing_is_asked_of_anybody(
    folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    # Not even a token that somebody has stored on this machine is taken.
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "token"))
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    assert "the environment variable HF_TOKEN is not set" in refusal(folder)
    assert not hub.asked


@pytest.mark.parametrize("name", ["my-data", "a/b/c", "some lab/data", "lab/data--x", "lab/", ""])
def test_a_name_that_no_repository_can_have_is_refused_before_anything_is_asked(
    folder: Path, hub: Hub, name: str
) -> None:
    assert refusal(folder, name).startswith(f"--push: found '{name}', expected OWNER/NAME")
    assert not hub.asked


def test_a_folder_that_is_not_a_written_dataset_is_refused(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")
    assert "expected the folder 'dataset' of what imhi build write" in refusal(tmp_path)
    assert not hub.asked


def test_a_token_that_may_not_write_there_is_told_apart_and_never_shown(
    folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret_of_somebody")
    said = refusal(folder)
    assert f"dataset {NAME} at {hub.address}: answered 401" in said
    assert "take another one, or another OWNER" in said
    assert "secret" not in said


def test_what_a_server_says_against_it_is_passed_on(folder: Path, hub: Hub) -> None:
    hub.refuse = (403, "You have no write access\nto this namespace")
    said = refusal(folder)
    assert "answered 403 (" in said and "You have no write access to this namespace" in said


def test_where_nobody_answers_the_one_line_says_so(
    folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    said = refusal(folder)
    assert f"dataset {NAME} at http://127.0.0.1:{port}: cannot be reached" in said
    assert "What was written stays: try again later" in said
