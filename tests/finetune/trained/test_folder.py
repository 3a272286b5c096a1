"""training.json: what was written by earlier versions is read and written as it was."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from imhi._core.errors import HarnessError
from imhi._core.fingerprints import digest
from imhi.finetune.trained.card import write_card
from imhi.finetune.trained.folder import MANIFEST, TrainedFolder, make_private

# Written by version d3fd539, by: imhi finetune tiny-classifier, made smaller with --set, on the demo.
EARLIER = Path(__file__).with_name("training_of_d3fd539.json")


def earlier() -> dict[str, Any]:
    return json.loads(EARLIER.read_text(encoding="utf-8"))


def folder_with(values: dict[str, Any], folder: Path) -> TrainedFolder:
    (folder / MANIFEST).write_text(json.dumps(values), encoding="utf-8")
    return TrainedFolder(folder)


def test_an_earlier_training_is_read_and_written_byte_for_byte(tmp_path: Path) -> None:
    folder = folder_with(earlier(), tmp_path)
    manifest = folder.finished()
    folder.write_manifest(manifest)
    assert (tmp_path / MANIFEST).read_bytes() == EARLIER.read_bytes()


def test_an_earlier_training_is_known_by_the_same_identity(tmp_path: Path) -> None:
    manifest = folder_with(earlier(), tmp_path).finished()
    assert digest(manifest.depends_on.model_dump(mode="json")) == manifest.identity


def test_an_earlier_classifier_is_asked_and_described_as_one(tmp_path: Path) -> None:
    folder = folder_with(earlier(), tmp_path)
    manifest = folder.finished()
    assert not manifest.writes
    assert manifest.auto_class == "AutoModelForSequenceClassification"
    assert manifest.model_for("dreaddit", "") == "dreaddit"
    assert manifest.model_for("SAD", "") is None
    card = write_card(folder, manifest).read_text(encoding="utf-8")
    assert "40.5 (14.9 to 72.8)" in card and "AutoModelForSequenceClassification" in card


def test_an_earlier_training_that_was_stopped_says_how_far_it_came(tmp_path: Path) -> None:
    values = earlier()
    values["status"] = "training"
    values["members"]["dreaddit"] = {"datasets": ["dreaddit"], "aspect": None}
    folder = folder_with(values, tmp_path)
    with pytest.raises(HarnessError, match=r"1 of 2 models are there\); go on with: imhi finetune"):
        folder.finished()
    folder.write_manifest(folder.manifest())
    assert json.loads((tmp_path / MANIFEST).read_text()) == values


def test_what_a_later_version_adds_is_kept(tmp_path: Path) -> None:
    values = earlier()
    values["license"] = "none"
    values["members"]["DR"]["teacher"] = {"name": "a larger one"}
    folder = folder_with(values, tmp_path)
    folder.write_manifest(folder.manifest())
    assert json.loads((tmp_path / MANIFEST).read_text()) == values


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "found another format, expected 1"),
        ({"members": []}, "members: found [], expected"),
        ({"identity": None}, "identity: found None, expected a text"),
        ({"recipe": {"kind": "causal"}}, "recipe.name: nothing found, expected a value"),
    ],
)
def test_what_is_damaged_is_named_in_one_line(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    folder = folder_with({**earlier(), **change}, tmp_path)
    with pytest.raises(HarnessError) as error:
        folder.manifest()
    assert said in str(error.value) and MANIFEST in str(error.value)
    assert "\n" not in str(error.value)


# --- who may read it -------------------------------------------------------------------------------

closed = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


def modes(folder: Path) -> set[str]:
    """Return the modes of a folder and of what is in it: ``d700``, ``f600``."""
    return {
        f"{'d' if path.is_dir() else 'f'}{stat.S_IMODE(path.stat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
    }


@closed
def test_a_trained_folder_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    folder = TrainedFolder(tmp_path / "trained" / "mine")
    with folder.lock():
        pass
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


@closed
def test_a_folder_that_was_opened_to_others_stays_so(tmp_path: Path) -> None:
    folder = TrainedFolder(tmp_path)
    tmp_path.chmod(0o750)
    with folder.lock():
        pass
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750


@closed
def test_weights_stay_private_where_their_folder_is_copied_to(tmp_path: Path) -> None:
    (tmp_path / "model" / "DR").mkdir(parents=True)
    (tmp_path / "model" / "DR" / "model.safetensors").write_bytes(b"weights")
    make_private(tmp_path / "model")
    assert modes(tmp_path / "model") == {"d700", "f600"}
