"""The command line of ``imhi calibration``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imhi.io import options


def calibration(
    context: typer.Context,
    names: options.RunNames,
    labeler: options.LabelerName = None,
    dataset: options.DatasetNames = None,
    folder: options.Out = Path("runs"),
    bins: Annotated[
        int, typer.Option(metavar="N", help="Bins of the calibration error, at most.")
    ] = 15,
    resamples: Annotated[int, typer.Option(metavar="N", help="Bootstrap resamples.")] = 2000,
    seed: options.Seed = None,
    as_json: options.AsJson = False,
) -> None:
    """Does a model know when it is wrong? Calibration error, Brier score, risk and coverage.

    For runs with probabilities, and for several runs of one model at a temperature above 0 that
    differ in their seed: then confidence is how far they agree.
    """
    from imhi import HarnessError
    from imhi.io import print_json
    from imhi.plugins.robustness.calibration.reliability import calibrate
    from imhi.plugins.robustness.calibration.tables import show
    from imhi.runs import RunFolder

    for name, value, least in (("bins", bins, 2), ("resamples", resamples, 100)):
        if value < least:
            raise HarnessError(f"--{name}: found {value}, expected at least {least}")
    found = calibrate(
        [RunFolder.find(name, folder) for name in names],
        context.obj,
        labeler=labeler or "",
        datasets=[context.obj.registry.datasets.get(name).name for name in dataset or ()],
        bins=bins,
        resamples=resamples,
        seed=seed or 0,
    )
    if as_json:
        print_json(found.to_json())
    else:
        show(found)
