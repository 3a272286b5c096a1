"""What honest runs come to: they pass, and become entries that hold scores and no text."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from imhi._core.plugin_manager import PluginManager
from imhi._core.run_store import RunFolder
from imhi.plugins.leaderboard.records.json_schemas import schema_files
from imhi.plugins.leaderboard.verification.verify import Report, open_verifier
from tests.plugins.leaderboard.archives import Parts
from tests.plugins.leaderboard.submitted_runs import Forger, answer_with, demo_run, packed

Verify = Callable[..., Report]


@pytest.fixture(scope="module")
def run(manager: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return demo_run(manager, tmp_path_factory.mktemp("runs"), metric=("labels", "rouge"))


@pytest.fixture
def verify(manager: PluginManager, tmp_path: Path) -> Verify:
    def verify(archive: bytes, source: str = "demo") -> Report:
        path = tmp_path / "archive.zip"
        path.write_bytes(archive)
        return open_verifier(source, manager.registry).verify(path)

    return verify


def test_a_baseline_that_says_the_same_to_everybody_passes_and_that_is_noted(
    manager: PluginManager, tmp_path: Path, verify: Verify
) -> None:
    run = demo_run(manager, tmp_path, "baseline:majority", metric=("labels",))
    report = verify(packed(run, manager))
    assert report.passed
    (note,) = [check for check in report.checks if not check.passed]
    assert (note.name, note.severity) == ("repetition", "warning")
    assert "DR: one answer stands under 16 of 16 posts" in note.detail


def test_a_part_of_the_data_passes_and_is_partial(
    manager: PluginManager, tmp_path: Path, verify: Verify
) -> None:
    run = demo_run(manager, tmp_path, metric=("labels",), limit=5)
    report = verify(packed(run, manager))
    assert report.passed and report.entry is not None
    assert report.entry.partial is True
    assert report.entry.datasets["DR"].n == 5


def test_a_run_with_missing_answers_passes_and_is_partial(
    run: RunFolder, manager: PluginManager, tmp_path: Path, verify: Verify
) -> None:
    import shutil

    from imhi._core.plan import plan_scoring
    from imhi._core.settings import RunSettings
    from imhi._core.stages.rescore import relabel

    folder = RunFolder(shutil.copytree(run.path, tmp_path / "copy"))
    answers = folder.file("responses", "DR")
    answers.write_text("".join(answers.read_text().splitlines(keepends=True)[2:]))
    settings = RunSettings(metric=("labels",), resamples=200)
    relabel([folder], manager, plan_scoring(settings, manager.registry))
    report = verify(packed(folder, manager))
    assert report.passed and report.entry is not None
    assert report.entry.partial is True
    assert report.entry.datasets["DR"].failed == 2


def test_an_entry_holds_what_was_made_again_and_fits_its_schema(
    run: RunFolder, manager: PluginManager, verify: Verify
) -> None:
    report = verify(packed(run, manager))
    entry = report.entry
    assert entry is not None
    schema = json.loads(schema_files()["entry.schema.json"])
    jsonschema.validate(json.loads(entry.model_dump_json(exclude_unset=True)), schema)
    claimed = {
        (row["dataset"], row["metric"]): row["value"]
        for row in run.scores("hybrid")["scores"]
        if row["headline"]
    }
    for dataset, about in entry.datasets.items():
        assert about.task == manager.registry.task_of(dataset).name
        for metric, score in about.scores.items():
            if (dataset, metric) in claimed:
                assert score.value == claimed[dataset, metric]
    # What nobody claimed is made too, so that a board compares all entries by all measures.
    assert {"weighted_f1", "rougeL", "chrf", "grounding"} <= set(entry.metrics)
    assert {row.over for row in entry.averages} == {"datasets", "tasks"}


def test_a_run_of_a_model_that_thinks_passes_and_its_thoughts_stay_at_home(
    run: RunFolder, manager: PluginManager, verify: Verify, tmp_path: Path
) -> None:
    forger = Forger(manager, run, tmp_path)

    def think(folder: RunFolder) -> None:
        said = {r.id: r.text for r in folder.responses("DR")}
        cut_off = next(iter(said))
        answer_with(
            folder,
            lambda e: "<think>I muse" if e.id == cut_off else f"<think>I muse</think>{said[e.id]}",
            ["DR"],
        )

    archive = packed(forger.scored(think), manager)
    report = verify(archive)
    assert report.passed and report.entry is not None
    assert report.entry.datasets["DR"].unparsed == 1
    with zipfile.ZipFile(io.BytesIO(archive)) as packed_files:
        assert not any(b"I muse" in packed_files.read(name) for name in packed_files.namelist())


def test_an_entrys_answers_are_in_the_order_of_the_source(
    run: RunFolder, manager: PluginManager, verify: Verify
) -> None:
    report = verify(packed(run, manager))
    assert report.answers is not None
    packed_answers = report.answers.datasets["SAD"]
    examples = list(run.examples("SAD"))
    predictions = [p.label for p in run.predictions("hybrid", "SAD")]
    labels = packed_answers.labels
    assert [labels[int(digit, 36)] for digit in packed_answers.predicted] == predictions
    right = "".join(str(int(e.label == p)) for e, p in zip(examples, predictions, strict=True))
    assert packed_answers.right == right
    assert len(base64.b64decode(packed_answers.answers)) == 4 * len(examples)


def test_an_entry_holds_no_post_and_no_answer(
    run: RunFolder, manager: PluginManager, verify: Verify
) -> None:
    report = verify(packed(run, manager))
    assert report.entry is not None and report.answers is not None
    text = report.entry.model_dump_json() + report.answers.model_dump_json()
    for dataset in run.datasets():
        for example, response in zip(run.examples(dataset), run.responses(dataset), strict=True):
            assert example.post[:40] not in text
            assert example.explanation[:40] not in text
            assert response.text[-40:] not in text


def test_claims_that_need_a_model_are_kept_apart(
    run: RunFolder, manager: PluginManager, verify: Verify
) -> None:
    def claim(claims: dict) -> None:
        claims["metrics"]["bertscore"] = {"version": "1", "arguments": {}}
        row = {**claims["scores"][0], "metric": "bertscore", "made_by": "bertscore"}
        claims["scores"].append({**row, "dataset": "DR", "value": 99.9})

    parts = Parts.of(packed(run, manager)).document("scores.json", claim)
    parts.document("submission.json", lambda about: about["metrics"].append("bertscore"))
    report = verify(parts.mended().zipped())
    assert report.passed and report.entry is not None
    (note,) = [check for check in report.checks if not check.passed]
    assert (note.name, note.detail) == ("not verified", "bertscore (needs a model or a judge)")
    assert report.entry.not_verified["bertscore"]["DR"].value == 99.9
    assert "bertscore" not in str(report.entry.datasets)


def test_bounds_are_those_made_here_unless_another_method_made_them(
    run: RunFolder, manager: PluginManager, verify: Verify
) -> None:
    """Intervals of an earlier version were percentiles: they are not shown, so they refuse nothing."""

    def move(claims: dict) -> None:
        for row in claims["scores"]:
            if (row["dataset"], row["metric"]) == ("DR", "weighted_f1"):
                row["low"] -= 0.1

    def earlier(claims: dict) -> None:
        move(claims)
        claims.update(resamples=10_000, seed=0)
        for made in claims["metrics"].values():
            del made["interval"]

    for change, passes in ((move, False), (earlier, True)):
        parts = Parts.of(packed(run, manager)).document("scores.json", change)
        report = verify(parts.mended().zipped())
        assert report.passed is passes
        if report.entry is not None:
            low = report.entry.datasets["DR"].scores["weighted_f1"].low
            honest = Parts.of(packed(run, manager)).members["scores.json"]
            assert low == next(
                row["low"]
                for row in json.loads(honest)["scores"]
                if (row["dataset"], row["metric"]) == ("DR", "weighted_f1")
            )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["Gemma_instruct_7B", "Mentallama-7B", "vicuna_13B"])
def test_real_answers_of_a_language_model_to_official_data_pass(
    model: str, imhi: Path, model_outputs: Path, manager: PluginManager, verify: Verify, imhi_here
) -> None:
    files = {path.stem: path for path in (model_outputs / model).glob("*.csv")}
    said = imhi_here(
        "import", files["DR"], "--dataset", "DR", "--source", f"official:{imhi}", "--name", model,
        "--metric", "labels", "--resamples", "200", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    archive = packed(RunFolder(Path(said.json["run"])), manager, model)
    report = verify(archive, f"official:{imhi}")
    assert report.passed, report.to_json()
    assert [check.name for check in report.checks if not check.passed] in ([], ["repetition"])


@pytest.mark.slow
def test_a_baseline_on_official_data_passes_and_demo_answers_do_not(
    imhi: Path, run: RunFolder, manager: PluginManager, tmp_path: Path, verify: Verify
) -> None:
    official = demo_run(
        manager, tmp_path, source=f"official:{imhi}", dataset=("DR",), metric=("labels",)
    )
    archive = packed(official, manager)
    assert str(imhi).encode() not in b"".join(Parts.of(archive).members.values())
    assert verify(archive, f"official:{imhi}").passed

    # Answers to the fictional posts, which anybody can read, said to be answers to the real ones.
    forged = Parts.of(packed(run, manager)).about(source="official", synthetic=False).zipped()
    report = verify(forged, f"official:{imhi}")
    (found,) = [check.detail for check in report.checks if check.name == "data"]
    assert "DR: wrong data: its rows are those of demo/test, not of official/test" in found
