"""``--answer``: runs that ask for labels alone, through every stage and command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imhi import evaluate
from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.plugin_manager import PluginManager, load_plugins
from imhi._core.records import Request, Response, as_row, from_row
from imhi._core.run_store import RunFolder
from imhi._core.settings import Generation, RunSettings
from tests.conftest import Imhi
from tests.harness.scoring_model import likelihoods

SCORED = Path(__file__).parent.parent / "scoring_model.py"
RUN = ["run", "--dataset", "DR", "--limit", "6", "--resamples", "100", "--plugin", SCORED]


def run(imhi_here: Imhi, *words: object, code: int = 0) -> RunFolder:
    said = imhi_here(*RUN, "-m", "scored:log", "--json", *words)
    assert said.code == code, said.err
    return RunFolder(Path(said.json["run"]))


def test_runs_of_text_are_as_they_were_and_every_other_way_is_another_run(imhi_here: Imhi) -> None:
    folders = [run(imhi_here, "--answer", way) for way in ("text", "likelihood", "choice")]
    folders.append(run(imhi_here, "--answer", "likelihood:normalised"))
    assert len({folder.path for folder in folders}) == 4
    plain = folders[0]
    assert run(imhi_here).path == plain.path
    assert "answer" not in plain.manifest().generation
    assert "choices" not in plain.file("requests", "DR").read_text()
    assert [folder.manifest().answer for folder in folders] == [
        "text", "likelihood", "choice", "likelihood:normalised",
    ]  # fmt: skip


def test_the_identity_of_text_has_nothing_new_in_it() -> None:
    assert Generation().to_json() == {
        "max_new_tokens": None, "temperature": 0.0, "top_p": 1.0, "stop": (),
        "chat_template": "auto", "system": "",
    }  # fmt: skip
    assert Generation(answer="choice").to_json()["answer"] == "choice"


def test_rows_keep_their_choices_and_rows_of_before_have_none() -> None:
    request = Request.of("1", "DR", "p", "post", "q", choices={"yes": "Yes.", "no": "No."})
    assert from_row(Request, json.loads(json.dumps(as_row(request))), "here") == request
    plain = Request.of("1", "DR", "p", "post", "q")
    assert "choices" not in as_row(plain)
    assert from_row(Request, as_row(plain), "here").choices == {}


def test_every_row_has_a_label_of_the_models_own_whatever_the_labeler(imhi_here: Imhi) -> None:
    folder = run(imhi_here, "--answer", "likelihood")
    requests = {request.id: request for request in folder.requests("DR")}
    for response in folder.responses("DR"):
        values = likelihoods(requests[response.id])
        assert response.label == max(values, key=lambda label: values[label])
        assert response.log_likelihoods == pytest.approx(values, abs=1e-6)
    for labeler in ("hybrid", "strict", "reference-rule"):
        assert imhi_here("label", folder.path, "--labeler", labeler).code == 0
        found = list(folder.predictions(labeler, "DR"))
        assert {one.decided_by for one in found} == {"model"}
        labels = {one.id: one.label for one in found}
        assert labels == {r.id: r.label for r in folder.responses("DR")}


@pytest.mark.parametrize(("style", "wording"), [("instruction", 0), ("completion", 1)])
def test_labels_are_worded_as_answers_in_the_prompt_style_are(
    imhi_here: Imhi, manager: PluginManager, style: str, wording: int
) -> None:
    folder = run(imhi_here, "--answer", "likelihood", "--prompt", style)
    labels = manager.registry.datasets.get("DR").labels
    expected = {one.name: (one.sentence, one.completion)[wording] for one in labels}
    assert all(request.choices == expected for request in folder.requests("DR"))


def test_the_other_likelihood_can_be_read_later_without_asking(imhi_here: Imhi) -> None:
    folder = run(imhi_here, "--answer", "likelihood")
    asked = Path("log").read_text()
    for by, field in (("sum", "log_likelihoods"), ("normalised", "normalised")):
        said = imhi_here("label", folder.path, "--labeler", f"likelihood:{by}", "--plugin", SCORED)
        assert said.code == 0, said.err
        labels = {one.id: one.label for one in folder.predictions(f"likelihood:{by}", "DR")}
        for response in folder.responses("DR"):
            values = getattr(response, field)
            assert labels[response.id] == max(values, key=lambda label: values[label])
    assert Path("log").read_text() == asked
    text = run(imhi_here)
    said = imhi_here("label", text.path, "--labeler", "likelihood:sum")
    assert said.code == 2 and "has no likelihoods" in said.err


def test_a_stopped_run_goes_on_and_asks_only_what_is_left(imhi_here: Imhi) -> None:
    Path("log.broken").touch()
    first = run(imhi_here, "--answer", "likelihood", code=1)
    Path("log.broken").unlink()
    second = run(imhi_here, "--answer", "likelihood")
    assert second.path == first.path
    asked = Path("log").read_text().splitlines()
    broken = [line for line in dict.fromkeys(asked) if asked.count(line) == 2]
    assert len(asked) == 6 + len(broken) and broken


@pytest.mark.slow
def test_processes_answer_as_one_does(imhi_here: Imhi) -> None:
    one = run(imhi_here, "--answer", "likelihood", "--out", "one")
    two = run(imhi_here, "--answer", "likelihood", "--out", "two", "--executor", "processes:2")
    assert one.id == two.id

    def rows(folder: RunFolder) -> dict[str, Response]:
        return {response.id: response for response in folder.responses("DR")}

    assert rows(one) == rows(two)


def test_tables_say_how_it_answered(imhi_here: Imhi) -> None:
    said = imhi_here(*RUN, "-m", "scored:log,name=Mine", "--answer", "likelihood")
    assert "Mine (likelihood)" in " ".join(said.out.split())
    folder = next(Path("runs").iterdir())
    for command in (["show", folder], ["show", folder, "--format", "csv"], ["runs", "--json"]):
        assert "Mine (likelihood)" in imhi_here(*command).out
    again = imhi_here(*RUN, "-m", "scored:log,name=Mine", "--answer", "likelihood", "--json")
    assert {row["model"] for row in again.json["scores"]} == {"Mine (likelihood)"}


def test_a_name_given_later_hides_it_nowhere(imhi_here: Imhi) -> None:
    manifest = run(imhi_here, "--answer", "choice").manifest()
    assert manifest.called("Ours") == "Ours (choice)" == manifest.called("Ours (choice)")
    assert run(imhi_here).manifest().called("Ours") == "Ours"


@pytest.mark.parametrize("labeler", ["strict", "hybrid"])
def test_every_wording_reads_as_its_label(manager: PluginManager, labeler: str) -> None:
    """Who has a response's text alone (a submission) comes to the label that the model gave."""
    registry = manager.registry
    context = Context.of(RunSettings(), registry, registry.prompts.get("instruction"))
    read = context.labeler(labeler)
    for dataset in registry.datasets:
        for question in dataset.questions:
            for wording in ("sentence", "completion"):
                texts = [getattr(label, wording) for label in dataset.labels]
                answers = [Response(text, dataset.name, "", text=text) for text in texts]
                found = read(dataset, [question.aspect] * len(texts), answers)
                assert [one.label for one in found] == list(dataset.label_names)


def test_there_is_no_explanation_to_measure_and_the_scores_say_so(imhi_here: Imhi) -> None:
    said = imhi_here(
        *RUN, "-m", "scored:log", "--answer", "choice", "--metric", "accuracy", "--metric", "rouge",
        "--metric", "length", "--json",
    )  # fmt: skip
    assert {row["made_by"] for row in said.json["scores"]} == {"accuracy"}
    for metric in ("rouge", "length"):
        expected = f"{metric}: not measured: with --answer choice there are no explanations"
        assert expected in [note["note"] for note in said.json["notes"]]


def test_probabilities_are_shown_and_calibration_reads_them(imhi_here: Imhi) -> None:
    folder = run(imhi_here, "--answer", "likelihood")
    said = imhi_here("show", folder.path, "--probabilities")
    assert said.out.count("DR/test-") == 6
    rows = imhi_here("show", folder.path, "--probabilities", "--json").json["probabilities"]
    stored = {response.id: response for response in folder.responses("DR")}
    for row in rows:
        response = stored[row["id"]]
        assert row["probabilities"] == response.probabilities and row["label"] == response.label
        assert f"{row['label']} {row['probabilities'][row['label']]:.3f}" in said.out
    calibrated = imhi_here("calibration", folder.path, "--plugin", SCORED)
    assert calibrated.code == 0, calibrated.err
    nothing = imhi_here("show", run(imhi_here).path, "--probabilities")
    assert "--answer likelihood" in nothing.err


def test_runs_that_were_asked_otherwise_are_compared_only_where_that_is_allowed(
    imhi_here: Imhi,
) -> None:
    runs = [run(imhi_here, "--answer", way).path for way in ("likelihood", "choice")]
    said = imhi_here("compare", *runs, "--plugin", SCORED)
    assert said.code == 2 and "asked for in other ways (--answer)" in said.err
    assert "--allow prompt" in said.err
    said = imhi_here("compare", *runs, "--allow", "prompt", "--plugin", SCORED, "--json")
    assert said.code == 0, said.err


def test_a_dry_run_counts_what_would_be_scored(imhi_here: Imhi) -> None:
    words = [*RUN, "-d", "SAD", "-m", "scored:log", "--answer", "likelihood", "--dry-run"]
    said = imhi_here(*words, "--json")
    (preview,) = said.json["dry_run"]
    scored = {row["dataset"]: (row["requests"], row["scored"]) for row in preview["datasets"]}
    assert scored == {"DR": (6, 12), "SAD": (6, 54)}
    assert all(row["completion_tokens"] == 0 for row in preview["datasets"])
    assert preview["model"] == "scored:log (likelihood)"
    shown = " ".join(imhi_here(*words).out.split())
    assert "wordings scored" in shown and "66" in shown
    assert not Path("log").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-m", "baseline:majority", "--answer", "choice"], "baseline: models answer by text only"),
        (["-m", "scored:log", "--answer", "likely"], "expected text or likelihood or"),
        (["-m", "scored:log", "--answer", "likelihood", "--temperature", "1"], "draws nothing"),
        (
            ["-m", "scored:log", "--answer", "choice", "--stop", "x"],
            "none where answers are labels",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    imhi_here: Imhi, words: list[Any], message: str
) -> None:
    said = imhi_here(*RUN, *words)
    assert said.code == 2 and message in said.err and len(said.err.strip().splitlines()) == 1
    if "baseline:majority" in words:
        able = said.err.partition("those that can: ")[2].split(", ")
        assert {"hf:", "vllm:", "gguf:", "openai:"} <= set(able)
    assert not Path("log").exists()


def test_scripts_and_run_files_say_it_alike(tmp_path: Path, imhi_here: Imhi) -> None:
    results = evaluate(
        f"scored:{tmp_path}/log", datasets="DR", answer="likelihood", limit=3, resamples=100,
        out=tmp_path / "runs", manager=load_plugins([SCORED]),
    )  # fmt: skip
    assert results.runs[0].labelling["DR"]["unparsed"] == 0
    assert results.runs[0].labelling["DR"]["decided_by"] == {"model": 3}
    file = tmp_path / "run.yaml"
    file.write_text(f"model: scored:{tmp_path}/log\ndataset: DR\nanswer: likelihood\nlimit: 3\n")
    said = imhi_here("run", file, "--out", tmp_path / "runs", "--plugin", SCORED, "--json")
    assert Path(said.json["run"]).name == results.folders[0].name
    with pytest.raises(HarnessError, match="answer"):
        RunSettings(answer="likely")  # type: ignore[arg-type]
