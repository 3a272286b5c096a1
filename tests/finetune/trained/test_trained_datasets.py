"""``imhi run --model trained:CLASSIFIER``: it is asked about what it was trained for, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.registry import Registry
from imhi.finetune.trained.folder import TrainedFolder
from tests import tiny_models
from tests.conftest import Imhi
from tests.finetune.trained.manifests import LABELS, a_classifier

pytest.importorskip("transformers", reason="trained models need the extra [hf]")


@pytest.fixture
def classifiers(tmp_path: Path, registry: Registry) -> Path:
    """Classifiers of DR and SAD, as a training leaves them, under trained/mine."""
    folder = TrainedFolder(tmp_path / "trained" / "mine")
    folder.path.mkdir(parents=True)
    folder.write_manifest(a_classifier())
    for name in LABELS:
        labels = registry.datasets.get(name).label_names
        tiny_models.save_classifier(folder.model(name), labels, window=256)
    return tmp_path


def test_the_datasets_it_was_trained_for_are_taken(classifiers: Path, imhi_here: Imhi) -> None:
    run = imhi_here("run", "-m", "trained:mine", "--json")
    assert run.code == 0, run.err
    folder = Path(run.json["run"])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert sorted(manifest["datasets"]) == ["DR", "SAD"]
    (note,) = [note for note in manifest["notes"] if "no dataset was named" in note]
    assert "those it was made for (DR, SAD)" in note and "dreaddit" in note
    dry = imhi_here("run", "-m", "trained:mine", "--dry-run")
    assert dry.code == 0, dry.err


@pytest.mark.parametrize("asked", [["-d", "dreaddit"], ["-d", "DR", "-d", "dreaddit"]])
def test_one_it_does_not_know_is_refused(
    asked: list[str], classifiers: Path, imhi_here: Imhi
) -> None:
    refused = imhi_here("run", "-m", "trained:mine", *asked)
    assert refused.code == 2
    assert (
        "trained:mine: found dreaddit to be asked about, it was made for DR, SAD"
        in refused.complaint
    )
    assert "--dataset NAME" in refused.complaint
