"""Thoughts before real answers change no label, and thoughts that were cut off give none: read from
run folders, by every labeler."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from imhi._core.answered import CUT_OFF, take_apart
from imhi._core.evaluation import evaluate
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Prediction, Response
from imhi._core.registry import Registry
from imhi._core.results import RunScores
from imhi._core.run_store import RunFolder
from tests.conftest import Imhi
from tests.thinking import FORMS, THOUGHT, cut_off, thinking

LABELERS = ("strict", "explanation", "hybrid", "reference-rule")
FILES = {"DR": 405, "dreaddit": 414, "SAD": 684}
MARKED = [form for form in FORMS if "prompt" not in form]

Rows = Mapping[str, Sequence[tuple[str, str]]]


@pytest.fixture(scope="module")
def released(model_outputs: Path) -> Rows:
    """1,503 answers (reference, generated) of three models to three datasets."""
    models = ("Mentallama-13B", "llama2-chat-7B", "vicuna_13B")
    found = {}
    for model, (dataset, count) in zip(models, FILES.items(), strict=True):
        with (model_outputs / model / f"{dataset}.csv").open(encoding="utf-8", newline="") as file:
            found[dataset] = [
                (row["goldens"], row["generated_text"]) for row in csv.DictReader(file)
            ]
        assert len(found[dataset]) == count
    return found


def imported(
    rows: Rows, folder: Path, imhi: Path, labeler: str, manager: PluginManager
) -> RunScores:
    folder.mkdir()
    for dataset, answers in rows.items():
        with (folder / f"{dataset}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("goldens", "generated_text"), *answers])
    done = evaluate(
        f"imported:{folder}",
        source=f"official:{imhi}",
        datasets=list(rows),
        labeler=labeler,
        manager=manager,
        metric=("labels", "length"),
        resamples=100,
        out=folder / "runs",
    )
    return done.runs[0]


def predictions(run: RunScores) -> list[Prediction]:
    folder = RunFolder(Path(run.run))
    return [one for name in folder.datasets() for one in folder.predictions(run.labeler, name)]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_back_every_released_answer(
    registry: Registry, released: Rows, form: str
) -> None:
    answers = [answer for rows in released.values() for _, answer in rows]
    asked = [Response(str(n), "DR", "", thinking(form, one)) for n, one in enumerate(answers)]
    parts = take_apart(asked, registry.thought_formats)
    assert [one.text for one in parts] == [answer.strip() for answer in answers]
    assert all(one.thought for one in parts)


@pytest.mark.slow
@pytest.mark.parametrize("labeler", LABELERS)
def test_thoughts_before_released_answers_change_no_label_and_no_score(
    tmp_path: Path, imhi: Path, manager: PluginManager, released: Rows, labeler: str
) -> None:
    forms = list(FORMS)
    with_thoughts = {
        dataset: [
            (gold, thinking(forms[n % len(forms)], answer)) for n, (gold, answer) in enumerate(rows)
        ]
        for dataset, rows in released.items()
    }
    plain = imported(released, tmp_path / "plain", imhi, labeler, manager)
    thought = imported(with_thoughts, tmp_path / "thought", imhi, labeler, manager)
    assert predictions(thought) == predictions(plain)
    assert len(predictions(plain)) == 1_503
    assert [dict(row, model="") for row in thought.scores] == [
        dict(row, model="") for row in plain.scores
    ]
    assert sum(counts["thoughts"] for counts in thought.labelling.values()) == 1_503
    assert "1,503 answers follow thoughts, which no label is read from" in thought.notes


@pytest.mark.slow
@pytest.mark.parametrize("labeler", LABELERS)
def test_thoughts_that_were_cut_off_give_no_label(
    tmp_path: Path, imhi: Path, manager: PluginManager, released: Rows, labeler: str
) -> None:
    """200 of them: another answer's text as the thought, cut anywhere, in every form."""
    answers = [answer for _, answer in released["SAD"]]
    rows = []
    for n, (gold, answer) in enumerate(released["DR"]):
        thought = f"We see. {answers[n]}"
        cut = cut_off(MARKED[n % len(MARKED)], thought[: 20 + 7 * n])
        rows.append((gold, cut if n < 200 else answer))
    run = imported({"DR": rows}, tmp_path / "cut", imhi, labeler, manager)
    read = predictions(run)
    assert [(one.label, one.status, one.why) for one in read[:200]] == 200 * [
        (None, "unparsed", CUT_OFF)
    ]
    counts = run.labelling["DR"]
    assert (counts["cut_off"], counts["why"][CUT_OFF]) == (200, 200)
    assert (
        "200 answers were cut off for want of tokens (200 in a thought, which is no answer)"
        in run.notes
    )


@pytest.mark.parametrize("labeler", ["strict", "hybrid", "reference-rule"])
def test_an_old_folder_is_read_again_without_asking_and_keeps_what_the_model_gave(
    tmp_path: Path, imhi_here: Imhi, labeler: str
) -> None:
    no = "No, the poster does not suffer from depression."
    said = [thinking("think", no), cut_off("think"), f"{no} Reasoning: so."]
    with (tmp_path / "DR.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("goldens", "generated_text"), *((no, one) for one in said)])
    assert imhi_here("import", str(tmp_path / "DR.csv"), "--resamples", "100").code == 0
    (run,) = map(RunFolder, Path("runs").iterdir())
    kept = run.file("responses", "DR").read_bytes()
    # As labels were read before thoughts were known.
    run.write_records(
        run.predictions_file(labeler, "DR"),
        [Prediction(one.id, "DR", "yes", decided_by=labeler) for one in run.responses("DR")],
    )
    done = imhi_here("label", "last", "--labeler", labeler, "--resamples", "100", "--json")
    assert done.code == 0, done.err
    assert [one.label for one in run.predictions(labeler, "DR")] == ["no", None, "no"]
    [counts] = done.json["labelling"]
    assert (counts["cut_off"], counts["thoughts"], counts["unparsed"]) == (1, 2, 1)
    assert run.file("responses", "DR").read_bytes() == kept
    assert [one.text for one in run.responses("DR")] == said


def test_thoughts_are_shown_and_marked(tmp_path: Path, imhi_here: Imhi) -> None:
    said = [thinking("magistral", "Yes."), cut_off("harmony"), "No."]
    with (tmp_path / "DR.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("goldens", "generated_text"), *(("No.", s) for s in said)])
    table = imhi_here("import", str(tmp_path / "DR.csv"), "--resamples", "100").out
    assert "1 answer was cut off for want of tokens (1 in a thought" in " ".join(table.split())
    shown = " ".join(imhi_here("show", "last", "--thoughts").out.split())
    assert f"[thought] {' '.join(THOUGHT.split())[:400]} [answer] Yes." in shown
    assert f"[{CUT_OFF}] [thought]" in shown
    listed = imhi_here("show", "last", "--thoughts", "--json").json["thoughts"]
    assert [(one["text"], one["why"]) for one in listed] == [("Yes.", ""), ("", CUT_OFF)]
    (lost,) = imhi_here("show", "last", "--unparsed", "--json").json["unparsed"]
    assert (lost["why"], lost["text"]) == (CUT_OFF, "")
    counted = imhi_here("show", "last", "--unparsed").err
    assert f"answers without a label: 1 (1 {CUT_OFF}); one is inferred for 0" in counted
    assert imhi_here("show", "last", "--thoughts", "--failed").code == 0


MINE = """
from imhi import Labeler, Measure, Metric, Prediction, ThoughtFormat, hookimpl

@hookimpl
def imhi_thought_formats():
    yield ThoughtFormat("musing", "mine", opens=("<muse>",), closes=("</muse>",))

@hookimpl
def imhi_labelers():
    def create(context):
        def read(dataset, aspects, responses):
            assert all(one.text and "muse" not in one.text for one in responses)
            return [Prediction(r.id, r.dataset, r.text, decided_by="mine") for r in responses]
        return read
    yield Labeler("mine", "The whole answer", create)

@hookimpl
def imhi_metrics():
    def score(examples, responses, predictions, context):
        return [Measure.mean("characters", [len(r.text) for r in responses])]
    yield Metric("characters", "Characters", score, group="explanations", default=True)
"""


def test_a_plugin_s_labeler_and_metric_get_no_thought_and_its_format_is_known(
    tmp_path: Path, imhi_here: Imhi
) -> None:
    (tmp_path / "mine.py").write_text(MINE)
    said = ["<muse>I muse.</muse>yes", "I muse.</muse>no", "<muse>yes", "no"]
    with (tmp_path / "DR.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("goldens", "generated_text"), *(("No.", s) for s in said)])
    plugin = ("--plugin", str(tmp_path / "mine.py"))
    done = imhi_here(
        *plugin, "import", str(tmp_path / "DR.csv"), "--labeler", "mine", "--metric", "labels",
        "--metric", "characters", "--resamples", "100", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    values = {row["metric"]: row["value"] for row in done.json["scores"]}
    assert values["characters"] == pytest.approx((3 + 2 + 0 + 2) / 4)
    assert values["unparsed"] == 25
