"""What a training takes is measured where its recipe says so, and stands in its manifest and on its card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imhi._core.run_store.energy import write_reading
from imhi._core.run_store.jsonl import AppendLog
from imhi.finetune.trained.manifest import Energy
from tests.conftest import Imhi
from tests.watt_meter import METER

pytest.importorskip("trl", reason="finetune needs the extra [finetune]")

LEARN = (
    "finetune tiny-classifier --plugin watts.py --set training.epochs=1 -d DR "
    "--set base.scratch.hidden_size=32 --set base.scratch.heads=2 --set base.scratch.vocabulary=600"
)


@pytest.mark.slow
def test_energy_of_all_processes_stands_in_the_manifest_and_on_the_card(imhi_here: Imhi) -> None:
    Path("watts.py").write_text(METER, encoding="utf-8")
    # As a process that was killed has left it, beside its checkpoints.
    log = AppendLog(Path("trained/tiny-classifier/checkpoints/DR/energy.jsonl"))
    before = Energy(0.004, 1.6, 60.0, {"cpu": 0.004}, ("watts 1",), ("NOR",), ("this machine",))
    write_reading(log, "killed", before)
    log.close()
    said = imhi_here(*LEARN.split(), "--energy", "watts:2")
    assert said.code == 0, said.err
    manifest = json.loads(Path("trained/tiny-classifier/training.json").read_text("utf-8"))
    assert manifest["recipe"]["energy"] == "watts:2"
    assert "energy" not in manifest["depends_on"]["settings"], "it changes no weights"
    assert manifest["members"]["DR"]["energy"]["kwh"] == pytest.approx(0.004 + 0.002)
    card = Path("trained/tiny-classifier/README.md").read_text("utf-8")
    assert "Energy of the training: 6 Wh, 2.4 g CO2eq (watts 1; NOR; this machine" in card
    (run,) = Path("runs").glob("*/manifest.json")
    assert json.loads(run.read_text("utf-8"))["totals"]["energy"]["kwh"] == pytest.approx(0.002)
