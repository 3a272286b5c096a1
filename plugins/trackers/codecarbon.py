"""Energy and CO2 by codecarbon's offline tracker: counters of the processor and of GPUs where they can be
read, estimates elsewhere. No file is written, and nothing is sent or asked."""

from __future__ import annotations

import difflib
import importlib.util
import logging
import time
from typing import Any

from imhi import Energy, HarnessError, how_to_install

MEASURE_SECONDS = 10.0
"""How often power is looked at; codecarbon's own default is 15."""

# codecarbon.external.hardware: what its modes are.
_CPU = {
    "intel_rapl": "counters of the processor (RAPL)",
    "windows_emi": "counters of the processor (EMI)",
    "intel_power_gadget": "counters of the processor (Power Gadget)",
    "cpu_load": "estimated: load and a thermal design power of {tdp:g} W",
    "constant": "estimated: half of a thermal design power of {tdp:g} W",
}


class Meter:
    """Measures from when it is made, until it is closed.

    Args:
        country: ISO 3166 code of three letters; its mix of electricity, of the year codecarbon carries.
        covers: ``machine`` (everything that runs on it), or ``process`` (this one and its children; GPUs
            and counters are of the machine there too).

    Raises:
        HarnessError: codecarbon is not installed, or the country or what is covered is not known.
    """

    def __init__(self, country: str, covers: str) -> None:
        if importlib.util.find_spec("codecarbon") is None:
            raise HarnessError(
                "--energy codecarbon: found no package codecarbon, expected it: "
                f"{how_to_install('energy')}"
            )
        if covers not in ("machine", "process"):
            raise HarnessError(
                f"--energy codecarbon: covers: found {covers}, expected machine or process"
            )
        from codecarbon import OfflineEmissionsTracker
        from codecarbon.output_methods.base_output import BaseOutput

        logging.getLogger("codecarbon").setLevel(
            logging.ERROR
        )  # it speaks before it reads its level

        self._country, self._covers = _checked(country), covers
        latest = self._latest = []  # type: list[Any]

        class Keep(BaseOutput):  # type: ignore[misc]
            def out(self, total: Any, delta: Any) -> None:
                latest[:] = [total]

        # Everything that could send is named, so that a .codecarbon.config cannot switch it on.
        self._tracker = OfflineEmissionsTracker(
            country_iso_code=self._country,
            tracking_mode=covers,
            measure_power_secs=MEASURE_SECONDS,
            api_call_interval=-1,
            log_level="error",
            output_methods=[],
            output_handlers=[Keep()],
            emissions_endpoint=None,
            electricitymaps_api_token="",
            cloud_provider=None,
            cloud_region=None,
            allow_multiple_runs=True,
        )
        self._tracker.start()
        self._started = time.monotonic()
        if not getattr(self._tracker, "_hardware", None):  # it logs what it raises, and goes on
            raise HarnessError(
                "--energy codecarbon: it could not begin to measure on this machine, expected it to; leave "
                "--energy out"
            )

    def read(self) -> Energy:
        """Measure to here.

        Raises:
            RuntimeError: codecarbon gave nothing.
        """
        self._latest.clear()
        self._tracker.flush()
        if not self._latest:
            raise RuntimeError("codecarbon gave no reading")
        (found,) = self._latest
        parts = {part: getattr(found, f"{part}_energy") for part in self._parts()}
        return Energy(
            kwh=found.energy_consumed,
            grams_co2eq=1000 * found.emissions,
            seconds=round(found.duration, 3),
            kwh_by_part=parts,
            meters=(f"codecarbon {found.codecarbon_version}",),
            places=(self._country,),
            covers=(
                "this machine" if self._covers == "machine" else "this process and its children",
            ),
            methods=tuple(f"{part}: {how}" for part, how in self._parts().items()),
        )

    def close(self) -> None:
        """Measure no more."""
        self._tracker.stop()

    def _parts(self) -> dict[str, str]:
        """Return how each part of the machine is measured."""
        parts = {}
        for one in self._tracker._hardware:
            kind, mode = type(one).__name__, getattr(one, "_mode", "")
            if kind == "CPU":
                tdp = getattr(one, "_tdp", None) or 0
                parts["cpu"] = _CPU.get(mode, mode).format(tdp=tdp)
            elif kind == "GPU":
                parts["gpu"] = f"counters of {one.num_gpus} GPUs"
            elif kind == "RAM":
                parts["ram"] = "estimated from its size"
            else:  # a Raspberry Pi, an Apple chip: both measure
                parts[str(one.chip_part).lower()] = f"counters of the {kind}"
        return parts


def _checked(country: str) -> str:
    """Return the code of a country that codecarbon has the mix of; for others it would silently take the
    world's."""
    from codecarbon.input import DataSource

    known = DataSource().get_global_energy_mix_data()
    code = country.upper()
    if code in known:
        return code
    names = {str(one.get("country_name", "")): iso for iso, one in known.items()}
    near = difflib.get_close_matches(country.title(), names, 1, 0.8)
    hint = f"; did you mean {names[near[0]]}?" if near else ""
    raise HarnessError(
        f"--energy codecarbon:{country}: found no such country, expected an ISO 3166 code of three "
        f"letters, such as DEU or USA{hint}"
    )
