"""Energy by codecarbon, as it is: real readings of this machine, without a network and without a file."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from imhi import HarnessError
from tests.conftest import Imhi

pytest.importorskip("codecarbon", reason="energy needs the extra [energy]")

from imhi.plugins.trackers.codecarbon import Meter

QUICK = [
    "-m",
    "baseline:majority",
    "-d",
    "DR",
    "--limit",
    "3",
    "--metric",
    "accuracy",
    "--labeler",
    "strict",
]


@pytest.mark.slow
def test_a_run_is_measured_without_a_network_or_a_file_of_its_own(
    imhi_here: Imhi, reached: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What would send, had codecarbon its way.
    Path(".codecarbon.config").write_text(
        "[codecarbon]\nsave_to_api = true\nemissions_endpoint = http://host.example/\n"
        "co2_signal_api_token = abc\nelectricitymaps_api_token = abc\n"
    )
    monkeypatch.setenv("CODECARBON_OUTPUT_METHODS", "api,csv")
    before = {path.name for path in Path().iterdir()}
    said = imhi_here("run", *QUICK, "--energy", "codecarbon:deu", "--json")
    assert said.code == 0 and said.json["complete"], said.err
    assert reached == []
    assert {path.name for path in Path().iterdir()} - before == {"runs"}
    assert "codecarbon INFO" not in said.err
    (manifest,) = Path("runs").glob("*/manifest.json")
    energy = json.loads(manifest.read_text())["totals"]["energy"]
    assert energy["kwh"] > 0 and energy["seconds"] > 0
    assert energy["kwh"] == pytest.approx(sum(energy["kwh_by_part"].values()))
    # Germany's mix: between the cleanest and the dirtiest of the world.
    assert 100 < energy["grams_co2eq"] / energy["kwh"] < 900
    assert energy["places"] == ["DEU"] and energy["covers"] == ["this machine, executor local"]
    assert energy["meters"][0].startswith("codecarbon 3.")
    assert {how.partition(":")[0] for how in energy["methods"]} == energy["kwh_by_part"].keys()


def test_readings_grow_and_say_of_which_processes() -> None:
    meter = Meter("FRA", "process")
    try:
        first = second = meter.read()
        deadline = time.monotonic() + 60
        while second.kwh <= first.kwh:  # too short a time is not measured at all
            assert time.monotonic() < deadline
            sum(range(3_000_000))
            second = meter.read()
    finally:
        meter.close()
    assert second.seconds > first.seconds
    assert second.covers == ("this process and its children",)


@pytest.mark.parametrize(
    ("country", "told"),
    [
        ("XXX", "found no such country, expected an ISO 3166 code of three letters"),
        ("Germany", "did you mean DEU?"),
        ("DE", "found no such country"),
    ],
)
def test_a_country_it_has_no_mix_of_is_refused(country: str, told: str) -> None:
    with pytest.raises(HarnessError, match="--energy codecarbon:" + country) as raised:
        Meter(country, "machine")
    assert told in str(raised.value)
