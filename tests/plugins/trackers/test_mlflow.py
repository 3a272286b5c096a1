"""MLflow, read back through its own client from a database in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Imhi

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
pytest.importorskip("mlflow", reason="the tracker MLflow needs the extra [mlflow]")

from mlflow import MlflowClient

QUICK = ["-m", "baseline:tfidf", "-d", "DR", "--metric", "accuracy", "--labeler", "strict"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client over a new database, which takes seconds to be made."""
    yield MlflowClient(f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/store.db")


def observer(client: Any, experiment: str) -> list[str]:
    return ["--observer", f"mlflow:{client.tracking_uri},experiment={experiment}"]


def runs_of(client: Any, experiment: str) -> list[Any]:
    return list(client.search_runs([client.get_experiment_by_name(experiment).experiment_id]))


@pytest.mark.slow
def test_a_run_is_told_once_however_often_it_is_given(
    client: Any, imhi_here: Imhi, reached: list[object]
) -> None:
    words = ["run", *QUICK, *observer(client, "a-run")]
    said = imhi_here(*words, "--json")
    assert said.code == 0, said.err
    scores = {row["metric"]: row for row in said.json["scores"]}
    (run_folder,) = Path("runs").iterdir()
    answers = run_folder / "responses" / "DR.jsonl"
    answers.write_text("".join(answers.read_text("utf-8").splitlines(True)[:-2]), "utf-8")
    assert imhi_here(*words).code == 0, "goes on"
    assert imhi_here(*words).code == 0, "nothing to ask"
    (run,) = runs_of(client, "a-run")
    assert run.info.status == "FINISHED" and run.info.run_name == run_folder.name
    told = run.data.params
    assert (told["model"], told["prompt.style"], told["seed"]) == (
        "baseline:tfidf",
        "instruction",
        "0",
    )
    assert told["examples.DR"] == "16" and len(told["content.DR"]) == 64
    assert told["harness_version"]
    accuracy = scores["accuracy"]
    for name, bound in (("", "value"), ("/low", "low"), ("/high", "high")):
        (point,) = client.get_metric_history(run.info.run_id, f"DR/accuracy{name}")
        assert (point.value, point.step) == (pytest.approx(accuracy[bound]), 16)
    assert run.data.metrics["totals/answered"] == 16 and run.data.metrics["totals/unparsed"] == 0
    assert reached == []


@pytest.mark.slow
def test_no_text_of_a_post_an_answer_or_a_prompt_is_in_the_database(
    client: Any, imhi_here: Imhi
) -> None:
    words = ["--system", "Answer like a very particular sailor.", *observer(client, "texts")]
    assert imhi_here("run", *QUICK, *words).code == 0
    path = Path(client.tracking_uri.removeprefix("sqlite:///"))
    stored = path.read_bytes()
    (examples,) = Path("runs").glob("*/examples/DR.jsonl")
    import json

    for line in examples.read_text("utf-8").splitlines():
        post = json.loads(line)["post"]
        assert post[:40].encode() not in stored
    assert b"particular sailor" not in stored and str(Path.cwd()).encode() not in stored


@pytest.mark.slow
def test_a_run_that_stops_early_is_not_called_finished(client: Any, imhi_here: Imhi) -> None:
    Path("stops.py").write_text(
        "from imhi import HarnessError, ModelFamily, hookimpl\n"
        "class Stops:\n"
        "    def __init__(self, spec, context): pass\n"
        "    def generate(self, requests):\n        raise HarnessError('no more')\n        yield\n"
        "    def describe(self): return {}\n"
        "    def close(self): pass\n"
        "@hookimpl\n"
        "def imhi_models():\n"
        "    yield ModelFamily('stops', 'Stops', target='X', create=Stops)\n"
    )
    said = imhi_here(
        "run", "--plugin", "stops.py", *QUICK[2:], "-m", "stops:x", *observer(client, "e")
    )
    assert said.code == 2
    (run,) = runs_of(client, "e")
    assert run.info.status == "FAILED"


@pytest.mark.slow
def test_a_server_that_is_not_there_takes_nothing_from_the_run(imhi_here: Imhi) -> None:
    said = imhi_here("run", *QUICK, "--observer", "mlflow:http://127.0.0.1:9", "--json")
    assert said.code == 0 and said.json["complete"]
    (line,) = [line for line in said.err.splitlines() if "observer failed" in line]
    assert "mlflow" in line


def test_what_is_no_uri_is_refused(imhi_here: Imhi) -> None:
    said = imhi_here("run", *QUICK, "--observer", "mlflow:mlruns")
    assert (
        said.code == 2 and "expected a tracking URI, such as sqlite:///mlflow.db" in said.complaint
    )
