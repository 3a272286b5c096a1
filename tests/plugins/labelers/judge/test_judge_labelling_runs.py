"""``--labeler judge:MODEL`` from the command line: killed and taken up again, failing, priced."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from imhi import evaluate
from imhi._core.run_store import RunFolder
from tests.conftest import ROOT, Imhi, ImhiCommand, Said
from tests.faulty_server import Asked, Reply, status
from tests.labelling_judge import by_sentence, judging_labeler, label_server, saying

RUN = ["run", "-m", "baseline:tfidf", "-d", "DR", "-d", "SAD", "--resamples", "100"]
LABEL = ["label", "last", "--resamples", "100", "--json", "--labeler"]
SCORE = ["score", "last", "--resamples", "100", "--json", "--labeler"]


def figures(said: Said) -> dict[tuple[str, str], float]:
    rows: list[dict[str, Any]] = said.json["scores"]
    return {(row["dataset"], row["metric"]): row["value"] for row in rows}


def labelling_of(printed: dict[str, Any]) -> dict[str, Any]:
    """Return what came of the examples of the one run, by dataset."""
    return {row["dataset"]: row for row in printed["labelling"]}


def test_labels_read_by_a_judge_are_scored_and_read_once(imhi_here: Imhi) -> None:
    plain = imhi_here(*RUN, "--json", "--labeler", "strict")
    with label_server() as server:
        labeler = judging_labeler(server.url, "price_prompt=1,price_completion=0")
        first = imhi_here(*LABEL, labeler)
        assert first.code == 0, first.err
        asked = len(server.asked)
        assert asked == len(set(server.prompts)) == 38
        # This judge goes by the label sentences, and so does strict.
        assert figures(first) == figures(plain)
        for words in (LABEL, SCORE):
            again = imhi_here(*words, labeler)
            assert figures(again) == figures(first)
            assert "judge reader: labelling cost $0.0380" in [
                one["note"] for one in again.json["notes"]
            ]
        assert len(server.asked) == asked


def test_a_run_reads_its_labels_with_a_judge_and_so_does_python(
    imhi_here: Imhi, tmp_path: Path
) -> None:
    with label_server() as server:
        labeler = judging_labeler(server.url)
        said = imhi_here(*RUN, "--json", "--labeler", labeler)
        assert said.code == 0, said.err
        asked = len(server.asked)
        results = evaluate(
            ["baseline:tfidf"], datasets=["DR", "SAD"], labeler=labeler, resamples=100, out="runs"
        )
    assert len(server.asked) == asked, "the same run, found again"
    assert results.complete and results.runs[0].labeler == labeler
    assert results.runs[0].labelling["DR"]["decided_by"] == {"judge": 16}


def test_neither_post_nor_gold_nor_reference_is_sent(imhi_here: Imhi) -> None:
    imhi_here("run", "-m", "baseline:majority", "-d", "DR", "--resamples", "100")
    with label_server() as server:
        assert imhi_here(*LABEL, judging_labeler(server.url)).code == 0
    sent = "\n".join(json.dumps(asked.body) for asked in server.asked)
    (folder,) = Path("runs").glob("*/manifest.json")
    for example in RunFolder(folder.parent).examples("DR"):
        assert example.post not in sent
        assert not example.explanation or example.explanation not in sent
    assert server.asked and len(set(server.prompts)) == len(server.asked)


def test_failures_leave_the_labelling_unfinished_and_the_same_command_goes_on(
    imhi_here: Imhi,
) -> None:
    assert imhi_here(*RUN).code == 0

    def failing(asked: Asked) -> Reply:
        return status(400, "bad request") if asked.index in (3, 30) else by_sentence(asked)

    with label_server(failing) as server:
        labeler = judging_labeler(server.url, "concurrency=1")
        stopped = imhi_here(*LABEL, labeler)
        assert stopped.code == 1
        assert stopped.complaint == (
            "imhi: answers whose label is not read yet, which count as wrong: 2; judge reader: "
            "failed requests: 2 (first: HTTP 400: bad request); give the same 'imhi label' again to "
            "go on with it"
        )
        labelling = labelling_of(stopped.json)
        assert {name: (c["unparsed"], c["failed"]) for name, c in labelling.items()} == {
            "DR": (0, 1),
            "SAD": (0, 1),
        }
        asked = len(server.asked)
        # Scoring asks for what is missing too: its labels are not all there.
        done = imhi_here(*SCORE, labeler)
        assert done.code == 0 and len(server.asked) == asked + 2
        assert not done.json["gaps"]


def test_max_cost_stops_a_labelling_in_good_order(imhi_here: Imhi) -> None:
    assert imhi_here(*RUN).code == 0
    with label_server() as server:
        priced = "price_prompt=1000,price_completion=0,concurrency=1"
        labeler = judging_labeler(server.url, priced)
        stopped = imhi_here(*LABEL, labeler, "--max-cost", "20.5")
        assert stopped.code == 1 and "--max-cost was reached: " in stopped.complaint
        asked = len(server.asked)
        assert 0 < asked <= 20
        assert f"judge reader: labelling cost ${asked:.4f}" in [
            one["note"] for one in stopped.json["notes"]
        ]
        assert imhi_here(*LABEL, labeler).code == 0
        assert len(server.asked) == 38


def test_another_model_of_the_same_name_reads_again(imhi_here: Imhi, tmp_path: Path) -> None:
    """Whatever tells a judge from another (here: what its answers are) is in its fingerprint."""
    plugin = tmp_path / "own.py"
    plugin.write_text(
        "import json\n"
        "from imhi import ModelFamily, Response, hookimpl\n"
        "class Own:\n"
        "    def generate(self, requests):\n"
        "        for r in requests:\n"
        "            said = json.dumps({'quote': 'post', 'label': 'LABEL'})\n"
        "            yield Response(r.id, r.dataset, r.prompt_hash, text=said)\n"
        "    def describe(self): return {}\n"
        "    def close(self): pass\n"
        "@hookimpl\n"
        "def imhi_models():\n"
        "    def create(spec, context): return Own()\n"
        "    yield ModelFamily('own', 'says LABEL', create)\n"
    )
    assert imhi_here("run", "-m", "baseline:tfidf", "-d", "DR", "--resamples", "100").code == 0
    found = []
    for label in ("yes", "no"):
        plugin.write_text(plugin.read_text().replace("LABEL", label).replace("'yes'", f"'{label}'"))
        said = imhi_here("--plugin", plugin, *SCORE, "judge:own:m")
        assert said.code == 0, said.err
        (folder,) = Path("runs").glob("*/manifest.json")
        predictions = RunFolder(folder.parent).predictions("judge:own:m", "DR")
        found.append({one.label for one in predictions})
    assert found == [{"yes"}, {"no"}]


@pytest.mark.parametrize(("argument", "opened"), [("", 2), (",structured=false", 1)])
def test_one_model_is_open_at_a_time_and_without_a_schema_it_stays(
    imhi_here: Imhi, tmp_path: Path, argument: str, opened: int
) -> None:
    plugin = tmp_path / "own.py"
    plugin.write_text(
        "from imhi import ModelFamily, Response, hookimpl\n"
        "class Own:\n"
        "    def __init__(self): self.tell('open')\n"
        "    def tell(self, what): open('told', 'a').write(what + '\\n')\n"
        "    def generate(self, requests):\n"
        "        return (Response(r.id, r.dataset, r.prompt_hash, text='?') for r in requests)\n"
        "    def describe(self): return {}\n"
        "    def close(self): self.tell('close')\n"
        "@hookimpl\n"
        "def imhi_models():\n"
        "    yield ModelFamily('own', 'says nothing', lambda spec, context: Own())\n"
    )
    assert imhi_here("--plugin", plugin, *RUN, "--labeler", f"judge:own:m{argument}").code == 0
    assert Path("told").read_text().split() == ["open", "close"] * opened


def test_a_long_name_is_a_name_that_files_can_have(imhi_here: Imhi) -> None:
    assert imhi_here("run", "-m", "baseline:tfidf", "-d", "DR", "--resamples", "100").code == 0
    with label_server() as server:
        names = [judging_labeler(server.url, f"name={'a judge/' * 40}{end}") for end in "xy"]
        for labeler in names:
            assert imhi_here(*LABEL, labeler).code == 0
    (folder,) = Path("runs").glob("*/manifest.json")
    run = RunFolder(folder.parent)
    assert run.labelers() == ["hybrid", *names]
    assert all(len(path.name.encode()) < 200 for path in folder.parent.rglob("*"))
    for labeler in names:
        assert run.scores(labeler)["labeler"] == labeler


def test_what_a_judge_labelled_cannot_be_submitted(imhi_here: Imhi) -> None:
    assert imhi_here("run", "-m", "baseline:tfidf", "-d", "DR", "--resamples", "100").code == 0
    with label_server() as server:
        labeler = judging_labeler(server.url)
        assert imhi_here(*LABEL, labeler).code == 0
        said = imhi_here("submit", "last", "--name", "A", "--by", "B", "--labeler", labeler)
    assert said.code == 2
    assert "it asks a model, so nobody else can read the labels again" in said.complaint


def test_a_wrong_judge_is_said_before_a_model_is_asked(imhi_here: Imhi) -> None:
    said = imhi_here(*RUN, "--labeler", "judge:openai:m,base_ulr=x")
    assert said.code == 2 and "did you mean 'base_url'?" in said.complaint
    assert not Path("runs").exists()


def test_a_judge_that_labels_its_own_answers_is_told_of(imhi_here: Imhi) -> None:
    with label_server(saying({}, by_sentence)) as server:
        model = judging_labeler(server.url).removeprefix("judge:")
        server.script = lambda asked: (
            by_sentence(asked) if "<answer>" in asked.prompt else Reply(text="I do not know.")
        )
        words = ["run", "-m", model, "-d", "DR", "--resamples", "100", "--json"]
        said = imhi_here(*words, "--labeler", f"judge:{model}")
    assert "judge reader is the model whose answers it labels" in [
        one["note"] for one in said.json["notes"]
    ]
    assert labelling_of(said.json)["DR"]["unparsed"] == 16


@pytest.mark.slow
def test_a_killed_labelling_asks_only_the_rest(run_imhi: ImhiCommand, tmp_path: Path) -> None:
    assert run_imhi(*RUN).returncode == 0
    with label_server(lambda asked: by_sentence(asked).after(0.05)) as server:
        words = [*LABEL, judging_labeler(server.url, "concurrency=2")]
        first = subprocess.Popen(
            [sys.executable, "-m", "imhi", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while len(server.asked) < 8 and time.monotonic() < deadline:
            time.sleep(0.005)
        first.send_signal(signal.SIGKILL)
        first.wait()
        before = len(server.asked)
        (kept,) = tmp_path.glob("runs/*/measured/labelling-*.jsonl")
        safe = kept.read_bytes().count(b'"text"')
        assert before - 4 <= safe <= before, "all but what was in flight"
        done = run_imhi(*words)
        assert done.returncode == 0, done.stderr
        prompts = Counter(server.prompts)
        assert len(server.asked) - before == len(prompts) - safe
    scores = json.loads(done.stdout)
    assert scores["complete"] and labelling_of(scores)["DR"]["decided_by"] == {"judge": 16}
