"""Devices: which to use, and what running out of their memory looks like."""

from __future__ import annotations

import contextlib
import functools
import gc
from collections.abc import Iterator

from imhi._core.errors import HarnessError


def choose_device(asked: str, user: str = "hf") -> str:
    """Return the device to load onto; ``auto`` is CUDA, else MPS, else the CPU.

    Raises:
        HarnessError: the device asked for is not there.
    """
    import torch

    if asked == "auto":
        if torch.cuda.is_available():
            return "cuda:0"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if asked.startswith("cuda") or asked == "spread":
        index = int(asked.partition(":")[2] or 0)
        if index >= count:
            raise HarnessError(
                f"{user}: device={asked}: this machine has {count} CUDA devices that torch can use; "
                "expected one of them, or device=cpu"
            )
        return asked if asked == "spread" else f"cuda:{index}"
    if asked == "mps" and not torch.backends.mps.is_available():
        raise HarnessError(f"{user}: device=mps: torch finds no MPS device here; write device=cpu")
    return asked


@functools.cache
def _memory_errors() -> tuple[type[BaseException], ...]:
    import torch

    return (MemoryError, torch.OutOfMemoryError)


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory ran out, on whatever device."""
    if isinstance(error, _memory_errors()):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "not enough memory" in text or "can't allocate memory" in text or "out of memory" in text
    )


@contextlib.contextmanager
def out_of_memory_named(target: str, device: str, user: str = "hf") -> Iterator[None]:
    """Say in one line whose weights do not fit."""
    try:
        yield
    except BaseException as error:
        if is_out_of_memory(error):
            raise HarnessError(
                f"{user}:{target}: the weights do not fit the memory of {device}; use dtype=bfloat16, "
                "a smaller model, or device=spread on several GPUs"
            ) from None
        raise


@contextlib.contextmanager
def memory_as_memory_error() -> Iterator[None]:
    """Turn every device's way of running out of memory into MemoryError."""
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error) and not isinstance(error, MemoryError):
            raise MemoryError(" ".join(str(error).split())[:200]) from None
        raise


def free_memory(device: str) -> None:
    """Give unused memory back to the device."""
    gc.collect()
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
