"""Which GPUs each worker of this machine gets."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from imhi._core.errors import HarnessError

VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible_gpus(environment: Mapping[str, str] = os.environ, devices: str = "/dev") -> list[str]:
    """Return the GPUs this process may use, as CUDA_VISIBLE_DEVICES names them; no library that knows
    GPUs is loaded, which would hold on to them."""
    named = environment.get(VARIABLE)
    if named is not None:
        listed = [part.strip() for part in named.split(",")]
        # CUDA stops at the first that it does not know: -1 is written for none.
        return listed[: next((i for i, one in enumerate(listed) if one in ("", "-1")), len(listed))]
    try:
        found = [path for path in Path(devices).iterdir() if re.fullmatch(r"nvidia\d+", path.name)]
    except OSError:
        return []
    # Counted anew from 0 in a container that sees some of a machine's.
    return [str(number) for number in range(len(found))]


def copies(gpus: int, need: int) -> int | None:
    """Return how many copies of a model that needs so many GPUs there is room for; None where GPUs
    say nothing about that.

    Raises:
        HarnessError: there are GPUs, but not enough for one.
    """
    if not gpus or not need:
        return None
    if need > gpus:
        raise HarnessError(
            f"the model takes {need} GPUs, found {gpus}: ask for less of them (tensor_parallel_size=)"
        )
    return gpus // need


def share_out(executor: str, gpus: Sequence[str], workers: int, need: int) -> list[list[str]]:
    """Return the GPUs of each worker: as many as there are for each, or, of models that need no more
    than one, one that others have too.

    Raises:
        HarnessError: workers that need several would have to share them.
    """
    if not gpus or not need:
        return [[] for _ in range(workers)]
    each = len(gpus) // workers
    if each >= need:
        return [list(gpus[number * each : (number + 1) * each]) for number in range(workers)]
    if need > 1:
        raise too_many(executor, len(gpus), workers, need)
    return [[gpus[number % len(gpus)]] for number in range(workers)]


def too_many(executor: str, gpus: int, workers: int, need: int) -> HarnessError:
    """Return the error where workers that need several GPUs would have to share them."""
    return HarnessError(
        f"executor {executor}:{workers}: {workers} workers of {need} GPUs each, found {gpus} GPUs; use "
        f"--executor {executor}:{max(1, gpus // need)}"
    )
