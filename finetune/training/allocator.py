"""Gives memory back that the C library keeps of freed tensors, while a training runs on a CPU.

glibc serves tensors of up to 32 MB from its heap once tensors of that size have been freed (mallopt(3),
M_MMAP_THRESHOLD), and gives only the end of its heap back by itself. Batches of other lengths leave
holes, and a training grows with every one.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any


def trim_callback() -> Any:
    """Return a :class:`transformers.TrainerCallback` that gives free memory back after each update."""
    from transformers import TrainerCallback

    trim = _malloc_trim()

    class TrimCallback(TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            if args.device.type == "cpu":
                trim(0)

    return TrimCallback()


def _malloc_trim() -> Callable[[int], object]:
    """Return glibc's malloc_trim; where the C library has none, what does nothing."""
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # musl, macOS; Windows
        return lambda _: None
    return found
