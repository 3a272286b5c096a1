"""The processes that train together, where ``accelerate launch`` has started several."""

from __future__ import annotations

from typing import Any


def processes() -> Any:
    """Return :class:`accelerate.PartialState`: how many there are, which this is, and barriers."""
    import torch
    from accelerate import PartialState

    # Without being told, accelerate takes several processes on CPUs for strangers.
    return PartialState(cpu=not torch.cuda.is_available() and not torch.backends.mps.is_available())
