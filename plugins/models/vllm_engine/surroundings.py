"""What vLLM reads from the environment, and what it leaves behind in this process."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

from imhi.plugins.models.vllm_engine.arguments import VllmArguments

LEVEL = "VLLM_LOGGING_LEVEL"


def before_import() -> None:
    """Set what vLLM reads once, at import: it logs nothing but errors, and reports to nobody."""
    os.environ.setdefault(LEVEL, "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")


@contextlib.contextmanager
def engine_environment(on_cpu: bool, arguments: VllmArguments) -> Iterator[None]:
    """Start an engine in here. What a user has set stays, save the size of the cache where it is an
    argument too."""
    defaults = {
        # A process with threads must not be forked.
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
        "VLLM_CPU_KVCACHE_SPACE": None if arguments.kv_cache_gib is not None else _AS_SET,
    }
    if on_cpu and arguments.tensor_parallel_size == 1:
        defaults["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        # Else it computes with one thread, whatever there are.
        defaults["OMP_NUM_THREADS"] = str(_threads())
    before = {name: os.environ.get(name) for name in defaults}
    for name, value in defaults.items():
        if value is None:
            os.environ.pop(name, None)
        elif value != _AS_SET:
            os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_AS_SET = ""


def _threads() -> int:
    import torch

    return int(torch.get_num_threads())


def restored_torch() -> Callable[[], None]:
    """Return what gives torch its threads and types back: an engine on a CPU takes the whole process
    for its own, and replaces ``torch.set_num_threads`` by a function that does nothing."""
    import torch

    set_threads, threads = torch.set_num_threads, torch.get_num_threads()
    dtype = torch.get_default_dtype()

    def restore() -> None:
        torch.set_num_threads = set_threads
        if torch.get_num_threads() != threads:
            set_threads(threads)
        torch.set_default_dtype(dtype)

    return restore
