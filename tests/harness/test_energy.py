"""Energy is measured around asking, only where it is asked for, and kept as answers are: it survives what
kills a run, adds up over what goes on, and is no part of what tells runs apart."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from imhi import Energy
from imhi._core.run_store.energy import energy_of
from tests.conftest import Imhi, ImhiCommand
from tests.watt_meter import METER

QUICK = [
    "-m",
    "baseline:majority",
    "-d",
    "DR",
    "--limit",
    "4",
    "--metric",
    "accuracy",
    "--labeler",
    "strict",
]
METERED = ["--plugin", "watts.py", *QUICK, "--energy", "watts:2"]


@pytest.fixture(autouse=True)
def meter(tmp_path: Path) -> None:
    (tmp_path / "watts.py").write_text(METER, encoding="utf-8")


def only_run(place: Path = Path("runs")) -> Path:
    (manifest,) = place.glob("*/manifest.json")
    return manifest.parent


def totals(run: Path) -> dict[str, Any]:
    return json.loads((run / "manifest.json").read_text(encoding="utf-8"))["totals"]


def ask_one_again(run: Path) -> None:
    """Take the last answer out."""
    answers = run / "responses" / "DR.jsonl"
    answers.write_text("".join(answers.read_text("utf-8").splitlines(True)[:-1]), "utf-8")


def test_what_asking_took_stands_in_the_manifest_and_below_the_table(imhi_here: Imhi) -> None:
    said = imhi_here("run", *METERED)
    assert said.code == 0, said.err
    energy = totals(only_run())["energy"]
    assert energy["kwh"] == pytest.approx(0.002) and energy["grams_co2eq"] == pytest.approx(0.8)
    assert energy["kwh_by_part"] == {"cpu": 0.002} and energy["seconds"] == 3600
    assert (energy["meters"], energy["places"]) == (["watts 1"], ["NOR"])
    assert energy["covers"] == ["this machine, executor local"]
    shown = " ".join(imhi_here("show", "last").out.split())
    assert "Energy of asking: baseline:majority: 2 Wh, 0.8 g CO2eq (watts 1; NOR; this" in shown
    assert imhi_here("show", "last", "--json").json["manifest"]["totals"]["energy"] == energy


def test_a_report_says_once_how_the_energy_of_several_runs_was_measured(imhi_here: Imhi) -> None:
    words = ["--model", "baseline:tfidf", "--metric", "labels"]
    assert imhi_here("run", *METERED, *words).code == 0
    assert imhi_here("report", "majority", "tfidf", "--to", "report.html").code == 0
    told = re.findall(r"Energy of asking[^<]*", Path("report.html").read_text(encoding="utf-8"))
    assert len(told) == 1
    assert "baseline:majority" in told[0] and "baseline:tfidf" in told[0]
    assert told[0].count("watts 1") == 1


def test_nothing_is_measured_unasked_and_measuring_makes_no_other_run(imhi_here: Imhi) -> None:
    assert imhi_here("run", *QUICK).code == 0
    run = only_run()
    assert "energy" not in totals(run) and not (run / "energy.jsonl").exists()
    assert imhi_here("run", *METERED).code == 0
    assert only_run() == run, "the same run, whether it is measured or not"
    assert "energy" not in totals(run), "nothing was asked, so there was nothing to measure"


def test_what_goes_on_adds_up_and_what_was_not_measured_is_said(imhi_here: Imhi) -> None:
    imhi_here("run", *METERED)
    run = only_run()
    ask_one_again(run)
    assert imhi_here("run", *METERED).code == 0
    assert totals(run)["energy"]["kwh"] == pytest.approx(0.004)
    ask_one_again(run)
    assert imhi_here("run", *QUICK).code == 0, "goes on unmeasured"
    assert totals(run)["energy"]["kwh"] == pytest.approx(0.004)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    manifest["totals"]["respond_seconds"] = 14_400.0
    (run / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    imhi_here("score", "last", "--metric", "accuracy", "--labeler", "strict")
    shown = " ".join(imhi_here("show", "last", "--labeler", "strict").out.split())
    assert "in 7200 of 14400 s" in shown


@pytest.mark.slow
def test_a_killed_run_keeps_what_was_measured(run_imhi: ImhiCommand, tmp_path: Path) -> None:
    (tmp_path / "dying.py").write_text(
        "import os, signal\n"
        "from imhi import ModelFamily, Response, hookimpl\n"
        "from imhi._core import metering\n"
        "metering.FLUSH_SECONDS = 0.0\n"
        "class Dying:\n"
        "    def __init__(self, spec, context):\n        self.after = int(spec.target)\n"
        "    def generate(self, requests):\n"
        "        for number, request in enumerate(requests):\n"
        "            if number == self.after and os.environ.get('DIE'):\n"
        "                os.kill(os.getpid(), signal.SIGKILL)\n"
        "            yield Response(request.id, request.dataset, request.prompt_hash, text='No.')\n"
        "    def describe(self):\n        return {}\n"
        "    def close(self):\n        pass\n"
        "@hookimpl\n"
        "def imhi_models():\n"
        "    yield ModelFamily('dying', 'Dies', target='N', create=Dying)\n",
        encoding="utf-8",
    )
    words = ["run", "--plugin", "dying.py", "--plugin", "watts.py", "-m", "dying:3"]
    words += [*QUICK[2:], "--energy", "watts:2"]
    killed = run_imhi(*words, env={"DIE": "1"})
    assert killed.returncode == -signal.SIGKILL
    run = only_run(tmp_path / "runs")
    assert totals(run) == {}, "it had no time to write totals"
    kept = energy_of(run)
    assert kept is not None and kept.kwh == pytest.approx(0.006), "a reading after each answer"
    done = run_imhi(*words)
    assert done.returncode == 0, done.stderr
    # The other process: a reading after its answer, one after what the model says of itself, a last one.
    assert totals(run)["energy"]["kwh"] == pytest.approx(0.006 + 0.006)


def test_a_meter_that_fails_is_a_note_and_the_run_is_whole(imhi_here: Imhi) -> None:
    said = imhi_here("run", *METERED[:-1], "watts:2,fails_at=1")
    assert said.code == 0, said.err
    assert "the meter failed (OSError: the socket is gone)" in " ".join(said.out.split())
    assert "energy" not in totals(only_run())


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("wats:2", "unknown energy meter 'wats'"),
        ("watts", "--energy watts: expected watts:WATTS (So many watts)"),
        ("watts:2,colour=red", "--energy watts:2,colour=red: unknown argument of energy meter"),
    ],
)
def test_a_meter_that_cannot_be_is_refused_in_one_line(
    written: str, told: str, imhi_here: Imhi
) -> None:
    said = imhi_here("run", *METERED[:-1], written)
    assert said.code == 2 and told in said.complaint
    assert not list(Path("runs").glob("*/responses/*")), "nothing was asked"


def test_parts_of_a_run_add_up_once_however_often_they_are_merged(imhi_here: Imhi) -> None:
    for part in ("1/2", "2/2"):
        assert imhi_here("shard", part, *METERED).code == 0
    for _ in range(2):
        assert imhi_here("merge", "runs/shards", "--metric", "accuracy").code == 0
        assert totals(only_run())["energy"]["kwh"] == pytest.approx(0.004)


@pytest.mark.slow
def test_several_processes_are_said_to_be_measured_on_this_machine_only(imhi_here: Imhi) -> None:
    said = imhi_here("run", *METERED, "--executor", "processes:2")
    assert said.code == 0, said.err
    assert totals(only_run())["energy"]["covers"] == ["this machine, executor processes:2"]
    assert "what workers on other machines took is not in it" in " ".join(said.out.split())


def test_a_sum_says_all_that_its_parts_say() -> None:
    one = Energy(
        1.0, 400.0, 10.0, {"cpu": 0.7, "ram": 0.3}, ("a 1",), ("DEU",), ("machine",), ("m",)
    )
    two = Energy(
        2.0, 100.0, 20.0, {"cpu": 1.0, "gpu": 1.0}, ("a 1",), ("FRA",), ("machine",), ("m",)
    )
    both = Energy.total([one, two])
    assert both == Energy(
        *(3.0, 500.0, 30.0, {"cpu": 1.7, "ram": 0.3, "gpu": 1.0}, ("a 1",), ("DEU", "FRA")),
        *(("machine",), ("m",)),
    )
    assert Energy.total([]) is None
    assert Energy.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_the_report_has_columns_of_it_where_a_run_has_it(imhi_here: Imhi) -> None:
    pytest.importorskip("matplotlib", reason="pages need the extra [report]")
    scored = ["--metric", "weighted_f1"]
    imhi_here("run", *QUICK, *scored, "--out", "plain")
    imhi_here("run", *METERED, *scored)
    for runs, there in (([only_run()], True), ([only_run(Path("plain"))], False)):
        said = imhi_here("report", *runs)
        assert said.code == 0, said.err
        page = Path("report.html").read_text("utf-8")
        assert ("energy, Wh" in page) is there
        assert ("watts 1; NOR; this machine" in page) is there
