"""Trackio, read back from its folder through its own interface."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Imhi

# Not imported to be looked for: where it writes is read when it is imported.
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("trackio") is None,
    reason="the tracker Trackio needs the extra [trackio]",
)

ASK = "run -m baseline:majority -m baseline:tfidf -d DR --metric accuracy --labeler strict"
RUN = ASK.split()
LEARN = (
    "finetune tiny-classifier --set training.epochs=1 --set base.scratch.hidden_size=32 "
    "--set base.scratch.heads=2 --set base.scratch.vocabulary=600 --set training.log_every=1 -d DR"
)
TRAIN = LEARN.split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of this process: Trackio knows one."""
    before = os.environ.get("TRACKIO_DIR")
    yield tmp_path_factory.mktemp("trackio")
    os.environ.pop("TRACKIO_DIR", None)
    if before is not None:
        os.environ["TRACKIO_DIR"] = before


def runs_of(project: str) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return configuration and logged rows of each run, by its name."""
    import trackio
    from trackio.sqlite_storage import SQLiteStorage

    return {
        run.name: (run.config or {}, SQLiteStorage.get_logs(project, run.name))
        for run in trackio.Api().runs(project)
    }


def values(rows: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows if name in row]


@pytest.mark.slow
def test_runs_are_told_once_and_nobody_is_reached(
    folder: Path, imhi_here: Imhi, reached: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With a token of the hub here, Trackio would ask the hub whose it is.
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    words = [*RUN, "--observer", f"trackio:{folder},project=runs", "--json"]
    said = imhi_here(*words)
    assert said.code == 0 and said.json["complete"], said.err
    assert imhi_here(*words).json["complete"], "its prints are no part of the results"
    found = runs_of("runs")
    assert {config["model"] for config, _ in found.values()} == {
        "baseline:majority",
        "baseline:tfidf",
    }
    by_model = {row["model"]: row["value"] for row in said.json["scores"] if row["dataset"] == "DR"}
    for config, rows in found.values():
        assert values(rows, "DR/accuracy") == [pytest.approx(by_model[config["model"]])]
        assert values(rows, "status") == ["finished"]
        assert "post" not in config and config["prompt.style"] == "instruction"
    assert reached == []


@pytest.mark.slow
def test_a_training_is_told_with_its_losses_its_measures_and_its_recipe(
    folder: Path, imhi_here: Imhi
) -> None:
    pytest.importorskip("trl", reason="finetune needs the extra [finetune]")
    said = imhi_here(*TRAIN, "--observer", f"trackio:{folder},project=trainings")
    assert said.code == 0, said.err
    found = {config["imhi_kind"]: (config, rows) for config, rows in runs_of("trainings").values()}
    config, rows = found["training"]
    assert config["training.epochs"] == "1.0"
    losses = [(row["step"], row["loss"]) for row in rows if "loss" in row]
    assert len(losses) >= 2 and len(dict(losses)) == len(losses), "one loss for each step"
    assert values(rows, "eval_loss") and values(rows, "seconds")[-1] > 0
    assert "run" in found, "and the run that scored it"


def test_an_environment_that_would_send_is_refused(
    folder: Path, imhi_here: Imhi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKIO_SPACE_ID", "me/space")
    said = imhi_here(*RUN, "--observer", f"trackio:{folder}")
    assert said.code == 2 and "found TRACKIO_SPACE_ID in the environment" in said.complaint


def test_a_process_has_one_folder(folder: Path, imhi_here: Imhi) -> None:
    said = imhi_here(*RUN, "--observer", "trackio:elsewhere")
    assert said.code == 2 and "expected one folder for each process" in said.complaint
