"""Trackers that are told of runs and trainings, and the meter of energy: chosen by name, never on by
themselves.

* :mod:`~imhi.plugins.trackers.facts`: what may be told of a run or a training.
* :mod:`~imhi.plugins.trackers.telling`: from events to what a tracker is told, and when.
* :mod:`~imhi.plugins.trackers.mlflow`, :mod:`~imhi.plugins.trackers.trackio`: one tracker each.
* :mod:`~imhi.plugins.trackers.codecarbon`: energy and CO2, without a network.
"""

from __future__ import annotations

from collections.abc import Iterator

from imhi import Argument, EnergyMeter, Observer, hookimpl

_HERE = "imhi.plugins.trackers"


@hookimpl
def imhi_observers() -> Iterator[Observer]:
    yield Observer(
        "mlflow",
        "MLflow: a run for each run and each training",
        create=f"{_HERE}.mlflow:observer",
        value="URI",
        arguments=[Argument("experiment", "The experiment they are in", "imhi")],
    )
    yield Observer(
        "trackio",
        "Trackio, in a folder of this machine",
        create=f"{_HERE}.trackio:observer",
        value="FOLDER",
        arguments=[Argument("project", "The project they are in", "imhi")],
    )


@hookimpl
def imhi_energy_meters() -> Iterator[EnergyMeter]:
    yield EnergyMeter(
        "codecarbon",
        "codecarbon's offline tracker; COUNTRY is three letters (ISO 3166)",
        create=f"{_HERE}.codecarbon:Meter",
        value="COUNTRY",
        arguments=[Argument("covers", "machine, or process: this one and its children", "machine")],
    )
