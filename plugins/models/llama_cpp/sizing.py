"""How many requests are answered at once, how many tokens each may have, and with how many threads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from imhi.plugins.models.llama_cpp.engine import Size, gpus
from imhi.plugins.models.llama_cpp.gguf_file import GgufFile

MOST_SLOTS = 16
"""Beyond so many, answers come hardly faster, and differ more from those of one slot."""
_SHARE_FOR_CACHE = 0.25  # of the memory of the device, for keys and values of all slots
_STEP = 256  # tokens; llama.cpp rounds up to these itself


def size_for(
    file: GgufFile, requests: int, longest: int, memory: int, slots: int | None = None
) -> Size:
    """Return the size of the engine for requests of at most ``longest`` tokens, answer included.

    Args:
        memory: bytes of the devices that compute.
        slots: as many are taken; None: as memory allows, no more than there are requests.
    """
    context = -(-longest // _STEP) * _STEP
    if slots is None:
        each = max(1, file.cache_bytes * context)
        slots = max(1, min(MOST_SLOTS, requests, int(_SHARE_FOR_CACHE * memory // each)))
    return Size(slots, context)


def memory_of(xllamacpp: Any) -> int:
    """Return the bytes of memory of the devices that compute."""
    devices = gpus(xllamacpp) or xllamacpp.get_device_info()
    return sum(int(device["memory_total"]) for device in devices)


def default_threads() -> int:
    """Return the number of cores this process may use, two threads of one core counted once."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    usable = affinity(0) if affinity else set(range(os.cpu_count() or 1))
    siblings = set()
    for number in usable:
        place = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        try:
            siblings.add(place.read_text(encoding="ascii").strip())
        except (
            OSError
        ):  # another system: few processors are cores, many are threads of half as many
            return len(usable) if len(usable) <= 4 else len(usable) // 2
    return max(1, len(siblings))
